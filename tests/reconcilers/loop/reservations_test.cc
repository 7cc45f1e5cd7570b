// What is reserved for us: places whose machine is another agent now, agents that are gone, and the ledger.
#include <gtest/gtest.h>

#include "tests/reconcilers/loop/controller_fixture.h"

namespace esaas::loop {
namespace {

namespace wire = mesos::wire;

class ReservationsTest : public ControllerFixture {
 protected:
  /// The books of a master that knows agent-1 and nothing that is reserved on it.
  static wire::master::Response::GetAgents empty_books() {
    wire::master::Response::GetAgents agents;
    auto& agent = *agents.add_agents();
    agent.mutable_agent_info()->mutable_id()->set_value("agent-1");
    agent.mutable_agent_info()->set_hostname("127.0.0.11");
    agent.set_active(true);
    agent.set_version("1.11.0");
    return agents;
  }
};

TEST_F(ReservationsTest, AMachineThatIsAnotherAgentNowKeepsItsNodesPlace) {
  place_search();
  const auto place = search_node().place();
  report(wire::TASK_UNREACHABLE);
  settle();
  offer_reserved("o2", "agent-2", place);
  EXPECT_EQ(search_node().place().agent_id(), "agent-2");
  EXPECT_EQ(search_node().place().volume_id(), place.volume_id());
  // What ran under the old name is gone, so the node is launched again, on what the offer shows.
  const auto accepts = ports_.calls_of(Call::ACCEPT);
  ASSERT_EQ(accepts.size(), 2U);
  EXPECT_EQ(accepts.back().accept().operations(0).type(), wire::Offer::Operation::LAUNCH);
}

TEST_F(ReservationsTest, AnOfferIsNoProofAgainstATaskThatMesosHoldsForRunning) {
  place_search();
  const auto place = search_node().place();
  report(wire::TASK_RUNNING);
  settle();
  offer_reserved("o2", "agent-2", place);
  EXPECT_EQ(search_node().place().agent_id(), "agent-1");
}

TEST_F(ReservationsTest, AnUnknownReservationIsAskedAboutAgainWhileItsTaskIsOutOfSight) {
  subscribe();
  submit(command::CreateTenant{"shop"});
  submit(create("search"));
  offer("o1");
  ASSERT_EQ(search_node().place_status(), state::PLACE_STATUS_INTENDED);
  ASSERT_TRUE(search_node().has_task()) << "launched in the same call";
  const std::string operation = search_node().create_operation();
  const auto say_unknown = [&] {
    Event event;
    event.set_type(Event::UPDATE_OPERATION_STATUS);
    auto& status = *event.mutable_update_operation_status()->mutable_status();
    status.mutable_operation_id()->set_value(operation);
    status.set_state(wire::OPERATION_UNKNOWN);
    give(event);
  };
  report(wire::TASK_UNKNOWN);
  settle();
  say_unknown();
  EXPECT_EQ(search_node().place_status(), state::PLACE_STATUS_INTENDED) << "where the task is must not be forgotten";
  // It never came to be.
  report(wire::TASK_GONE);
  settle();
  say_unknown();
  EXPECT_EQ(logged(event::Event::kPlaceFailed).size(), 1U);
}

TEST_F(ReservationsTest, ThatAnAgentIsGoneForGoodIsNewsOfAStoppedNodesPlace) {
  place_search();
  report(wire::TASK_FAILED);
  settle();
  report(wire::TASK_GONE_BY_OPERATOR);
  settle();
  EXPECT_EQ(search_node().place_status(), state::PLACE_STATUS_NONE) << search_node().ShortDebugString();
}

TEST_F(ReservationsTest, ASupersededTaskIsKilledOnlyWhenAKillCanReachIt) {
  place_search();
  const std::string first = search_node().task().task_id();
  const auto place = search_node().place();
  report(wire::TASK_UNREACHABLE);
  settle();
  offer_reserved("o2", "agent-2", place);
  ASSERT_NE(search_node().task().task_id(), first);
  const auto say = [&](wire::TaskState state) {
    Event event;
    event.set_type(Event::UPDATE);
    auto& status = *event.mutable_update()->mutable_status();
    status.mutable_task_id()->set_value(first);
    status.mutable_agent_id()->set_value("agent-1");
    status.set_state(state);
    give(event);
    return ports_.calls_of(Call::KILL).size();
  };
  const std::uint64_t before = log_.last_seq();
  EXPECT_EQ(say(wire::TASK_UNREACHABLE), 0U);
  EXPECT_EQ(say(wire::TASK_UNKNOWN), 0U);
  EXPECT_EQ(log_.last_seq(), before);
  EXPECT_EQ(say(wire::TASK_RUNNING), 1U);
}

TEST_F(ReservationsTest, TheLedgerIsOneQuestionForAllWhoAskAndNeedsAMaster) {
  std::vector<Result<reconcile::Ledger>> answers;
  const auto keep = [&answers](Result<reconcile::Ledger> ledger) { answers.push_back(std::move(ledger)); };
  controller_->ask_ledger(keep, now_);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].error().code, ErrorCode::kUnavailable);
  place_search();
  controller_->ask_ledger(keep, now_);
  controller_->ask_ledger(keep, now_);
  EXPECT_EQ(ports_.agents_asked, 1);
  controller_->agents_answered(empty_books(), now_);
  settle();
  ASSERT_EQ(answers.size(), 3U);
  ASSERT_TRUE(answers[2].has_value());
  ASSERT_EQ(answers[2]->lines.size(), 1U);
  EXPECT_EQ(answers[2]->lines[0].status, reconcile::LedgerStatus::kMissing);
}

TEST_F(ReservationsTest, TheLedgerIsComparedEveryFewMinutesWhileThereIsAMaster) {
  now_ += std::chrono::hours{1};
  settle();
  EXPECT_EQ(ports_.agents_asked, 0);
  subscribe();
  now_ += std::chrono::minutes{11};
  settle();
  EXPECT_EQ(ports_.agents_asked, 1);
  controller_->agents_answered(fail(ErrorCode::kUnavailable, "away"), now_);
  settle();
  EXPECT_EQ(ports_.agents_asked, 1);
  now_ += std::chrono::minutes{11};
  settle();
  EXPECT_EQ(ports_.agents_asked, 2);
}

TEST_F(ReservationsTest, TheLedgerIsAnsweredWhenWhatItTellsIsDurable) {
  place_search();
  std::size_t answers = 0;
  controller_->ask_ledger([&answers](const Result<reconcile::Ledger>&) { ++answers; }, now_);
  report(wire::TASK_FAILED);
  controller_->agents_answered(empty_books(), now_);
  EXPECT_EQ(answers, 0U);
  settle();
  EXPECT_EQ(answers, 1U);
}

TEST_F(ReservationsTest, NotEverybodyMayWaitForTheLedgerAtOnce) {
  place_search();
  std::size_t refused = 0;
  for (int i = 0; i < 1'001; ++i) {
    controller_->ask_ledger([&refused](const Result<reconcile::Ledger>& ledger) { refused += ledger ? 0 : 1; }, now_);
  }
  EXPECT_EQ(refused, 1U);
}

}  // namespace
}  // namespace esaas::loop
