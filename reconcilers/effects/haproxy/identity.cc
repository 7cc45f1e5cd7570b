#include "reconcilers/effects/haproxy/identity.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <array>

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>

#include "core/base/hash.h"

namespace esaas::haproxy {
namespace {

namespace ssl = boost::asio::ssl;

constexpr long kLifetimeSeconds = 30L * 365 * 24 * 3600;

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* what) const {
    Free(what);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Memory = std::unique_ptr<BIO, Freer<BIO_free_all>>;

std::unexpected<Error> failed() { return fail(ErrorCode::kInternal, "OpenSSL could not make a key and certificate."); }

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}

bool name_and_sign(X509* certificate, EVP_PKEY* key) {
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* text = reinterpret_cast<const unsigned char*>("esaas controller");
  return X509_set_version(certificate, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), kLifetimeSeconds) != nullptr &&
         X509_set_pubkey(certificate, key) == 1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 && X509_sign(certificate, key, EVP_sha256()) != 0;
}

}  // namespace

Result<Identity> make_identity() {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  const Memory key_text(BIO_new(BIO_s_mem()));
  const Memory certificate_text(BIO_new(BIO_s_mem()));
  if (!key || !certificate || !key_text || !certificate_text) return failed();
  if (!name_and_sign(certificate.get(), key.get())) return failed();
  if (PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) return failed();
  if (PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1) return failed();
  return Identity{.certificate = text_of(certificate_text.get()), .key = text_of(key_text.get())};
}

std::string fingerprint_of(std::string_view certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  EVP_Digest(certificate.data(), certificate.size(), digest.data(), &length, EVP_sha256(), nullptr);
  return to_hex(std::string_view(reinterpret_cast<const char*>(digest.data()), length));
}

Result<std::unique_ptr<ssl::context>> client_context(const Identity& identity) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
  boost::system::error_code error;
  context->set_verify_mode(ssl::verify_none, error);
  if (!error) context->use_certificate(boost::asio::buffer(identity.certificate), ssl::context::pem, error);
  if (!error) context->use_private_key(boost::asio::buffer(identity.key), ssl::context::pem, error);
  if (error) return fail(ErrorCode::kDataLoss, "The controller's certificate can not be used: " + error.message());
  return context;
}

}  // namespace esaas::haproxy
