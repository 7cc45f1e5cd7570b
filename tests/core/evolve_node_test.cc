// The life of one node: place, task, failures with back-off, drain.
#include "core/model/ids.h"
#include "tests/core/story.h"

namespace esaas::state {
namespace {

using std::chrono::seconds;
using test::Story;

struct NodeStory : Story {
  NodeStory() {
    given_search();
    auto event = about();
    event.mutable_node_added()->set_node("data-0");
    event.mutable_node_added()->set_group("data");
    fold(event);
  }

  static event::Event about() {
    event::Event event;
    event.set_cluster("search");
    event.set_tenant("shop");
    return event;
  }

  const Node& node() const { return cluster().nodes(0); }

  void intend_place(const std::string& volume) {
    auto event = about();
    auto& payload = *event.mutable_place_intended();
    payload.set_node("data-0");
    payload.mutable_place()->set_volume_id(volume);
    payload.set_reserve_operation(volume + "-reserve");
    payload.set_create_operation(volume + "-create");
    fold(event);
  }

  /// With a task on it.
  std::string begin_transient_place(const std::string& volume) {
    auto event = about();
    auto& payload = *event.mutable_place_intended();
    payload.set_node("data-0");
    payload.mutable_place()->set_volume_id(volume);
    payload.mutable_place()->set_agent_id("agent-1");
    payload.mutable_place()->set_transient(true);
    fold(event);
    return launch("agent-1");
  }

  void mesos_operation(const std::string& id, model::MesosOperationState what) {
    auto event = about();
    auto& payload = *event.mutable_mesos_operation_changed();
    payload.set_node("data-0");
    payload.set_mesos_operation(id);
    payload.set_state(what);
    fold(event);
  }

  std::string launch(const std::string& agent = {}) {
    auto event = about();
    const std::string id = model::task_id("search", "data-0", state.seq() + 1);
    event.mutable_task_launch_intended()->set_node("data-0");
    event.mutable_task_launch_intended()->set_task_id(id);
    event.mutable_task_launch_intended()->set_agent_id(agent);
    fold(event);
    return id;
  }

  void status(const std::string& task, model::TaskState what, const std::string& reason = {}) {
    auto event = about();
    event.mutable_task_status_changed()->set_node("data-0");
    event.mutable_task_status_changed()->set_task_id(task);
    event.mutable_task_status_changed()->set_state(what);
    event.mutable_task_status_changed()->set_reason(reason);
    fold(event);
  }

  void join(const std::string& task) {
    auto event = about();
    event.mutable_node_joined()->set_node("data-0");
    event.mutable_node_joined()->set_task_id(task);
    fold(event);
  }
};

TEST(EvolveNode, APlaceIsReservedWhenBothOperationsHaveFinished) {
  NodeStory story;
  story.intend_place("v1");
  EXPECT_EQ(story.node().place_status(), PLACE_STATUS_INTENDED);
  story.mesos_operation("v1-reserve", model::MESOS_OPERATION_STATE_PENDING);
  EXPECT_FALSE(story.node().reserve_finished());
  story.mesos_operation("v1-reserve", model::MESOS_OPERATION_STATE_FINISHED);
  EXPECT_TRUE(story.node().reserve_finished());
  EXPECT_FALSE(story.node().create_finished());
  story.mesos_operation("v1-create", model::MESOS_OPERATION_STATE_FINISHED);
  EXPECT_TRUE(story.node().create_finished());
  auto reserved = NodeStory::about();
  reserved.mutable_place_reserved()->set_node("data-0");
  reserved.mutable_place_reserved()->set_volume_id("v1");
  story.fold(reserved);
  EXPECT_EQ(story.node().place_status(), PLACE_STATUS_RESERVED);
}

TEST(EvolveNode, LateWordsAboutAnOldPlaceChangeNothing) {
  NodeStory story;
  story.intend_place("v1");
  story.intend_place("v2");
  auto reserved = NodeStory::about();
  reserved.mutable_place_reserved()->set_node("data-0");
  reserved.mutable_place_reserved()->set_volume_id("v1");
  story.fold(reserved);
  story.mesos_operation("v1-reserve", model::MESOS_OPERATION_STATE_FINISHED);
  EXPECT_EQ(story.node().place_status(), PLACE_STATUS_INTENDED);
  EXPECT_FALSE(story.node().reserve_finished());
  EXPECT_EQ(story.node().place().volume_id(), "v2");
}

TEST(EvolveNode, AFailedPlaceLeavesTheNodeWithoutOne) {
  NodeStory story;
  story.intend_place("v1");
  auto failed = NodeStory::about();
  failed.mutable_place_failed()->set_node("data-0");
  failed.mutable_place_failed()->set_volume_id("v1");
  story.fold(failed);
  EXPECT_FALSE(story.node().has_place());
  EXPECT_EQ(story.node().place_status(), PLACE_STATUS_NONE);
  EXPECT_TRUE(story.node().reserve_operation().empty());
}

TEST(EvolveNode, AReleaseThatFailedIsReservedAgain) {
  NodeStory story;
  story.intend_place("v1");
  auto releasing = NodeStory::about();
  auto& payload = *releasing.mutable_place_release_intended();
  payload.set_node("data-0");
  payload.set_volume_id("v1");
  payload.set_destroy_operation("d");
  payload.set_unreserve_operation("u");
  story.fold(releasing);
  EXPECT_EQ(story.node().place_status(), PLACE_STATUS_RELEASING);
  story.mesos_operation("d", model::MESOS_OPERATION_STATE_FINISHED);
  EXPECT_TRUE(story.node().destroy_finished());
  EXPECT_FALSE(story.node().unreserve_finished());
  auto failed = NodeStory::about();
  failed.mutable_place_release_failed()->set_node("data-0");
  failed.mutable_place_release_failed()->set_volume_id("v1");
  story.fold(failed);
  EXPECT_EQ(story.node().place_status(), PLACE_STATUS_RESERVED);
}

TEST(EvolveNode, ATaskRunsAndJoins) {
  NodeStory story;
  const std::string task = story.launch();
  EXPECT_EQ(story.node().task().state(), model::TASK_STATE_INTENDED);
  EXPECT_EQ(story.node().attempt(), 1U);
  story.status(task, model::TASK_STATE_RUNNING);
  story.join(task);
  EXPECT_TRUE(story.node().task().joined());
  EXPECT_TRUE(story.node().ever_joined());
}

TEST(EvolveNode, WordsAboutAnotherTaskChangeNothing) {
  NodeStory story;
  const std::string old = story.launch();
  const std::string task = story.launch();
  story.status(old, model::TASK_STATE_FAILED);
  story.join(old);
  EXPECT_EQ(story.node().task().task_id(), task);
  EXPECT_EQ(story.node().task().state(), model::TASK_STATE_INTENDED);
  EXPECT_FALSE(story.node().task().joined());
  EXPECT_EQ(story.node().failures(), 0U);
}

TEST(EvolveNode, ALateWordDoesNotReviveAnEndedTask) {
  NodeStory story;
  const std::string task = story.launch();
  story.status(task, model::TASK_STATE_FAILED);
  story.status(task, model::TASK_STATE_RUNNING);
  story.status(task, model::TASK_STATE_FAILED);
  EXPECT_EQ(story.node().task().state(), model::TASK_STATE_FAILED);
  EXPECT_EQ(story.node().failures(), 1U);
}

TEST(EvolveNode, AnUnreachableTaskMayComeBack) {
  NodeStory story;
  const std::string task = story.launch();
  story.status(task, model::TASK_STATE_RUNNING);
  story.status(task, model::TASK_STATE_UNREACHABLE);
  EXPECT_EQ(story.node().failures(), 0U);
  story.status(task, model::TASK_STATE_RUNNING);
  EXPECT_EQ(story.node().task().state(), model::TASK_STATE_RUNNING);
}

TEST(EvolveNode, FailuresInARowBackOffUpToFiveMinutes) {
  NodeStory story;
  const std::int64_t want_s[] = {0, 5, 10, 20, 40, 80, 160, 300, 300, 300};
  for (const std::int64_t wait_s : want_s) {
    story.status(story.launch(), model::TASK_STATE_FAILED);
    EXPECT_EQ(story.node().not_before_at_us() - to_us(story.now), wait_s * 1'000'000) << story.node().failures();
  }
}

TEST(EvolveNode, AFailureAfterAStableMinuteCountsFromOne) {
  NodeStory story;
  for (int i = 0; i < 4; ++i) story.status(story.launch(), model::TASK_STATE_FAILED);
  const std::string task = story.launch();
  story.join(task);
  story.now += seconds{60};
  story.status(task, model::TASK_STATE_FAILED);
  EXPECT_EQ(story.node().failures(), 1U);
}

TEST(EvolveNode, AKillThatWasIntendedIsNoFailure) {
  NodeStory story;
  const std::string task = story.launch();
  auto kill = NodeStory::about();
  kill.mutable_task_kill_intended()->set_node("data-0");
  kill.mutable_task_kill_intended()->set_task_id(task);
  story.fold(kill);
  EXPECT_TRUE(story.node().task().kill_intended());
  story.status(task, model::TASK_STATE_KILLED);
  EXPECT_EQ(story.node().failures(), 0U);
}

TEST(EvolveNode, ATransientPlaceEndsWithItsTask) {
  for (const auto last :
       {model::TASK_STATE_FINISHED, model::TASK_STATE_FAILED, model::TASK_STATE_KILLED, model::TASK_STATE_ERROR,
        model::TASK_STATE_DROPPED, model::TASK_STATE_GONE, model::TASK_STATE_GONE_BY_OPERATOR}) {
    NodeStory story;
    const std::string task = story.begin_transient_place("v1");
    EXPECT_EQ(story.node().place_status(), PLACE_STATUS_TRANSIENT);
    story.status(task, model::TASK_STATE_RUNNING);
    story.status(task, model::TASK_STATE_UNREACHABLE);
    EXPECT_EQ(story.node().place_status(), PLACE_STATUS_TRANSIENT) << "it may run on";
    story.status(task, last);
    EXPECT_EQ(story.node().place_status(), PLACE_STATUS_NONE) << last;
    EXPECT_FALSE(story.node().has_place());
    EXPECT_EQ(story.node().place_seq(), 0U);
    EXPECT_EQ(story.node().task().state(), last);
  }
}

TEST(EvolveNode, ALateWordDoesNotEndTheNextTransientPlace) {
  NodeStory story;
  const std::string first = story.begin_transient_place("v1");
  story.status(first, model::TASK_STATE_FAILED);
  story.begin_transient_place("v2");
  story.status(first, model::TASK_STATE_GONE_BY_OPERATOR);
  EXPECT_EQ(story.node().place().volume_id(), "v2");
  EXPECT_EQ(story.node().place_status(), PLACE_STATUS_TRANSIENT);
}

TEST(EvolveNode, AReservedPlaceOutlivesItsTask) {
  NodeStory story;
  story.intend_place("v1");
  auto reserved = NodeStory::about();
  reserved.mutable_place_reserved()->set_node("data-0");
  reserved.mutable_place_reserved()->set_volume_id("v1");
  story.fold(reserved);
  story.status(story.launch(), model::TASK_STATE_FAILED);
  EXPECT_EQ(story.node().place_status(), PLACE_STATUS_RESERVED);
}

TEST(EvolveNode, APreemptedTaskHasNotFailed) {
  NodeStory story;
  for (int i = 0; i < 5; ++i) {
    story.status(story.begin_transient_place("v" + std::to_string(i)), model::TASK_STATE_GONE,
                 "REASON_CONTAINER_PREEMPTED");
  }
  EXPECT_EQ(story.node().failures(), 0U);
  EXPECT_EQ(story.node().not_before_at_us(), 0);
  EXPECT_EQ(story.node().attempt(), 5U);
}

TEST(EvolveNode, AnAdoptedPlaceIsReservedAndTakesTheRoomOfOneThatNeverCameToBe) {
  NodeStory story;
  story.intend_place("v2");
  auto adopted = NodeStory::about();
  adopted.mutable_place_adopted()->set_node("data-0");
  adopted.mutable_place_adopted()->mutable_place()->set_volume_id("v1");
  adopted.mutable_place_adopted()->mutable_place()->set_agent_id("A2");
  const std::uint64_t seq = story.fold(adopted);
  EXPECT_EQ(story.node().place_status(), PLACE_STATUS_RESERVED);
  EXPECT_EQ(story.node().place().agent_id(), "A2");
  EXPECT_EQ(story.node().place_seq(), seq);
  EXPECT_EQ(story.node().reserve_operation(), "");
  story.mesos_operation("v2-reserve", model::MESOS_OPERATION_STATE_FINISHED);
  EXPECT_FALSE(story.node().reserve_finished()) << "a late word about the other place";
}

TEST(EvolveNode, AnAdoptedTaskIsTheNodesAndNoLaunchOfOurs) {
  NodeStory story;
  story.status(story.launch(), model::TASK_STATE_FAILED);
  const std::uint32_t attempts = story.node().attempt();
  auto adopted = NodeStory::about();
  adopted.mutable_task_adopted()->set_node("data-0");
  adopted.mutable_task_adopted()->set_task_id("search.data-0.task-99");
  adopted.mutable_task_adopted()->set_agent_id("A2");
  adopted.mutable_task_adopted()->set_state(model::TASK_STATE_RUNNING);
  const std::uint64_t seq = story.fold(adopted);
  EXPECT_EQ(story.node().task().task_id(), "search.data-0.task-99");
  EXPECT_EQ(story.node().task().state(), model::TASK_STATE_RUNNING);
  EXPECT_EQ(story.node().task().agent_id(), "A2");
  EXPECT_EQ(story.node().task().launch_seq(), seq);
  EXPECT_EQ(story.node().attempt(), attempts);
  story.join("search.data-0.task-99");
  EXPECT_TRUE(story.node().task().joined());
  story.status("search.data-0.task-99", model::TASK_STATE_FAILED);
  EXPECT_EQ(story.node().task().state(), model::TASK_STATE_FAILED);
}

/// It counts as one that was launched, and as one that may hold something.
TEST(EvolveNode, AnAdoptedTaskOfANodeThatTheLogNeverSawLaunchedCountsAsLaunched) {
  NodeStory story;
  ASSERT_EQ(story.node().attempt(), 0U);
  auto adopted = NodeStory::about();
  adopted.mutable_task_adopted()->set_node("data-0");
  adopted.mutable_task_adopted()->set_task_id("search.data-0.task-99.other");
  adopted.mutable_task_adopted()->set_agent_id("A2");
  adopted.mutable_task_adopted()->set_state(model::TASK_STATE_RUNNING);
  story.fold(adopted);
  EXPECT_EQ(story.node().attempt(), 1U);
  EXPECT_TRUE(story.node().ever_joined());
}

/// A node with a reserved place "v1" of 1000 milli-CPU, 1024 MiB memory and 2048 MiB disk that is to have twice the
/// memory and the disk.
struct GrowthStory : NodeStory {
  GrowthStory() {
    auto event = about();
    auto& payload = *event.mutable_place_intended();
    payload.set_node("data-0");
    *payload.mutable_place()->mutable_resources() = size(1000, 1024, 2048);
    payload.mutable_place()->set_volume_id("v1");
    fold(event);
    auto reserved = about();
    reserved.mutable_place_reserved()->set_node("data-0");
    reserved.mutable_place_reserved()->set_volume_id("v1");
    fold(reserved);
    auto growth = about();
    auto& intent = *growth.mutable_place_growth_intended();
    intent.set_node("data-0");
    intent.set_volume_id("v1");
    *intent.mutable_after() = size(1000, 2048, 4096);
    intent.set_reserve_operation("r");
    fold(growth);
  }

  static model::Resources size(std::uint32_t cpus, std::uint32_t mem, std::uint32_t disk) {
    model::Resources made;
    made.set_cpus_milli(cpus);
    made.set_mem_mib(mem);
    made.set_disk_mib(disk);
    return made;
  }

  void reserved(const std::string& volume = "v1") {
    auto event = about();
    event.mutable_place_growth_reserved()->set_node("data-0");
    event.mutable_place_growth_reserved()->set_volume_id(volume);
    fold(event);
  }

  void grow() {
    auto event = about();
    event.mutable_volume_growth_intended()->set_node("data-0");
    event.mutable_volume_growth_intended()->set_volume_id("v1");
    event.mutable_volume_growth_intended()->set_grow_operation("g");
    fold(event);
  }

  void grown(const model::Resources& resources) {
    auto event = about();
    event.mutable_place_grown()->set_node("data-0");
    event.mutable_place_grown()->set_volume_id("v1");
    *event.mutable_place_grown()->mutable_resources() = resources;
    fold(event);
  }

  void give_back() {
    auto event = about();
    auto& payload = *event.mutable_place_growth_release_intended();
    payload.set_node("data-0");
    payload.set_volume_id("v1");
    payload.set_unreserve_operation("u");
    payload.set_why("not wanted");
    fold(event);
  }

  void failed() {
    auto event = about();
    auto& payload = *event.mutable_place_growth_failed();
    payload.set_node("data-0");
    payload.set_volume_id("v1");
    *payload.mutable_after() = size(1000, 2048, 4096);
    payload.set_why("no room");
    fold(event);
  }
};

TEST(EvolveNode, APlaceGrowsStepByStepAndTheNodeWithIt) {
  GrowthStory story;
  EXPECT_EQ(story.node().growth().status(), GROWTH_STATUS_INTENDED);
  story.reserved("another");
  EXPECT_EQ(story.node().growth().status(), GROWTH_STATUS_INTENDED);
  story.reserved();
  EXPECT_EQ(story.node().growth().status(), GROWTH_STATUS_RESERVED);
  EXPECT_EQ(story.node().place().resources().mem_mib(), 1024U);
  story.grow();
  EXPECT_EQ(story.node().growth().status(), GROWTH_STATUS_GROWING);
  story.mesos_operation("g", model::MESOS_OPERATION_STATE_FINISHED);
  story.grown(GrowthStory::size(1000, 2048, 4096));
  EXPECT_FALSE(story.node().has_growth());
  EXPECT_EQ(story.node().resources().mem_mib(), 2048U);
  EXPECT_EQ(story.node().place().resources().disk_mib(), 4096U);
  EXPECT_EQ(story.node().place_status(), PLACE_STATUS_RESERVED);
}

TEST(EvolveNode, AVolumeThatDidNotGrowIsToBeGivenBackWithTheReason) {
  GrowthStory story;
  story.reserved();
  story.grow();
  story.mesos_operation("g", model::MESOS_OPERATION_STATE_UNREACHABLE);
  EXPECT_EQ(story.node().growth().status(), GROWTH_STATUS_GROWING);
  story.mesos_operation("another", model::MESOS_OPERATION_STATE_ERROR);
  EXPECT_EQ(story.node().growth().status(), GROWTH_STATUS_GROWING);
  story.mesos_operation("g", model::MESOS_OPERATION_STATE_ERROR);
  EXPECT_EQ(story.node().growth().status(), GROWTH_STATUS_REFUSED);
  story.give_back();
  EXPECT_EQ(story.node().growth().status(), GROWTH_STATUS_RELEASING);
  story.mesos_operation("u", model::MESOS_OPERATION_STATE_DROPPED);
  EXPECT_EQ(story.node().growth().status(), GROWTH_STATUS_REFUSED);
  EXPECT_EQ(story.node().growth().why(), "not wanted");
  story.give_back();
  story.failed();
  EXPECT_FALSE(story.node().has_growth());
  EXPECT_EQ(story.node().growth_refused().mem_mib(), 2048U);
  EXPECT_EQ(story.node().growth_refusal(), "no room");
  EXPECT_EQ(story.node().place().resources().mem_mib(), 1024U);
}

TEST(EvolveNode, ARefusedSizeIsForgottenWhenItIsAskedForAnew) {
  GrowthStory story;
  story.failed();
  auto other = NodeStory::about();
  other.mutable_node_group_resized()->set_group("another");
  story.fold(other);
  EXPECT_TRUE(story.node().has_growth_refused());
  auto again = NodeStory::about();
  again.mutable_node_group_resized()->set_group("data");
  story.fold(again);
  EXPECT_FALSE(story.node().has_growth_refused());
  EXPECT_EQ(story.node().growth_refusal(), "");
}

TEST(EvolveNode, ADiskThatWasTakenWholeStaysAsLargeAsItIs) {
  GrowthStory story;
  story.grown(GrowthStory::size(1000, 2048, 1500));
  EXPECT_EQ(story.node().resources().disk_mib(), 1500U);
  EXPECT_EQ(story.node().place().resources().disk_mib(), 2048U);
}

TEST(EvolveNode, ALostPlaceTakesItsGrowthAlong) {
  GrowthStory story;
  story.reserved();
  auto failed = NodeStory::about();
  failed.mutable_place_failed()->set_node("data-0");
  failed.mutable_place_failed()->set_volume_id("v1");
  failed.mutable_place_failed()->set_data_lost(true);
  story.fold(failed);
  EXPECT_FALSE(story.node().has_growth());
}

TEST(EvolveNode, DrainGoesFromBeganToFinished) {
  NodeStory story;
  auto began = NodeStory::about();
  began.mutable_drain_began()->set_node("data-0");
  story.fold(began);
  EXPECT_EQ(story.node().drain(), DRAIN_STATUS_BEGAN);
  auto finished = NodeStory::about();
  finished.mutable_drain_finished()->set_node("data-0");
  story.fold(finished);
  EXPECT_EQ(story.node().drain(), DRAIN_STATUS_FINISHED);
}

}  // namespace
}  // namespace esaas::state
