// What belongs to the whole fleet: terms, framework, orphans; and that evolve is total.
#include <google/protobuf/descriptor.h>

#include "tests/core/story.h"

namespace esaas::state {
namespace {

using test::Story;

TEST(EvolveFleet, KeepsTermAndFramework) {
  Story story;
  event::Event started;
  started.mutable_controller_started()->set_term(3);
  story.fold(started);
  event::Event registered;
  registered.mutable_framework_registered()->set_framework_id("fw-1");
  story.fold(registered);
  event::Event stopped;
  stopped.mutable_framework_stopped()->set_reason("torn down");
  story.fold(stopped);
  EXPECT_EQ(story.state.head.leader_term(), 3U);
  EXPECT_EQ(story.state.head.framework_id(), "fw-1");
  EXPECT_EQ(story.state.head.framework_stopped(), "torn down");
}

struct Word {
  model::MesosOperationState state;
  bool last;
};

class OrphanRelease : public testing::TestWithParam<Word> {};

TEST_P(OrphanRelease, EndsWithTheLastWordOnItsUnreserve) {
  Story story;
  event::Event intended;
  intended.mutable_orphan_release_intended()->set_volume_id("v1");
  intended.mutable_orphan_release_intended()->set_unreserve_operation("u1");
  story.fold(intended);
  ASSERT_EQ(story.state.head.orphan_releases_size(), 1);
  event::Event changed;
  changed.mutable_mesos_operation_changed()->set_mesos_operation("u1");
  changed.mutable_mesos_operation_changed()->set_state(GetParam().state);
  story.fold(changed);
  EXPECT_EQ(story.state.head.orphan_releases_size(), GetParam().last ? 0 : 1);
}

INSTANTIATE_TEST_SUITE_P(States, OrphanRelease,
                         testing::Values(Word{model::MESOS_OPERATION_STATE_PENDING, false},
                                         Word{model::MESOS_OPERATION_STATE_RECOVERING, false},
                                         Word{model::MESOS_OPERATION_STATE_UNREACHABLE, false},
                                         Word{model::MESOS_OPERATION_STATE_FINISHED, true},
                                         Word{model::MESOS_OPERATION_STATE_FAILED, true},
                                         Word{model::MESOS_OPERATION_STATE_DROPPED, true},
                                         Word{model::MESOS_OPERATION_STATE_GONE_BY_OPERATOR, true}));

class FoundQuota : public testing::Test {
 protected:
  FoundQuota() {
    event::Event created;
    created.mutable_tenant_created()->set_name("shop");
    story_.fold(created);
  }
  void find(std::uint64_t expected, std::uint64_t found) {
    event::Event event;
    event.mutable_tenant_quota_found()->set_name("shop");
    event.mutable_tenant_quota_found()->mutable_expected()->mutable_limit()->set_cpus_milli(expected);
    event.mutable_tenant_quota_found()->mutable_found()->mutable_limit()->set_cpus_milli(found);
    story_.fold(event);
  }
  [[nodiscard]] const Tenant& shop() const { return *story_.state.find_tenant("shop"); }
  Story story_;
};

TEST_F(FoundQuota, IsThereUntilOursIsApplied) {
  find(1000, 2000);
  EXPECT_EQ(shop().quota_found().limit().cpus_milli(), 2000U);
  event::Event applied;
  applied.mutable_tenant_quota_applied()->set_name("shop");
  story_.fold(applied);
  EXPECT_FALSE(shop().has_quota_found());
}

TEST_F(FoundQuota, IsThereUntilOursIsFound) {
  find(1000, 2000);
  find(1000, 1000);
  EXPECT_FALSE(shop().has_quota_found());
}

TEST_F(FoundQuota, ThatIsAbsentIsNotThatItIsZero) {
  event::Event event;
  event.mutable_tenant_quota_found()->set_name("shop");
  event.mutable_tenant_quota_found()->mutable_expected();
  event.mutable_tenant_quota_found()->mutable_found()->mutable_limit()->set_mem_mib(0);
  story_.fold(event);
  EXPECT_TRUE(shop().has_quota_found());
}

TEST(EvolveFleet, TokensAreSortedAndReplacedById) {
  Story story;
  for (const char* id : {"tok-b", "tok-a", "tok-b"}) {
    event::Event issued;
    issued.mutable_token_issued()->set_token_id(id);
    story.fold(issued);
  }
  ASSERT_EQ(story.state.head.tokens_size(), 2);
  EXPECT_EQ(story.state.head.tokens(0).token_id(), "tok-a");
  EXPECT_EQ(story.state.find_token("tok-b")->issued_seq(), 3U);
}

TEST(EvolveFleet, EveryPayloadFoldsIntoEveryState) {
  const auto* oneof = event::Event::descriptor()->FindOneofByName("payload");
  for (const bool with_cluster : {false, true}) {
    Story story;
    if (with_cluster) story.given_search();
    for (int i = 0; i < oneof->field_count(); ++i) {
      event::Event event;
      event.set_cluster("search");
      event.GetReflection()->MutableMessage(&event, oneof->field(i));
      const std::uint64_t before = story.state.seq();
      EXPECT_EQ(story.fold(event), before + 1);
      EXPECT_EQ(story.state.seq(), before + 1) << oneof->field(i)->name();
    }
  }
}

TEST(EvolveFleetDeathTest, AGapInTheLogIsImpossible) {
  FleetState state;
  event::Event event;
  event.set_seq(2);
  event.mutable_controller_started();
  EXPECT_DEATH(evolve(state, event), "in order and without a gap");
}

}  // namespace
}  // namespace esaas::state
