// Without a broker: that it is given up in time, by name. With one: tests/e2e/sinks_test.py.

#include "reconcilers/effects/sinks/kafka.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace esaas::sinks {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

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

}  // namespace
}  // namespace esaas::sinks
