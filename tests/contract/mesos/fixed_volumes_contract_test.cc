// An agent without the capability RESIZE_VOLUME: its volumes stay as large as they are, and a master says so. The real
// master's agents are those of CMakeLists.txt here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/contract/mesos/masters.h"

namespace esaas::contract {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class FixedVolumes : public MasterTest {
 protected:
  [[nodiscard]] std::vector<embedded::AgentSpec> agents() const override {
    embedded::AgentSpec spec = embedded::testing::agent_spec(1);
    spec.resizes_volumes = false;
    return {spec};
  }
};

TEST_P(FixedVolumes, AVolumeIsNotGrownAndBothItAndWhatWasToBeAddedStay) {
  auto ours = framework();
  const auto offer = ours->take_offer(1);
  ASSERT_TRUE(offer);
  const auto disk = [&](double mib) { return reserved(scalar("disk", mib, role_), role_, "n1"); };
  ours->accept(*offer, {reserve({disk(192)}, "r1"), create(volume(disk(128), "v1"), "c1")});
  ASSERT_EQ(ours->next_operation("r1")->state(), wire::OPERATION_FINISHED);
  ASSERT_EQ(ours->next_operation("c1")->state(), wire::OPERATION_FINISHED);
  const auto whole = [&](const wire::Offer& each) { return sum(each, "disk", true) == 192; };
  auto shown = ours->take_offer(0.1, whole);
  ASSERT_TRUE(shown);
  Operation grow;
  grow.set_type(Operation::GROW_VOLUME);
  grow.mutable_id()->set_value("g1");
  *grow.mutable_grow_volume()->mutable_volume() = volume(disk(128), "v1");
  *grow.mutable_grow_volume()->mutable_addition() = disk(64);
  ours->accept(*shown, {grow});
  const auto refused = ours->next_operation("g1");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->state(), wire::OPERATION_ERROR);
  EXPECT_THAT(refused->message(), AllOf(HasSubstr("Volume disk(allocated: "),
                                        HasSubstr(" cannot be grown on an agent without RESIZE_VOLUME capability; on "
                                                  "agent ")));
  shown = ours->take_offer(0.1, whole);
  ASSERT_TRUE(shown);
  ours->accept(*shown, {destroy(volume(disk(128), "v1"), "d1"), unreserve({disk(192)}, "u1")});
  EXPECT_EQ(ours->next_operation("d1")->state(), wire::OPERATION_FINISHED);
  EXPECT_EQ(ours->next_operation("u1")->state(), wire::OPERATION_FINISHED);
}

INSTANTIATE_TEST_SUITE_P(Masters, FixedVolumes, kMasters, name_of_master);

}  // namespace
}  // namespace esaas::contract
