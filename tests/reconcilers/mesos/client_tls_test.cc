// The client over TLS, with a certificate made for the test.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/ssl/context.hpp>

#include "reconcilers/effects/mesos/calls.h"
#include "reconcilers/effects/mesos/resources.h"
#include "tests/reconcilers/http_client/certificates.h"
#include "tests/reconcilers/mesos/fake_master.h"
#include "tests/reconcilers/mesos/live_client.h"

namespace esaas::mesos {
namespace {

using esaas::testing::client_context;
using esaas::testing::Identity;
using esaas::testing::make_identity;
using esaas::testing::server_context;
using testing::FakeMaster;
using ::testing::HasSubstr;
using testing::LiveClient;

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
