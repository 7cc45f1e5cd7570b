// What Mesos holds for us and the log does not know: reservations without an owner, and tasks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/model/ids.h"
#include "tests/reconcilers/loop/controller_fixture.h"

namespace esaas::loop {
namespace {

namespace wire = mesos::wire;
using reconcile::LedgerStatus;
using reconcile::OrphanPolicy;
using reconcile::UnknownTaskPolicy;
using ::testing::HasSubstr;
using Kind = event::Event::PayloadCase;

class OrphansTest : public ControllerFixture {
 protected:
  /// Search's node has lost its agent for good, and its place is given up. Answers what the place was.
  model::Place lose_place() {
    place_search();
    const model::Place place = search_node().place();
    report(wire::TASK_GONE_BY_OPERATOR);
    settle();
    EXPECT_EQ(search_node().place_status(), state::PLACE_STATUS_NONE);
    return place;
  }

  void keep_by(OrphanPolicy policy) {
    options_.orphans = policy;
    restart();
  }

  /// The master's books: agent-2 with what is reserved for `place`, in use or not.
  [[nodiscard]] wire::master::Response::GetAgents books_with(const model::Place& place) const {
    wire::master::Response::GetAgents agents;
    auto& agent = *agents.add_agents();
    agent.mutable_agent_info()->mutable_id()->set_value("agent-2");
    agent.mutable_agent_info()->set_hostname("127.0.0.12");
    auto& rack = *agent.mutable_agent_info()->add_attributes();
    rack.set_name("rack");
    rack.set_type(wire::Value::TEXT);
    rack.mutable_text()->set_value("r7");
    agent.set_active(true);
    agent.set_version("1.11.0");
    for (wire::Resource& resource : reserved_for(place)) *agent.add_total_resources() = std::move(resource);
    return agents;
  }

  [[nodiscard]] std::vector<wire::Offer::Operation::Type> accepted() const {
    std::vector<wire::Offer::Operation::Type> types;
    const auto accepts = ports_.calls_of(Call::ACCEPT);
    if (accepts.empty()) return types;
    for (const auto& operation : accepts.back().accept().operations()) {
      types.push_back(operation.type());
    }
    return types;
  }
};

TEST_F(OrphansTest, APlaceThatWasGivenUpAndIsBackIsItsNodesAgain) {
  const model::Place place = lose_place();
  offer_reserved("o2", "agent-2", place);
  EXPECT_EQ(search_node().place_status(), state::PLACE_STATUS_RESERVED);
  EXPECT_EQ(search_node().place().volume_id(), place.volume_id());
  EXPECT_EQ(search_node().place().agent_id(), "agent-2");
  EXPECT_EQ(search_node().place().hostname(), "127.0.0.12");
  EXPECT_EQ(search_node().place().http_port(), place.http_port());
  EXPECT_EQ(search_node().place().transport_port(), place.transport_port());
  // The very offer is good for the launch.
  EXPECT_EQ(accepted(), std::vector{wire::Offer::Operation::LAUNCH});
  const auto adopted = logged(Kind::kPlaceAdopted);
  ASSERT_EQ(adopted.size(), 1U);
  EXPECT_EQ(adopted[0].cluster(), "search");
  EXPECT_EQ(adopted[0].place_adopted().why(), "Node data-0 has no other place.");
}

TEST_F(OrphansTest, WhatIsNotOfTheNodesSizeIsGivenBack) {
  model::Place place = lose_place();
  place.set_transport_port(place.http_port() + 2);  // a third port
  offer_reserved("o2", "agent-2", place);
  EXPECT_TRUE(logged(Kind::kPlaceAdopted).empty());
  ASSERT_EQ(logged(Kind::kOrphanReleaseIntended).size(), 1U);
  EXPECT_EQ(accepted(), (std::vector{wire::Offer::Operation::DESTROY, wire::Offer::Operation::UNRESERVE}));
}

TEST_F(OrphansTest, OneThatHasAnotherPlaceKeepsThat) {
  const model::Place place = lose_place();
  offer("o2");
  ASSERT_NE(search_node().place().volume_id(), place.volume_id());
  offer_reserved("o3", "agent-2", place);
  EXPECT_TRUE(logged(Kind::kPlaceAdopted).empty());
  ASSERT_EQ(logged(Kind::kOrphanReleaseIntended).size(), 1U);
  EXPECT_THAT(logged(Kind::kOrphanReleaseIntended)[0].orphan_release_intended().why(), HasSubstr("another place"));
}

TEST_F(OrphansTest, ByReleaseAllIsGivenBack) {
  const model::Place place = lose_place();
  keep_by(OrphanPolicy::kRelease);
  subscribe();
  offer_reserved("o2", "agent-2", place);
  EXPECT_TRUE(logged(Kind::kPlaceAdopted).empty());
  EXPECT_EQ(logged(Kind::kOrphanReleaseIntended).size(), 1U);
}

TEST_F(OrphansTest, ByKeepNothingIsTouchedTheLedgerSaysSoAndTheRestOfTheOfferIsUsed) {
  const model::Place place = lose_place();
  keep_by(OrphanPolicy::kKeep);
  subscribe();
  Event event;
  add_offer(event, "o2", {});
  for (wire::Resource& resource : reserved_for(place)) {
    *event.mutable_offers()->mutable_offers(0)->add_resources() = std::move(resource);
  }
  give(event);
  EXPECT_TRUE(logged(Kind::kPlaceAdopted).empty());
  EXPECT_TRUE(logged(Kind::kOrphanReleaseIntended).empty());
  ASSERT_EQ(search_node().place_status(), state::PLACE_STATUS_INTENDED) << "what was free in the same offer";
  EXPECT_NE(search_node().place().volume_id(), place.volume_id());
  std::optional<reconcile::Ledger> ledger;
  controller_->ask_ledger([&ledger](Result<reconcile::Ledger> answer) { ledger = *answer; }, now_);
  controller_->agents_answered(books_with(place), now_);
  settle();
  ASSERT_TRUE(ledger.has_value());
  const auto line = std::ranges::find(ledger->lines, place.volume_id(), &reconcile::LedgerLine::place);
  ASSERT_NE(line, ledger->lines.end());
  EXPECT_EQ(line->status, LedgerStatus::kWithoutOwner);
  EXPECT_THAT(line->why, HasSubstr("kept by policy"));
}

/// A log that was restored from an older copy, or a new one, can not know what it is.
TEST_F(OrphansTest, WhatThisLogDidNotMakeIsKeptByEveryPolicyAndTheLedgerSaysSo) {
  place_search();
  model::Place place = search_node().place();
  place.set_volume_id("search.data-0.volume-2.other");
  keep_by(OrphanPolicy::kRelease);
  subscribe();
  offer_reserved("o2", "agent-2", place);
  EXPECT_TRUE(logged(Kind::kOrphanReleaseIntended).empty());
  std::optional<reconcile::Ledger> ledger;
  controller_->ask_ledger([&ledger](Result<reconcile::Ledger> answer) { ledger = *answer; }, now_);
  controller_->agents_answered(books_with(place), now_);
  settle();
  ASSERT_TRUE(ledger.has_value());
  const auto line = std::ranges::find(ledger->lines, place.volume_id(), &reconcile::LedgerLine::place);
  ASSERT_NE(line, ledger->lines.end());
  EXPECT_THAT(line->why, HasSubstr("this log did not make it"));
}

class UnknownTaskTest : public OrphansTest {
 protected:
  static constexpr const char* kTask = "search.data-0.task-9999";

  void treat_by(UnknownTaskPolicy policy) {
    options_.unknown_tasks = policy;
    restart();
    subscribe();
  }
  /// Search's node is reserved on agent-1, and its task has ended.
  void end_task() {
    place_search();
    report(wire::TASK_FAILED);
    settle();
  }
  void say(const std::string& task, wire::TaskState state, const std::string& agent = "agent-1") {
    Event event;
    event.set_type(Event::UPDATE);
    auto& status = *event.mutable_update()->mutable_status();
    status.mutable_task_id()->set_value(task);
    status.mutable_agent_id()->set_value(agent);
    status.set_state(state);
    status.set_uuid("u");
    give(event);
  }
  [[nodiscard]] std::size_t acknowledged(const std::string& task) const {
    const auto calls = ports_.calls_of(Call::ACKNOWLEDGE);
    return static_cast<std::size_t>(
        std::ranges::count_if(calls, [&](const Call& call) { return call.acknowledge().task_id().value() == task; }));
  }
  [[nodiscard]] std::vector<std::string> killed() const {
    std::vector<std::string> tasks;
    for (const auto& call : ports_.calls_of(Call::KILL)) tasks.push_back(call.kill().task_id().value());
    return tasks;
  }
};

TEST_F(UnknownTaskTest, TheOneThatItsNodeLacksIsAdoptedWhereTheNodesPlaceIs) {
  end_task();
  say(kTask, wire::TASK_RUNNING);
  EXPECT_EQ(search_node().task().task_id(), kTask);
  EXPECT_EQ(search_node().task().state(), model::TASK_STATE_RUNNING);
  EXPECT_EQ(search_node().task().agent_id(), "agent-1");
  EXPECT_EQ(acknowledged(kTask), 1U);
  EXPECT_TRUE(logged(Kind::kUnknownTaskObserved).empty());
  const auto before = log_.last_seq();
  say(kTask, wire::TASK_RUNNING);
  EXPECT_EQ(log_.last_seq(), before) << "it is known now";
  say(kTask, wire::TASK_FAILED);
  EXPECT_EQ(search_node().task().state(), model::TASK_STATE_FAILED);
}

TEST_F(UnknownTaskTest, ItsAdoptionIsDurableBeforeItIsAcknowledged) {
  end_task();
  Event event;
  event.set_type(Event::UPDATE);
  auto& status = *event.mutable_update()->mutable_status();
  status.mutable_task_id()->set_value(kTask);
  status.mutable_agent_id()->set_value("agent-1");
  status.set_state(wire::TASK_RUNNING);
  status.set_uuid("u");
  controller_->mesos_event(event, now_);
  controller_->turn(now_);
  EXPECT_EQ(acknowledged(kTask), 0U);
  settle();
  EXPECT_EQ(acknowledged(kTask), 1U);
}

TEST_F(UnknownTaskTest, OthersAreReportedOnceAndEachUpdateIsAcknowledged) {
  place_search();
  report(wire::TASK_RUNNING);
  settle();
  say(kTask, wire::TASK_RUNNING);                                 // beside the node's own task
  say("search.data-0.task-9999x", wire::TASK_RUNNING);            // no id of ours
  say("gone.data-0.task-3", wire::TASK_RUNNING, "agent-5");       // of no cluster
  say("search.data-0.task-9998", wire::TASK_RUNNING, "agent-2");  // not where the place is
  const auto reported = logged(Kind::kUnknownTaskObserved);
  EXPECT_EQ(reported.size(), 4U);
  EXPECT_EQ(reported[0].cluster(), "search");
  EXPECT_EQ(reported[2].cluster(), "");
  const auto before = log_.last_seq();
  say(kTask, wire::TASK_RUNNING);
  say(kTask, wire::TASK_UNREACHABLE);
  EXPECT_EQ(log_.last_seq(), before);
  EXPECT_EQ(acknowledged(kTask), 3U);
  EXPECT_TRUE(killed().empty());
}

TEST_F(UnknownTaskTest, OneThatWasReportedIsAdoptedWhenItsNodeLacksIt) {
  place_search();
  report(wire::TASK_RUNNING);
  settle();
  say(kTask, wire::TASK_RUNNING);
  ASSERT_EQ(logged(Kind::kUnknownTaskObserved).size(), 1U);
  report(wire::TASK_FAILED);
  settle();
  say(kTask, wire::TASK_RUNNING);  // as reconciliation tells it again and again
  EXPECT_EQ(search_node().task().task_id(), kTask);
}

/// An older seq than that of the node's task proves nothing when this log did not make it.
TEST_F(UnknownTaskTest, OneThatThisLogDidNotMakeIsNoPredecessorOfTheNodesTask) {
  place_search();
  say("search.data-0.task-2.other", wire::TASK_RUNNING, "agent-2");
  EXPECT_TRUE(killed().empty());
  EXPECT_TRUE(logged(Kind::kTaskKillIntended).empty());
  EXPECT_EQ(logged(Kind::kUnknownTaskObserved).size(), 1U);
}

TEST_F(UnknownTaskTest, WhatCanNotBeSeenIsNotAdopted) {
  end_task();
  say(kTask, wire::TASK_UNREACHABLE);
  EXPECT_NE(search_node().task().task_id(), kTask);
  EXPECT_EQ(logged(Kind::kUnknownTaskObserved).size(), 1U);
}

TEST_F(UnknownTaskTest, ByReportNothingIsAdopted) {
  end_task();
  treat_by(UnknownTaskPolicy::kReport);
  say(kTask, wire::TASK_RUNNING);
  EXPECT_NE(search_node().task().task_id(), kTask);
  EXPECT_EQ(logged(Kind::kUnknownTaskObserved).size(), 1U);
  EXPECT_TRUE(killed().empty());
}

TEST_F(UnknownTaskTest, ByKillWhatNoNodeLacksIsKilledAgainAndAgainButLoggedOnce) {
  place_search();
  report(wire::TASK_RUNNING);
  settle();
  treat_by(UnknownTaskPolicy::kKill);
  say(kTask, wire::TASK_UNREACHABLE);
  EXPECT_TRUE(killed().empty()) << "a kill would not reach it";
  say(kTask, wire::TASK_RUNNING);
  EXPECT_EQ(killed(), std::vector<std::string>{kTask});
  say(kTask, wire::TASK_RUNNING);
  EXPECT_EQ(killed(), (std::vector<std::string>{kTask, kTask}));
  say(kTask, wire::TASK_KILLING);
  say(kTask, wire::TASK_KILLED);
  EXPECT_EQ(killed().size(), 2U);
  const auto intents = logged(Kind::kUnknownTaskKillIntended);
  ASSERT_EQ(intents.size(), 1U);
  EXPECT_EQ(intents[0].unknown_task_kill_intended().agent_id(), "agent-1");
  EXPECT_EQ(ports_.calls_of(Call::KILL)[0].kill().agent_id().value(), "agent-1");
  EXPECT_EQ(acknowledged(kTask), 5U);
}

TEST_F(UnknownTaskTest, ByKillTheIntentIsDurableFirst) {
  place_search();
  report(wire::TASK_RUNNING);
  settle();
  treat_by(UnknownTaskPolicy::kKill);
  Event event;
  event.set_type(Event::UPDATE);
  auto& status = *event.mutable_update()->mutable_status();
  status.mutable_task_id()->set_value("gone.data-0.task-3");
  status.mutable_agent_id()->set_value("agent-5");
  status.set_state(wire::TASK_RUNNING);
  controller_->mesos_event(event, now_);
  controller_->turn(now_);
  EXPECT_TRUE(killed().empty());
  settle();
  EXPECT_EQ(killed().size(), 1U);
}

TEST_F(UnknownTaskTest, ByKillTheOneThatItsNodeLacksIsStillAdopted) {
  end_task();
  treat_by(UnknownTaskPolicy::kKill);
  say(kTask, wire::TASK_RUNNING);
  EXPECT_EQ(search_node().task().task_id(), kTask);
  EXPECT_TRUE(killed().empty());
}

/// What a live task runs on is in use, so that no offer shows the place which the log has forgotten.
TEST_F(UnknownTaskTest, OfANodeWithoutAPlaceThePlaceIsFoundInTheMastersBooksAndThenTheTask) {
  const model::Place place = lose_place();
  treat_by(UnknownTaskPolicy::kKill);
  say(kTask, wire::TASK_RUNNING, "agent-2");
  EXPECT_TRUE(killed().empty()) << "it may be the node's";
  EXPECT_EQ(logged(Kind::kUnknownTaskObserved).size(), 1U);
  ASSERT_EQ(ports_.agents_asked, 1) << "at once, not in ten minutes";
  const auto asked = ports_.calls_of(Call::RECONCILE).size();
  controller_->agents_answered(books_with(place), now_);
  settle();
  EXPECT_EQ(search_node().place().volume_id(), place.volume_id());
  EXPECT_EQ(search_node().place().attributes(0).value(), "r7");
  EXPECT_GT(ports_.calls_of(Call::RECONCILE).size(), asked) << "whose the task is, is asked once more";
  say(kTask, wire::TASK_RUNNING, "agent-2");
  EXPECT_EQ(search_node().task().task_id(), kTask);
}

TEST_F(UnknownTaskTest, BooksThatAreOlderThanTheEndOfAPlaceBringItNotBack) {
  place_search();
  const model::Place place = search_node().place();
  controller_->ask_ledger([](const Result<reconcile::Ledger>&) {}, now_);
  report(wire::TASK_GONE_BY_OPERATOR);
  settle();
  ASSERT_EQ(search_node().place_status(), state::PLACE_STATUS_NONE);
  controller_->agents_answered(books_with(place), now_);
  settle();
  EXPECT_TRUE(logged(Kind::kPlaceAdopted).empty());
}

TEST_F(OrphansTest, AFrameworkThatIsNamedIsTakenOverByALogThatKnowsNone) {
  EXPECT_EQ(ports_.framework_id, "");
  options_.framework_id = "fw-lost";
  restart();
  EXPECT_EQ(ports_.framework_id, "fw-lost");
  subscribe("fw-lost");
  EXPECT_EQ(controller_->state().head.framework_id(), "fw-lost");
  options_.framework_id = "fw-other";
  restart();
  EXPECT_EQ(ports_.framework_id, "fw-lost");
  EXPECT_EQ(logged(Kind::kFrameworkRegistered).size(), 1U);
}

}  // namespace
}  // namespace esaas::loop
