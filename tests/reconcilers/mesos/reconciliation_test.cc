#include "reconcilers/effects/mesos/reconciliation.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace esaas::mesos {
namespace {

using calls::Call;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// "t1@a1 t2@" for explicit calls, "implicit" for one without subjects.
std::vector<std::string> text(const std::vector<Call>& calls) {
  std::vector<std::string> lines;
  for (const auto& call : calls) {
    std::string line;
    for (const auto& task : call.reconcile().tasks()) {
      line += (line.empty() ? "" : " ") + task.task_id().value() + "@" + task.agent_id().value();
    }
    for (const auto& operation : call.reconcile_operations().operations()) {
      line += (line.empty() ? "" : " ") + operation.operation_id().value() + "@" + operation.agent_id().value();
    }
    lines.push_back(line.empty() ? "implicit" : line);
  }
  return lines;
}

class ReconciliationTest : public ::testing::Test {
 protected:
  static ReconciliationConfig config() {
    ReconciliationConfig config;
    config.batch_size = 2;
    config.jitter_seed = 3;
    return config;
  }
  std::vector<std::string> wake() {
    EXPECT_TRUE(reconciliation_.next_wake().has_value());
    now_ = std::max(now_, *reconciliation_.next_wake());
    return text(reconciliation_.on_time(now_));
  }

  Time now_ = from_us(5'000'000);
  Reconciliation reconciliation_{Reconciliation::Kind::kTasks, config()};
};

TEST_F(ReconciliationTest, AsksInBatchesAndThenForEverything) {
  EXPECT_THAT(text(reconciliation_.begin({{"t1", "a1"}, {"t2", ""}, {"t3", "a2"}}, now_)),
              ElementsAre("t1@a1 t2@", "t3@a2"));
  for (const char* id : {"t1", "t2", "t3"}) reconciliation_.answered(id);
  EXPECT_EQ(reconciliation_.unanswered(), 0U);
  EXPECT_LE(*reconciliation_.next_wake(), now_) << "the implicit call waits for nothing";
  EXPECT_THAT(text(reconciliation_.on_time(now_)), ElementsAre("implicit"));
  EXPECT_FALSE(reconciliation_.running());
}

TEST_F(ReconciliationTest, NothingKnownGoesStraightToImplicit) {
  EXPECT_THAT(text(reconciliation_.begin({}, now_)), ElementsAre("implicit"));
  EXPECT_FALSE(reconciliation_.running());
}

TEST_F(ReconciliationTest, RepeatsOnlyWhatIsUnansweredWithGrowingWaits) {
  reconciliation_.begin({{"t1", "a1"}, {"t2", "a1"}, {"t3", "a1"}}, now_);
  reconciliation_.answered("t2");
  EXPECT_THAT(text(reconciliation_.on_time(now_)), IsEmpty()) << "not before the wait is over";
  Duration last{};
  for (int i = 0; i < 12; ++i) {
    const Time before = now_;
    EXPECT_THAT(wake(), ElementsAre("t1@a1 t3@a1"));
    last = now_ - before;
    EXPECT_LE(last, minutes(1));
  }
  EXPECT_GE(last, seconds(30)) << "waits grow to their bound and stay there";
  reconciliation_.answered("t1");
  reconciliation_.answered("t3");
  EXPECT_THAT(wake(), ElementsAre("implicit"));
}

TEST_F(ReconciliationTest, AnswersAboutOthersChangeNothing) {
  reconciliation_.begin({{"t1", "a1"}}, now_);
  reconciliation_.answered("stranger");
  EXPECT_EQ(reconciliation_.unanswered(), 1U);
  EXPECT_TRUE(reconciliation_.running());
}

TEST_F(ReconciliationTest, IsDueAgainAPeriodAfterTheEnd) {
  reconciliation_.begin({}, now_);
  EXPECT_FALSE(reconciliation_.due(now_ + minutes(15) - Duration(1)));
  EXPECT_TRUE(reconciliation_.due(now_ + minutes(15)));
  EXPECT_EQ(reconciliation_.next_wake(), now_ + minutes(15));
}

TEST_F(ReconciliationTest, IsNeverDueDuringARun) {
  reconciliation_.begin({{"t1", "a1"}}, now_);
  EXPECT_FALSE(reconciliation_.due(now_ + minutes(60)));
}

TEST_F(ReconciliationTest, NewSubscriptionReplacesTheRun) {
  reconciliation_.begin({{"t1", "a1"}, {"t2", "a1"}}, now_);
  EXPECT_THAT(text(reconciliation_.begin({{"t3", "a1"}}, now_)), ElementsAre("t3@a1"));
  EXPECT_EQ(reconciliation_.unanswered(), 1U);
}

TEST_F(ReconciliationTest, AbandonedRunAsksNothing) {
  reconciliation_.begin({{"t1", "a1"}}, now_);
  reconciliation_.abandon();
  EXPECT_EQ(reconciliation_.next_wake(), std::nullopt);
  EXPECT_THAT(text(reconciliation_.on_time(now_ + minutes(60))), IsEmpty());
  EXPECT_FALSE(reconciliation_.due(now_ + minutes(60)));
}

TEST(OperationReconciliation, AsksForOperations) {
  Reconciliation reconciliation(Reconciliation::Kind::kOperations);
  const auto calls = reconciliation.begin({{"op1", "a1"}}, Time{});
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].type(), Call::RECONCILE_OPERATIONS);
  EXPECT_THAT(text(calls), ElementsAre("op1@a1"));
  reconciliation.answered("op1");
  const auto last = reconciliation.on_time(Time{});
  ASSERT_EQ(last.size(), 1U);
  EXPECT_EQ(last[0].type(), Call::RECONCILE_OPERATIONS);
  EXPECT_THAT(text(last), ElementsAre("implicit"));
}

}  // namespace
}  // namespace esaas::mesos
