// Without a broker: that it is given up in time, by name. With one: tests/e2e/sinks_test.py.

#include "reconcilers/effects/sinks/kafka.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/reconcilers/http_client/certificates.h"
#include "tests/reconcilers/http_client/scripted_peer.h"
#include "tests/reconcilers/sinks/refusing_broker.h"

namespace esaas::sinks {
namespace {

using esaas::testing::ScriptedPeer;

using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using ::testing::Not;

std::unique_ptr<Destination> to_nobody() {
  model::KafkaSink sink;
  sink.set_brokers("127.0.0.1:9");
  sink.set_topic("events");
  return make_kafka(sink);
}

Delivery one_event(std::size_t bytes = 10) {
  return {.sink = "topic", .events = {{.seq = 7, .key = "search", .json = std::string(bytes, 'x')}}};
}

class Kafka : public ::testing::Test {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP()
        << "librdkafka starts its threads by C11's thrd_create, which ThreadSanitizer does not know and crashes in";
#endif
  }
};

TEST_F(Kafka, BrokersThatAreNotThereAreGivenUpInTimeAndNamed) {
  const auto kafka = to_nobody();
  for (int i = 0; i < 2; ++i) {  // the second time with a new producer
    const auto began = steady_clock::now();
    const auto taken = kafka->deliver(one_event(), seconds{1}, {});
    ASSERT_FALSE(taken);
    EXPECT_THAT(taken.error().detail, HasSubstr("topic events at 127.0.0.1:9: "));
    EXPECT_THAT(taken.error().detail, HasSubstr("Connection refused")) << "what the matter is";
    EXPECT_LT(steady_clock::now() - began, seconds{8});
  }
}

TEST_F(Kafka, AnEventThatNoBrokerTakesIsNamed) {
  const auto taken = to_nobody()->deliver(one_event(9'000'000), seconds{5}, {});
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().detail, HasSubstr("event 7: "));
}

TEST_F(Kafka, AStopCutsItShort) {
  const auto kafka = to_nobody();
  std::stop_source stop;
  std::jthread stopper([&stop] {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    stop.request_stop();
  });
  const auto began = steady_clock::now();
  EXPECT_FALSE(kafka->deliver(one_event(), seconds{60}, stop.get_token()));
  EXPECT_LT(steady_clock::now() - began, seconds{10});
}

/// A server over TLS that speaks no Kafka: enough to see whom the producer trusts.
class Impostor {
 public:
  explicit Impostor(const esaas::testing::Identity& identity)
      : tls_(esaas::testing::server_context(identity)), peer_({}, ScriptedPeer::Then::kClose, tls_.get()) {}
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(peer_.peer().port); }

 private:
  std::unique_ptr<boost::asio::ssl::context> tls_;
  ScriptedPeer peer_;
};

TEST_F(Kafka, ABrokerThatIsNotTrustedIsSentNothingAndSaidToBeSo) {
  const Impostor impostor(esaas::testing::make_identity("IP:127.0.0.1"));
  model::KafkaSink sink;
  sink.set_brokers(impostor.address());
  sink.set_topic("events");
  sink.set_security_protocol("sasl_ssl");
  sink.set_ca_certificates(esaas::testing::make_identity("IP:127.0.0.1").certificate);
  sink.set_sasl_mechanism("PLAIN");
  sink.set_sasl_username("esaas");
  const auto began = steady_clock::now();
  const auto taken = make_kafka(sink, "planted-password")->deliver(one_event(), seconds{30}, {});
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().detail, HasSubstr("certificate verify failed"));
  EXPECT_THAT(taken.error().detail, Not(HasSubstr("planted")));
  EXPECT_LT(steady_clock::now() - began, seconds{15}) << "to wait would change nothing";
}

TEST_F(Kafka, ABrokerThatSaysThePasswordIsNotQuoted) {
  const esaas::testing::RefusingBroker broker("user esaas has no password planted-password");
  model::KafkaSink sink;
  sink.set_brokers(broker.address());
  sink.set_topic("events");
  sink.set_security_protocol("sasl_plaintext");
  sink.set_sasl_mechanism("PLAIN");
  sink.set_sasl_username("esaas");
  const auto refused = make_kafka(sink, "another-password")->deliver(one_event(), seconds{30}, {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("user esaas has no password")) << "what the matter is";
  const auto taken = make_kafka(sink, "planted-password")->deliver(one_event(), seconds{30}, {});
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().detail, HasSubstr("holds the password"));
  EXPECT_THAT(taken.error().detail, Not(HasSubstr("planted")));
}

TEST_F(Kafka, CertificatesThatAreNoneAreSaidToBeSo) {
  model::KafkaSink sink;
  sink.set_brokers("127.0.0.1:9");
  sink.set_topic("events");
  sink.set_security_protocol("ssl");
  sink.set_ca_certificates("no certificate");
  const auto taken = make_kafka(sink)->deliver(one_event(), seconds{5}, {});
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().detail, HasSubstr("ssl.ca.pem"));
}

}  // namespace
}  // namespace esaas::sinks
