// Scripted scenarios on the simulated installation: short stories with one fault each, told step by step.

#include <gtest/gtest.h>

#include <algorithm>

#include "core/model/task_state.h"
#include "tests/simulation/simulation.h"

namespace esaas::simulation {
namespace {

using namespace std::chrono_literals;

class Scenario : public testing::Test {
 protected:
  void SetUp() override {
    simulation.boot();
    const std::string key = simulation.workload().ask(command::CreateTenant{"team"});
    ASSERT_TRUE(simulation.until([&] { return simulation.workload().unanswered() == 0; }, 1min));
    ASSERT_EQ(simulation.workload().refusal_of(key), "");
  }
  void TearDown() override {
    for (const std::string& violation : simulation.report().violations) ADD_FAILURE() << violation;
    if (!HasFailure()) return;
    for (const std::string& note : simulation.report().notes) std::printf("%s\n", note.c_str());
  }

  static model::Request create(const std::string& name, std::uint32_t count, const std::string& version = "2.3.3") {
    model::Request request;
    request.mutable_create()->set_name(name);
    request.mutable_create()->set_tenant("team");
    request.mutable_create()->mutable_spec()->set_version(version);
    auto& group = *request.mutable_create()->mutable_spec()->add_node_groups();
    group.set_name("node");
    group.set_count(count);
    group.add_roles(model::NODE_ROLE_MASTER);
    group.add_roles(model::NODE_ROLE_DATA);
    group.mutable_resources()->set_cpus_milli(500);
    group.mutable_resources()->set_mem_mib(512);
    group.mutable_resources()->set_disk_mib(1024);
    return request;
  }
  static model::Request scale(std::uint32_t count) {
    model::Request request;
    request.mutable_scale()->set_group("node");
    request.mutable_scale()->set_count(count);
    return request;
  }
  static model::Request remove(const std::string& name) {
    model::Request request;
    request.mutable_delete_()->set_confirm(name);
    return request;
  }

  bool settles(Duration limit = 10min) {
    return simulation.until([&] { return simulation.settled(); }, limit);
  }
  void make_cluster(std::uint32_t count, const std::string& version = "2.3.3") {
    simulation.workload().ask("c", create("c", count, version));
    ASSERT_TRUE(settles());
    ASSERT_EQ(cluster().nodes_size(), static_cast<int>(count));
  }
  /// Two nodes of data and a preemptible one, which is the last.
  void make_cluster_with_a_preemptible_node() {
    model::Request request = create("c", 2);
    auto& groups = *request.mutable_create()->mutable_spec()->mutable_node_groups();
    model::NodeGroup front = groups[0];
    front.set_name("front");
    front.set_count(1);
    front.clear_roles();
    front.add_roles(model::NODE_ROLE_COORDINATING);
    front.set_preemptible(true);
    *groups.Add() = std::move(front);
    simulation.workload().ask("c", std::move(request));
    ASSERT_TRUE(settles());
    ASSERT_GT(last_node().place().revocable().cpus_milli(), 0U);
    ASSERT_EQ(last_node().place_status(), state::PLACE_STATUS_TRANSIENT);
  }
  const state::Node& last_node() { return cluster().nodes(cluster().nodes_size() - 1); }
  void fill_index(std::uint32_t shards, std::uint32_t replicas, int documents = 30) {
    IndexMetadata settings;
    settings.shards = shards;
    settings.replicas = replicas;
    ASSERT_TRUE(simulation.elasticsearch().led_cluster("c")->create_index("books", settings));
    simulation.pass(20s);
    for (int i = 0; i < documents; ++i) ASSERT_TRUE(simulation.elasticsearch().write_document("c", "books"));
  }
  const state::Cluster& cluster() { return *simulation.state().find_cluster("c"); }
  std::uint64_t count_of(const std::string& kind) {
    const auto found = simulation.ledger().counts().find(kind);
    return found == simulation.ledger().counts().end() ? 0 : found->second;
  }
  bool holds(const std::string& rule) {
    return std::ranges::any_of(cluster().holds(), [&](const state::Hold& hold) { return hold.rule() == rule; });
  }
  std::size_t processes() { return simulation.elasticsearch().processes().size(); }
  /// The agent that the first node is on.
  std::string agent_of(const state::Node& node) {
    for (const std::string& name : simulation.mesos().agent_names()) {
      if (simulation.mesos().hostname_of(name) == node.place().hostname()) return name;
    }
    return {};
  }
  /// Crashes once, at the first append that holds such an event.
  void crash_at(AppendFault fault, std::function<bool(const event::Event&)> matches) {
    simulation.set_append_fault([fault, matches = std::move(matches), done = false](const store::Batch& batch) mutable {
      if (done || !std::ranges::any_of(batch.events, matches)) return AppendFault::kNone;
      done = true;
      return fault;
    });
  }

  Simulation simulation{{.seed = 1}};
};

TEST_F(Scenario, BringsAClusterOfThreeToGreen) {
  make_cluster(3);
  EXPECT_EQ(cluster().health().status(), model::HEALTH_STATUS_GREEN);
  EXPECT_EQ(processes(), 3U);
  EXPECT_EQ(count_of("task_launch_intended"), 3U);
}

TEST_F(Scenario, CrashBetweenIntentAndAcceptLaunchesOnceMore) {
  crash_at(AppendFault::kCrashAfter, [](const event::Event& event) { return event.has_task_launch_intended(); });
  make_cluster(1);
  EXPECT_EQ(processes(), 1U);
  EXPECT_EQ(count_of("controller_started"), 2U);
}

TEST_F(Scenario, CrashBeforeTheIntentIsDurableLosesNothing) {
  crash_at(AppendFault::kCrashBefore, [](const event::Event& event) { return event.has_place_intended(); });
  make_cluster(1);
  EXPECT_EQ(processes(), 1U);
}

TEST_F(Scenario, CrashAfterAcceptAndBeforeTheStatusKeepsTheTask) {
  crash_at(AppendFault::kCrashBefore, [](const event::Event& event) {
    return event.has_task_status_changed() && event.task_status_changed().state() == model::TASK_STATE_RUNNING;
  });
  make_cluster(1);
  EXPECT_EQ(count_of("task_launch_intended"), 1U);
  EXPECT_EQ(count_of("controller_started"), 2U);
  EXPECT_EQ(processes(), 1U);
}

TEST_F(Scenario, RestartOfTheControllerTouchesNoTask) {
  make_cluster(3);
  const std::uint64_t launches = count_of("task_launch_intended");
  simulation.process().crash("killed", 5s);
  simulation.pass(5min);
  EXPECT_EQ(count_of("task_launch_intended"), launches);
  EXPECT_EQ(count_of("task_kill_intended"), 0U);
  EXPECT_EQ(processes(), 3U);
}

TEST_F(Scenario, UnreachableAndBackIsNeverDoubled) {
  make_cluster(3);
  const std::string agent = agent_of(cluster().nodes(0));
  simulation.mesos().lose_agent(agent);
  ASSERT_TRUE(simulation.until([&] { return holds("waits_for_unreachable_task"); }, 10min));
  simulation.pass(10min);
  EXPECT_EQ(count_of("task_launch_intended"), 3U);
  simulation.mesos().return_agent(agent);
  ASSERT_TRUE(settles());
  EXPECT_EQ(count_of("task_launch_intended"), 3U);
  EXPECT_EQ(processes(), 3U);
}

TEST_F(Scenario, KilledProcessComesBackOnItsOwnVolume) {
  make_cluster(3);
  ASSERT_NO_FATAL_FAILURE(fill_index(3, 0));
  const std::string volume = cluster().nodes(0).place().volume_id();
  simulation.mesos().runner().crash_process(cluster().nodes(0).task().task_id());
  simulation.pass(2s);
  ASSERT_TRUE(settles());
  EXPECT_EQ(cluster().nodes(0).place().volume_id(), volume);
  simulation.pass(1min);
  EXPECT_EQ(simulation.elasticsearch().led_cluster("c")->document_count("books"), 30U);
}

TEST_F(Scenario, PreemptedNodeIsPlacedAnewAtOnce) {
  make_cluster_with_a_preemptible_node();
  const std::string task = last_node().task().task_id();
  embedded::MesosModel& mesos = simulation.mesos().model();
  for (const embedded::TaskView& view : mesos.tasks()) {
    const bool is_lent = view.key.task_id == task;
    EXPECT_EQ(mesos.preempt(view.key, simulation.clock().now()), is_lent) << view.key.task_id;
  }
  simulation.mesos().pump();
  ASSERT_TRUE(simulation.until([&] { return last_node().task().task_id() != task; }, 5s));
  ASSERT_TRUE(settles(1min));
  EXPECT_EQ(last_node().failures(), 0U);
  EXPECT_EQ(count_of("task_launch_intended"), 4U);
  EXPECT_EQ(processes(), 3U);
}

TEST_F(Scenario, CrashBeforeATransientPlaceIsUsedEndsIt) {
  crash_at(AppendFault::kCrashAfter, [](const event::Event& event) {
    return event.has_place_intended() && event.place_intended().place().transient();
  });
  make_cluster_with_a_preemptible_node();
  EXPECT_EQ(count_of("controller_started"), 2U);
  EXPECT_EQ(processes(), 3U);
  EXPECT_EQ(count_of("task_launch_intended"), 6U) << "all three were intended in one part";
}

TEST_F(Scenario, AMachineRenewedWhileUnreachableFreesItsTransientNode) {
  make_cluster_with_a_preemptible_node();
  const std::string task = last_node().task().task_id();
  const std::string agent = agent_of(last_node());
  simulation.mesos().lose_agent(agent);
  simulation.mesos().stop_agent(agent);
  ASSERT_TRUE(simulation.until([&] { return holds("waits_for_unreachable_task"); }, 10min));
  EXPECT_EQ(last_node().task().task_id(), task);
  simulation.mesos().renew_agent(agent);
  ASSERT_TRUE(simulation.until([&] { return last_node().task().task_id() != task; }, 1min));
  ASSERT_TRUE(settles());
  EXPECT_EQ(processes(), 3U);
}

TEST_F(Scenario, ScaleInDrainsFirst) {
  make_cluster(4);
  ASSERT_NO_FATAL_FAILURE(fill_index(4, 0));
  simulation.workload().ask("c", scale(3));
  ASSERT_TRUE(simulation.until([&] { return count_of("drain_began") == 1; }, 5min));
  EXPECT_EQ(count_of("task_kill_intended"), 0U);
  ASSERT_TRUE(settles());
  EXPECT_EQ(processes(), 3U);
  EXPECT_EQ(count_of("drain_finished"), 1U);
  EXPECT_EQ(simulation.elasticsearch().led_cluster("c")->document_count("books"), 30U);
}

TEST_F(Scenario, ScaleInWithoutRoomForReplicasHoldsByName) {
  make_cluster(2);
  ASSERT_NO_FATAL_FAILURE(fill_index(1, 1));
  simulation.workload().ask("c", scale(1));
  ASSERT_TRUE(simulation.until([&] { return holds("too_few_nodes_for_replicas"); }, 5min));
  simulation.pass(10min);
  EXPECT_EQ(count_of("task_kill_intended"), 0U);
  EXPECT_EQ(processes(), 2U);
}

TEST_F(Scenario, SilentElasticsearchStopsNothing) {
  make_cluster(4);
  ASSERT_NO_FATAL_FAILURE(fill_index(2, 1));
  simulation.elasticsearch().set_silent("c", true);
  simulation.workload().ask("c", scale(3));
  simulation.pass(10min);
  EXPECT_TRUE(holds("health_unknown"));
  EXPECT_EQ(count_of("task_kill_intended"), 0U);
  EXPECT_EQ(processes(), 4U);
  simulation.elasticsearch().set_silent("c", false);
  ASSERT_TRUE(settles());
  EXPECT_EQ(processes(), 3U);
}

// The only copy of a shard is on the node that leaves, and what was last seen was green.
TEST_F(Scenario, CrashOfALeavingNodeWithALastCopyBringsItBack) {
  make_cluster(3);
  ASSERT_NO_FATAL_FAILURE(fill_index(3, 0, 3000));
  simulation.workload().ask("c", scale(2));
  ASSERT_TRUE(simulation.until([&] { return std::ranges::any_of(cluster().nodes(), &state::Node::removing); }, 1min));
  const auto leaving = std::ranges::find_if(cluster().nodes(), &state::Node::removing);
  simulation.mesos().runner().crash_process(leaving->task().task_id());
  ASSERT_TRUE(settles(20min));
  simulation.pass(1min);
  EXPECT_EQ(simulation.elasticsearch().led_cluster("c")->document_count("books"), 3000U);
}

// Two masters need both votes: the one that leaves may not go before the other has answered alone.
TEST_F(Scenario, CrashOfALeavingMasterWhoseVoteIsNeededBringsItBack) {
  make_cluster(2);
  ASSERT_NO_FATAL_FAILURE(fill_index(1, 1));
  simulation.workload().ask("c", scale(1));
  ASSERT_TRUE(simulation.until([&] { return holds("too_few_nodes_for_replicas"); }, 5min));
  const auto leaving = std::ranges::find_if(cluster().nodes(), &state::Node::removing);
  simulation.mesos().runner().crash_process(leaving->task().task_id());
  simulation.pass(10min);
  EXPECT_NE(simulation.elasticsearch().led_cluster("c"), nullptr);
  EXPECT_EQ(processes(), 2U);
}

TEST_F(Scenario, DeleteWhileScalingLeavesNothing) {
  make_cluster(2);
  const std::string scaling = simulation.workload().ask("c", scale(4));
  simulation.pass(2s);
  simulation.workload().ask("c", remove("c"));
  ASSERT_TRUE(simulation.until([&] { return simulation.state().find_cluster("c") == nullptr; }, 10min));
  simulation.pass(1min);
  EXPECT_EQ(processes(), 0U);
  EXPECT_TRUE(simulation.elasticsearch().directories().empty());
  EXPECT_EQ(simulation.ledger().outcome_of(simulation.workload().operation_of(scaling)),
            model::OPERATION_STATUS_CANCELLED);
  for (const auto& agent : simulation.mesos().model().agents()) EXPECT_TRUE(agent.total == agent.total.unreserved());
}

TEST_F(Scenario, DuplicateIdempotencyKeyIsAnsweredAndNotRepeated) {
  const std::string key = simulation.workload().ask("c", create("c", 1));
  simulation.workload().ask_again(key);  // while the first is not durable yet
  ASSERT_TRUE(settles());
  const std::string operation = simulation.workload().operation_of(key);
  simulation.workload().ask_again(key);
  simulation.process().crash("killed", 2s);
  simulation.pass(10s);
  simulation.workload().ask_again(key);
  simulation.pass(10s);
  EXPECT_EQ(simulation.workload().operation_of(key), operation);
  EXPECT_EQ(simulation.ledger().requests_with_reason(key), 1U);
  EXPECT_EQ(count_of("cluster_created"), 1U);
}

TEST_F(Scenario, MasterFailoverKeepsEveryTask) {
  make_cluster(3);
  simulation.mesos().fail_over(10s);
  simulation.pass(5min);
  ASSERT_TRUE(settles());
  EXPECT_EQ(count_of("task_launch_intended"), 3U);
  EXPECT_EQ(processes(), 3U);
}

/// There is a node on each agent, so that the one that loses its place has nowhere else to go.
TEST_F(Scenario, AnAgentDeclaredGoneByMistakeBringsItsNodeItsDataBack) {
  make_cluster(static_cast<std::uint32_t>(simulation.mesos().agent_names().size()));
  ASSERT_NO_FATAL_FAILURE(fill_index(3, 1));
  simulation.pass(1min);
  const std::string agent = agent_of(cluster().nodes(0));
  const std::string volume = cluster().nodes(0).place().volume_id();
  simulation.mesos().lose_agent(agent);
  simulation.mesos().stop_agent(agent);
  simulation.mesos().mark_gone(agent);
  ASSERT_TRUE(simulation.until([&] { return !cluster().nodes(0).has_place(); }, 10min));
  simulation.pass(5min);
  EXPECT_FALSE(cluster().nodes(0).has_place());
  simulation.mesos().return_gone(agent, 10s);
  ASSERT_TRUE(settles());
  EXPECT_EQ(cluster().nodes(0).place().volume_id(), volume);
  EXPECT_EQ(count_of("place_adopted"), 1U);
  EXPECT_EQ(count_of("orphan_release_intended"), 0U);
  simulation.pass(1min);
  EXPECT_EQ(simulation.elasticsearch().led_cluster("c")->document_count("books"), 30U);
}

/// A torn down framework may never act again: neither now nor after a start.
TEST_F(Scenario, AFrameworkThatIsTornDownStaysStoppedAndSaysWhy) {
  make_cluster(3);
  mesos::wire::master::Call call;
  call.set_type(mesos::wire::master::Call::TEARDOWN);
  call.mutable_teardown()->mutable_framework_id()->set_value(simulation.state().head.framework_id());
  ASSERT_TRUE(simulation.mesos().model().operate(call, simulation.clock().now()).has_value());
  simulation.mesos().pump();
  simulation.pass(5min);
  EXPECT_NE(simulation.state().head.framework_stopped(), "");
  EXPECT_EQ(processes(), 0U) << "the master ends all tasks";
  const std::uint64_t launches = count_of("task_launch_intended");
  const std::uint64_t places = count_of("place_intended");
  simulation.process().crash("killed", 1s);
  simulation.workload().ask("c", scale(5));
  simulation.pass(30min);
  EXPECT_EQ(count_of("task_launch_intended"), launches);
  EXPECT_EQ(count_of("place_intended"), places);
  EXPECT_EQ(count_of("framework_registered"), 1U);
}

TEST_F(Scenario, AClusterOf7xKeepsItsVotersWhenItBecomesSmallerAndLarger) {
  make_cluster(4, "7.17.28");
  ASSERT_NO_FATAL_FAILURE(fill_index(2, 0));
  for (const std::uint32_t count : {1U, 3U}) {
    simulation.workload().ask("c", scale(count));
    ASSERT_TRUE(settles());
    simulation.pass(1min);
    const ElectedCluster* led = simulation.elasticsearch().led_cluster("c");
    ASSERT_NE(led, nullptr);
    EXPECT_EQ(led->metadata().voting.size(), count);
    EXPECT_TRUE(led->metadata().voting_exclusions.empty());
  }
  EXPECT_GT(count_of("voting_exclusions_applied"), 0U);
  EXPECT_EQ(simulation.elasticsearch().led_cluster("c")->document_count("books"), 30U);
}

TEST_F(Scenario, OneMasterOf68IsUpgradedTo7) {
  make_cluster(1, "6.8.23");
  ASSERT_NO_FATAL_FAILURE(fill_index(2, 0));
  model::Request upgrade;
  upgrade.mutable_upgrade()->set_version("7.17.28");
  simulation.workload().ask("c", upgrade);
  ASSERT_TRUE(settles());
  const ElectedCluster* led = simulation.elasticsearch().led_cluster("c");
  ASSERT_NE(led, nullptr);
  EXPECT_EQ(led->oldest_version(), (model::Version{7, 17, 28}));
  EXPECT_EQ(led->metadata().voting.size(), 1U);
  EXPECT_EQ(led->document_count("books"), 30U);
}

TEST_F(Scenario, ProxiesAreToldBeforeANodeIsRestartedAndForgetWhenTheyAre) {
  make_cluster(3);
  model::Request proxies;
  proxies.mutable_proxies()->set_count(2);
  simulation.workload().ask("c", proxies);
  ASSERT_TRUE(settles());
  ASSERT_EQ(simulation.proxies().processes().size(), 2U);
  model::Request restart;
  restart.mutable_restart()->set_group("node");
  simulation.workload().ask("c", restart);
  ASSERT_TRUE(settles());
  EXPECT_EQ(count_of("node_shielded"), 3U);
  const std::string proxy = simulation.proxies().processes().begin()->first;
  simulation.mesos().runner().crash_process(proxy);
  ASSERT_TRUE(settles());
  simulation.pass(1min);
  EXPECT_FALSE(simulation.proxies().processes().contains(proxy));
  for (const auto& [id, process] : simulation.proxies().processes()) EXPECT_EQ(process.servers.size(), 3U) << id;
}

TEST_F(Scenario, NothingIsLoggedWhileNothingHappens) {
  make_cluster(3);
  simulation.pass(2min);
  const std::uint64_t before = simulation.log().last_seq();
  simulation.pass(3h);
  EXPECT_EQ(simulation.log().last_seq(), before);
}

TEST_F(Scenario, SuspendAndResumeKeepDocuments) {
  make_cluster(3);
  ASSERT_NO_FATAL_FAILURE(fill_index(2, 1));
  model::Request suspend;
  suspend.mutable_suspend();
  simulation.workload().ask("c", suspend);
  ASSERT_TRUE(simulation.until([&] { return processes() == 0; }, 10min));
  ASSERT_TRUE(settles());
  simulation.pass(10min);
  EXPECT_EQ(processes(), 0U);
  model::Request resume;
  resume.mutable_resume();
  simulation.workload().ask("c", resume);
  ASSERT_TRUE(settles());
  simulation.pass(1min);
  EXPECT_EQ(simulation.elasticsearch().led_cluster("c")->document_count("books"), 30U);
}

}  // namespace
}  // namespace esaas::simulation
