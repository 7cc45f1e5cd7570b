#include "reconcilers/loop/sinks/runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "tests/api/fake_front.h"

namespace esaas::sinks {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Where all destinations of a test put what they get, and what goes wrong with them.
class Receiver {
 public:
  Result<void> take(const Delivery& delivery, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    ++deliveries_;
    if (hanging_.contains(delivery.sink)) {
      changed_.wait(lock, stop, [] { return false; });
      return fail(ErrorCode::kUnavailable, "it hangs");
    }
    if (failures_ > 0) {
      --failures_;
      failed_at_.push_back(std::chrono::steady_clock::now());
      changed_.notify_all();
      return fail(ErrorCode::kUnavailable, "it does not want to");
    }
    for (const OutEvent& event : delivery.events) taken_[delivery.sink].push_back(event.seq);
    changed_.notify_all();
    return {};
  }

  void fail_next(int deliveries) {
    const std::lock_guard lock(mutex_);
    failures_ = deliveries;
  }
  void ask_to_wait(Duration wait) {
    const std::lock_guard lock(mutex_);
    asked_to_wait_ = wait;
  }
  [[nodiscard]] Duration asked_to_wait() {
    const std::lock_guard lock(mutex_);
    return asked_to_wait_;
  }
  [[nodiscard]] std::vector<std::chrono::steady_clock::time_point> failed_at() {
    const std::lock_guard lock(mutex_);
    return failed_at_;
  }
  void hang(const std::string& sink) {
    const std::lock_guard lock(mutex_);
    hanging_.insert(sink);
  }
  [[nodiscard]] int failures_left() {
    const std::lock_guard lock(mutex_);
    return failures_;
  }
  [[nodiscard]] int deliveries() {
    const std::lock_guard lock(mutex_);
    return deliveries_;
  }
  [[nodiscard]] std::vector<std::uint64_t> taken(const std::string& sink) {
    const std::lock_guard lock(mutex_);
    return taken_[sink];
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, std::vector<std::uint64_t>> taken_;
  std::set<std::string> hanging_;
  std::vector<std::chrono::steady_clock::time_point> failed_at_;
  Duration asked_to_wait_ = Duration::zero();
  int failures_ = 0;
  int deliveries_ = 0;
};

class ToReceiver final : public Destination {
 public:
  explicit ToReceiver(Receiver& receiver) : receiver_(receiver) {}
  Result<void> deliver(const Delivery& delivery, Duration, std::stop_token stop) override {
    return receiver_.take(delivery, std::move(stop));
  }
  [[nodiscard]] Duration asked_to_wait() const override { return receiver_.asked_to_wait(); }

 private:
  Receiver& receiver_;
};

class SinkRunner : public ::testing::Test {
 protected:
  void configure(const std::string& name, std::uint64_t from_seq = 0, const std::string& tenant = {}) {
    command::ConfigureSink configure;
    configure.sink.set_name(name);
    configure.sink.set_tenant(tenant);
    configure.sink.set_from_seq(from_seq);
    configure.sink.mutable_webhook()->set_url("http://127.0.0.1:9/");
    front_.must(configure);
  }
  void append(int count, const std::string& tenant = {}) {
    for (int i = 0; i < count; ++i) {
      event::Event event;
      event.mutable_unknown_task_observed()->set_task_id("unknown");
      event.set_tenant(tenant);
      front_.append(std::move(event));
    }
  }
  void run() {
    runner_.emplace(
        options_, front_, front_.log, [this](const model::Sink&) { return std::make_unique<ToReceiver>(receiver_); },
        [](const model::Sink&, const event::Event&) { return std::string("{}"); });
  }
  static bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 1'000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(milliseconds{10});
    }
    return false;
  }
  state::SinkState sink(const std::string& name) {
    const auto head = front_.head();
    for (const state::SinkState& one : head->sinks()) {
      if (one.sink().name() == name) return one;
    }
    return {};
  }
  bool has_come_to_the_end(const std::string& name) {
    const auto progress = runner_->progress(name);
    return progress && progress->through_seq == front_.log.last_seq();
  }
  /// All seqs of [from, last] but those of positions.
  std::vector<std::uint64_t> all_from(std::uint64_t from) {
    std::vector<std::uint64_t> seqs;
    const auto cursor = front_.log.read(from);
    while (const event::Event* event = *(*cursor)->next()) {
      if (!is_position(*event)) seqs.push_back(event->seq());
    }
    return seqs;
  }
  std::size_t positions() { return static_cast<std::size_t>(front_.log.last_seq()) - all_from(1).size(); }
  /// In order and without a gap, but maybe with parts twice.
  static std::set<std::uint64_t> each_once(const std::vector<std::uint64_t>& taken) {
    return {taken.begin(), taken.end()};
  }

  api::FakeFront front_;
  Receiver receiver_;
  RunnerOptions options_{.course = {.report_interval = milliseconds{100},
                                    .retry_first = milliseconds{5},
                                    .retry_longest = milliseconds{20},
                                    .failures_until_stalled = 3},
                         .piece = {.events_max = 10},
                         .follow_interval = milliseconds{5}};
  std::optional<Runner> runner_;
};

TEST_F(SinkRunner, DeliversEveryEventInOrderAndItsPositionIsInTheLog) {
  append(95);
  configure("all", 1);
  run();
  ASSERT_TRUE(eventually([&] { return receiver_.taken("all").size() == 96; }));
  append(50);
  ASSERT_TRUE(eventually([&] { return receiver_.taken("all").size() == 146; }));
  EXPECT_EQ(receiver_.taken("all"), all_from(1));
  const auto last = receiver_.taken("all").back();
  ASSERT_TRUE(eventually([&] { return sink("all").through_seq() >= last; }));
  EXPECT_TRUE(eventually([&] { return has_come_to_the_end("all"); })) << "what it does not want is no lag";
}

TEST_F(SinkRunner, ANewSinkBeginsWithItsOwnConfiguration) {
  append(20);
  configure("new");
  run();
  append(5);
  ASSERT_TRUE(eventually([&] { return receiver_.taken("new").size() == 6; }));
  EXPECT_EQ(receiver_.taken("new").front(), 21U);
}

TEST_F(SinkRunner, TwoSinksDoNotTellEachOtherOfTheirPositionsForEver) {
  configure("a", 1);
  configure("b", 1);
  append(30);
  run();
  const auto both_are_told = [&] { return sink("a").through_seq() >= 32 && sink("b").through_seq() >= 32; };
  ASSERT_TRUE(eventually(both_are_told));
  const auto last = front_.log.last_seq();
  std::this_thread::sleep_for(milliseconds{600});  // six intervals
  EXPECT_EQ(front_.log.last_seq(), last);
  EXPECT_LE(positions(), 8U);
}

TEST_F(SinkRunner, ADeliveryThatFailsIsRepeatedAndAStallIsToldOfOnce) {
  append(25);
  receiver_.fail_next(12);
  configure("shy", 1);
  run();
  ASSERT_TRUE(eventually([&] { return !sink("shy").stalled().empty(); }));
  EXPECT_EQ(sink("shy").stalled(), "it does not want to");
  ASSERT_TRUE(eventually([&] { return receiver_.taken("shy").size() == 26; }));
  EXPECT_EQ(receiver_.taken("shy"), all_from(1));
  ASSERT_TRUE(eventually([&] { return sink("shy").stalled().empty(); })) << "it goes on";
  int stalls = 0;
  const auto cursor = front_.log.read(1);
  while (const event::Event* event = *(*cursor)->next()) stalls += event->has_sink_stalled() ? 1 : 0;
  EXPECT_EQ(stalls, 1);
}

TEST_F(SinkRunner, ShowsTheLastErrorWhileItFails) {
  receiver_.fail_next(1'000'000);
  configure("shy", 1);
  run();
  ASSERT_TRUE(eventually([&] {
    const auto progress = runner_->progress("shy");
    return progress && progress->failures >= 2;
  }));
  EXPECT_EQ(runner_->progress("shy")->last_error, "it does not want to");
  EXPECT_EQ(runner_->progress("shy")->through_seq, 0U);
  EXPECT_FALSE(runner_->progress("nobody"));
}

TEST_F(SinkRunner, GoesOnFromThePositionInTheLogAndLeavesNothingOut) {
  append(40);
  configure("all", 1);
  run();
  ASSERT_TRUE(eventually([&] { return receiver_.taken("all").size() >= 20; }));
  runner_.reset();
  EXPECT_GE(sink("all").through_seq(), receiver_.taken("all").back()) << "an orderly stop tells of all";
  append(40);
  run();
  ASSERT_TRUE(eventually([&] { return each_once(receiver_.taken("all")).size() == all_from(1).size(); }));
  EXPECT_EQ(receiver_.taken("all"), all_from(1)) << "nothing twice";
}

TEST_F(SinkRunner, WhatWasNotToldBeforeACrashIsDeliveredAgain) {
  append(40);
  configure("all", 1);
  front_.refuse_all();  // no position comes into the log
  run();
  ASSERT_TRUE(eventually([&] { return receiver_.taken("all").size() == 41; }));
  runner_.reset();
  EXPECT_EQ(sink("all").through_seq(), 0U);
  run();
  ASSERT_TRUE(eventually([&] { return receiver_.taken("all").size() == 82; }));
  const auto taken = receiver_.taken("all");
  EXPECT_TRUE(std::equal(taken.begin(), taken.begin() + 41, taken.begin() + 41));
}

TEST_F(SinkRunner, KeepsToItsTenant) {
  front_.must(command::CreateTenant{"shop"});
  configure("theirs", 1, "shop");
  append(10, "shop");
  append(10, "other");
  run();
  ASSERT_TRUE(eventually([&] { return has_come_to_the_end("theirs"); }));
  EXPECT_EQ(receiver_.taken("theirs").size(), 12U);  // the tenant, the sink, ten
}

TEST_F(SinkRunner, ADestinationThatHangsHoldsUpNobodyElseAndNoStop) {
  append(30);
  receiver_.hang("stuck");
  configure("stuck", 1);
  configure("well", 1);
  run();
  EXPECT_TRUE(eventually([&] { return receiver_.taken("well").size() == 32; }));
  const auto began = std::chrono::steady_clock::now();
  runner_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds{5});
}

TEST_F(SinkRunner, ASinkThatIsRemovedGetsNothingMore) {
  configure("gone", 1);
  run();
  ASSERT_TRUE(eventually([&] { return has_come_to_the_end("gone"); }));
  front_.must(command::RemoveSink{.name = "gone", .method = {}, .url = {}, .reason = {}});
  ASSERT_TRUE(eventually([&] { return !runner_->progress("gone"); }));
  const auto taken = receiver_.taken("gone").size();
  append(10);
  std::this_thread::sleep_for(milliseconds{50});
  EXPECT_EQ(receiver_.taken("gone").size(), taken);
}

TEST_F(SinkRunner, AnotherFromSeqBeginsThere) {
  append(10);
  configure("again", 1);
  run();
  ASSERT_TRUE(eventually([&] { return receiver_.taken("again").size() == 11; }));
  ASSERT_TRUE(eventually([&] { return sink("again").through_seq() >= 11; }));
  configure("again", 5);
  EXPECT_TRUE(eventually([&] {  // maybe behind its new configuration, which the old one delivered
    const auto taken = receiver_.taken("again");
    const auto wanted = all_from(5);
    return taken.size() >= 11 + wanted.size() && std::equal(wanted.rbegin(), wanted.rend(), taken.rbegin());
  }));
}

TEST_F(SinkRunner, ManyWhoAppendAreReadWithoutAGap) {
  configure("all", 1);
  run();
  std::jthread writer([this] { append(2'000); });
  ASSERT_TRUE(eventually([&] { return receiver_.taken("all").size() == 2'001; }));
  writer.join();
  EXPECT_EQ(receiver_.taken("all"), all_from(1));
}

TEST_F(SinkRunner, IsTriedAgainWhenItAskedToBe) {
  append(5);
  receiver_.fail_next(3);
  receiver_.ask_to_wait(milliseconds{150});
  configure("busy", 1);
  run();
  ASSERT_TRUE(eventually([&] { return receiver_.taken("busy").size() == 6; }));
  const auto failed_at = receiver_.failed_at();
  ASSERT_EQ(failed_at.size(), 3U);
  for (std::size_t i = 1; i < failed_at.size(); ++i) {
    EXPECT_GE(failed_at[i] - failed_at[i - 1], milliseconds{145}) << "by itself it would be back in 20 ms";
  }
}

/// What is told of a filtered sink is a position in the whole log, from which it goes on.
TEST_F(SinkRunner, AFilteredOneThatIsFarBehindLeavesNothingOut) {
  options_.piece.looked_at_max = 16;
  front_.must(command::CreateTenant{"shop"});
  for (int i = 0; i < 20; ++i) {
    append(40, "other");
    append(i % 3, "shop");
  }
  configure("theirs", 1, "shop");
  run();
  ASSERT_TRUE(eventually([&] { return has_come_to_the_end("theirs"); }));
  std::vector<std::uint64_t> wanted;
  const auto cursor = front_.log.read(1);
  while (const event::Event* event = *(*cursor)->next()) {
    if (event->tenant() == "shop" && !is_position(*event)) wanted.push_back(event->seq());
  }
  EXPECT_EQ(receiver_.taken("theirs"), wanted);
  runner_.reset();
  EXPECT_GE(sink("theirs").through_seq(), wanted.back());
}

}  // namespace
}  // namespace esaas::sinks
