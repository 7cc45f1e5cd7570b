#include "api/routes/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace esaas::api {
namespace {

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* one) const {
    kFree(one);
  }
};
using Bio = std::unique_ptr<BIO, Freed<&BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<&X509_free>>;

/// Nothing is asked: there is no password.
int no_password(char*, int, int, void*) { return 0; }

std::unexpected<Error> no_certificates(const std::string& field, const std::string& why) {
  return fail(ErrorCode::kInvalidArgument, field + ": " + why, field, "certificates");
}

}  // namespace

Result<std::string> certificates_of(std::string_view text, const std::string& field) {
  // Before they are read: a key in a request was a mistake that its owner wants to hear of.
  if (text.contains("PRIVATE KEY")) return no_certificates(field, "holds a private key, which has no place here");
  const Bio in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  const Bio out(BIO_new(BIO_s_mem()));
  int count = 0;
  ERR_clear_error();
  while (true) {
    const Certificate certificate(PEM_read_bio_X509(in.get(), nullptr, &no_password, nullptr));
    if (certificate == nullptr) break;
    if (PEM_write_bio_X509(out.get(), certificate.get()) != 1) return no_certificates(field, "can not be written");
    ++count;
  }
  const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!is_end) return no_certificates(field, "certificate " + std::to_string(count + 1) + " can not be read");
  if (count == 0) return no_certificates(field, "there is no certificate in PEM");
  char* data = nullptr;
  const long length = BIO_get_mem_data(out.get(), &data);
  return std::string(data, static_cast<std::size_t>(length));
}

}  // namespace esaas::api
