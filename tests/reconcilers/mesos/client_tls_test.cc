// The client over TLS, with a certificate made for the test.

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <boost/asio/ssl/context.hpp>

#include "reconcilers/effects/mesos/calls.h"
#include "reconcilers/effects/mesos/resources.h"
#include "tests/reconcilers/mesos/fake_master.h"
#include "tests/reconcilers/mesos/live_client.h"

namespace esaas::mesos {
namespace {

namespace ssl = boost::asio::ssl;
using testing::FakeMaster;
using ::testing::HasSubstr;
using testing::LiveClient;

struct Identity {
  std::string certificate;
  std::string key;
};

std::string pem_of(const std::function<int(BIO*)>& write) {
  BIO* bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(write(bio), 1);
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio, &data);
  std::string out(data, static_cast<std::size_t>(length));
  BIO_free(bio);
  return out;
}

/// A self-signed certificate with this subject alternative name ("IP:127.0.0.1").
Identity make_identity(const std::string& alternative_name) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("master"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative_name.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(certificate, key, EVP_sha256());
  Identity identity;
  identity.certificate = pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
  identity.key =
      pem_of([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
  X509_free(certificate);
  EVP_PKEY_free(key);
  return identity;
}

std::unique_ptr<ssl::context> server_context(const Identity& identity) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  context->use_certificate_chain(boost::asio::buffer(identity.certificate));
  context->use_private_key(boost::asio::buffer(identity.key), ssl::context::pem);
  return context;
}

std::unique_ptr<ssl::context> client_context(const Identity& trusted) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
  context->set_verify_mode(ssl::verify_peer);
  context->add_certificate_authority(boost::asio::buffer(trusted.certificate));
  return context;
}

class ClientTlsTest : public ::testing::Test {
 protected:
  void start(LiveClient& live) {
    FrameworkSpec spec;
    spec.user = "es";
    spec.roles = {"es-a"};
    spec.id = "fw-1";
    live.client.start(framework_info(spec));
  }
  boost::asio::io_context io_;
};

TEST_F(ClientTlsTest, SubscribesAndCalls) {
  const Identity identity = make_identity("IP:127.0.0.1");
  const auto server = server_context(identity);
  const auto trust = client_context(identity);
  FakeMaster master(io_, server.get());
  LiveClient live(io_, ClientConfig{.masters = {master.endpoint()}, .tls = trust.get()});
  start(live);
  ASSERT_TRUE(live.run_until([&] { return master.subscriptions() == 1; }))
      << (live.disconnections.empty() ? "" : live.disconnections.front());
  master.push_subscribed();
  ASSERT_TRUE(live.run_until([&] { return live.client.ready(); }));
  int accepted = 0;
  for (int i = 0; i < 3; ++i) {
    live.client.send(calls::revive({}), [&](const Client::Call&, const Result<void>& result) {
      EXPECT_TRUE(result);
      ++accepted;
    });
  }
  EXPECT_TRUE(live.run_until([&] { return accepted == 3; }));
}

TEST_F(ClientTlsTest, RefusesACertificateThatItDoesNotTrust) {
  const auto server = server_context(make_identity("IP:127.0.0.1"));
  const auto trust = client_context(make_identity("IP:127.0.0.1"));
  FakeMaster master(io_, server.get());
  LiveClient live(io_, ClientConfig{.masters = {master.endpoint()}, .tls = trust.get()});
  start(live);
  ASSERT_TRUE(live.run_until([&] { return !live.disconnections.empty(); }));
  EXPECT_THAT(live.disconnections.front(), HasSubstr("TLS handshake"));
  EXPECT_EQ(master.seen.size(), 0U) << "nothing is said to a stranger";
}

TEST_F(ClientTlsTest, RefusesACertificateForAnotherName) {
  const Identity identity = make_identity("DNS:elsewhere.example");
  const auto server = server_context(identity);
  const auto trust = client_context(identity);
  FakeMaster master(io_, server.get());
  LiveClient live(io_, ClientConfig{.masters = {master.endpoint()}, .tls = trust.get()});
  start(live);
  ASSERT_TRUE(live.run_until([&] { return !live.disconnections.empty(); }));
  EXPECT_THAT(live.disconnections.front(), HasSubstr("TLS handshake"));
  EXPECT_EQ(master.seen.size(), 0U);
}

}  // namespace
}  // namespace esaas::mesos
