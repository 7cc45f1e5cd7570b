// GROW_VOLUME on both masters: a volume takes in the disk that is reserved beside it and stays the same volume, and is
// refused whatever it can not take in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/contract/mesos/masters.h"

namespace esaas::contract {
namespace {

using ::testing::HasSubstr;

Operation grow(const wire::Resource& volume, const wire::Resource& addition, const std::string& id) {
  Operation result;
  result.set_type(Operation::GROW_VOLUME);
  result.mutable_id()->set_value(id);
  *result.mutable_grow_volume()->mutable_volume() = volume;
  *result.mutable_grow_volume()->mutable_addition() = addition;
  return result;
}

class VolumeGrowth : public MasterTest {
 protected:
  [[nodiscard]] std::vector<embedded::AgentSpec> agents() const override { return {embedded::testing::agent_spec(1)}; }

  [[nodiscard]] wire::Resource disk(double mib, const std::string& label = "n1") const {
    return reserved(scalar("disk", mib, role_), role_, label);
  }
  /// Of the agent, with this much reserved disk.
  std::optional<wire::Offer> offer_with(Framework& ours, double disk_mib) const {
    return ours.take_offer(0.1, [&](const wire::Offer& each) {
      return each.agent_id().value() == agent_ && sum(each, "disk", true) == disk_mib;
    });
  }
  /// A volume "v1" of 128 MiB with 64 beside it, both reserved alike.
  void prepare(Framework& ours) {
    const auto offer = ours.take_offer(1);
    ASSERT_TRUE(offer);
    agent_ = offer->agent_id().value();
    ours.accept(*offer, {reserve({disk(192)}, "r1"), create(volume(disk(128), "v1"), "c1")});
    ASSERT_EQ(ours.next_operation("r1")->state(), wire::OPERATION_FINISHED);
    ASSERT_EQ(ours.next_operation("c1")->state(), wire::OPERATION_FINISHED);
  }
  /// The next ones, of that many operations, by id.
  static std::map<std::string, wire::OperationStatus> statuses(Framework& ours, std::size_t count) {
    std::map<std::string, wire::OperationStatus> seen;
    while (seen.size() < count) {
      const auto event = ours.next([](const Event& each) { return each.type() == Event::UPDATE_OPERATION_STATUS; });
      if (!event) {
        ADD_FAILURE() << seen.size() << " of " << count << " operations are told of";
        break;
      }
      const auto& status = event->update_operation_status().status();
      seen[status.operation_id().value()] = status;
    }
    return seen;
  }
  void give_back(Framework& ours, const wire::Offer& offer, double volume_mib, double beside) {
    std::vector<wire::Resource> all = {disk(volume_mib)};
    if (beside > 0) all.push_back(disk(beside));
    ours.accept(offer, {destroy(volume(disk(volume_mib), "v1"), "d1"), unreserve(all, "u1")});
    EXPECT_EQ(ours.next_operation("d1")->state(), wire::OPERATION_FINISHED);
    EXPECT_EQ(ours.next_operation("u1")->state(), wire::OPERATION_FINISHED);
  }

  std::string agent_;
};

TEST_P(VolumeGrowth, TakesInReservedDiskAndStaysTheSameVolume) {
  auto ours = framework();
  prepare(*ours);
  auto offer = offer_with(*ours, 192);
  ASSERT_TRUE(offer);
  if (!is_embedded()) {  // the embedded one runs no processes here
    // The disk beside it too, so that all of it comes back in one offer.
    ours->accept(*offer,
                 {launch(*offer, "writes",
                         {scalar("cpus", 0.1, role_), scalar("mem", 32, role_), volume(disk(128), "v1"), disk(64)},
                         "echo kept > data/mark")});
    ASSERT_TRUE(ours->next_status("writes", wire::TASK_FINISHED));
    offer = offer_with(*ours, 192);
    ASSERT_TRUE(offer);
  }
  ours->accept(*offer, {grow(volume(disk(128), "v1"), disk(64), "g1"),
                        destroy(volume(disk(192), "v1"), "at-once")});  // no use in the same call
  auto told = statuses(*ours, 2);
  EXPECT_EQ(told["g1"].state(), wire::OPERATION_FINISHED) << told["g1"].message();
  EXPECT_EQ(told["g1"].uuid().value().size(), 16U);
  EXPECT_EQ(told["at-once"].state(), wire::OPERATION_ERROR);
  offer = offer_with(*ours, 192);
  ASSERT_TRUE(offer);
  std::vector<double> volumes;
  for (const auto& each : offer->resources()) {
    if (each.disk().persistence().id() == "v1") volumes.push_back(each.scalar().value());
  }
  EXPECT_THAT(volumes, ::testing::ElementsAre(192));
  if (!is_embedded()) {
    ours->accept(*offer, {launch(*offer, "reads",
                                 {scalar("cpus", 0.1, role_), scalar("mem", 32, role_), volume(disk(192), "v1")},
                                 "grep kept data/mark")});
    EXPECT_TRUE(ours->next_status("reads", wire::TASK_FINISHED)) << "what was in the volume is gone";
    offer = offer_with(*ours, 192);
    ASSERT_TRUE(offer);
  }
  give_back(*ours, *offer, 192, 0);
}

TEST_P(VolumeGrowth, IsRefusedWhatItCanNotTakeIn) {
  auto ours = framework();
  prepare(*ours);
  const auto offer = offer_with(*ours, 192);
  ASSERT_TRUE(offer);
  const wire::Resource whole = volume(disk(128), "v1");
  const std::vector<std::pair<Operation, std::string>> refused = {
      {grow(whole, disk(65), "more-than-offered"), "Invalid GROW_VOLUME operation: "},
      {grow(volume(disk(100), "v1"), disk(64), "another-size"), "Invalid GROW_VOLUME operation: "},
      {grow(whole, disk(0), "nothing"), ""},
      {grow(whole, scalar("disk", 64, role_), "unreserved"),
       "Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields; on agent "},
      {grow(whole, disk(64, "n2"), "of-another-node"),
       "Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields; on agent "},
      {grow(disk(128), disk(64), "no-volume"), "Invalid persistent volume in the 'GrowVolume.volume' field: "}};
  std::vector<Operation> operations;
  for (const auto& [operation, text] : refused) operations.push_back(operation);
  ours->accept(*offer, operations);
  auto seen = statuses(*ours, refused.size());
  for (const auto& [operation, text] : refused) {
    const std::string& id = operation.id().value();
    EXPECT_EQ(seen[id].state(), wire::OPERATION_ERROR) << id;
    EXPECT_THAT(seen[id].message(), HasSubstr(text)) << id;
  }
  const auto unchanged = offer_with(*ours, 192);
  ASSERT_TRUE(unchanged);
  give_back(*ours, *unchanged, 128, 64);
}

INSTANTIATE_TEST_SUITE_P(Masters, VolumeGrowth, kMasters, name_of_master);

}  // namespace
}  // namespace esaas::contract
