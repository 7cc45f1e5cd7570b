// What agents lend: to whom, for what, and how it is taken back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reconcilers/embedded/driver.h"

namespace esaas::embedded::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

wire::FrameworkInfo thrifty(std::vector<std::string> roles = {"es-a"}) {
  wire::FrameworkInfo info = framework_info(std::move(roles));
  info.add_capabilities()->set_type(wire::FrameworkInfo::Capability::REVOCABLE_RESOURCES);
  return info;
}

wire::Resource lent(const std::string& name, double value, const std::string& role = "es-a") {
  wire::Resource resource = scalar(name, value, role);
  resource.mutable_revocable();
  return resource;
}

/// One agent of 4 cpus and 4096 MiB that lends 2 cpus and 1024 MiB besides.
class ModelRevocable : public ::testing::Test {
 protected:
  ModelRevocable() {
    AgentSpec spec = agent_spec(1);
    spec.revocable_cpus_milli = 2000;
    spec.revocable_mem_mib = 1024;
    driver.agent_ids.push_back(driver.model.add_agent(spec, driver.now).value());
  }

  /// A task on lent cpus and ordinary memory, which runs.
  void run_on_lent(const std::string& task, double cpus = 1) {
    driver.accept(driver.agent(1),
                  {ModelDriver::launch(task, driver.agent(1), {lent("cpus", cpus), scalar("mem", 100, "es-a")})});
    driver.report(task, wire::TASK_RUNNING);
  }

  std::int64_t milli_of(const Resources& resources, const std::string& name) const {
    const Resources revocable = resources.revocable();
    for (const auto& [key, item] : revocable.items()) {
      if (item.kind->name() == name) return item.milli;
    }
    return 0;
  }

  ModelDriver driver{0};
};

TEST_F(ModelRevocable, IsOfferedOnlyToWhomCanDoWithIt) {
  driver.subscribe();
  EXPECT_THAT(driver.offered(driver.agent(1)).revocable().items(), IsEmpty());
  EXPECT_EQ(driver.offered(driver.agent(1)).scalars().at("cpus"), 4000);
  ModelDriver& again = driver;
  again.subscribe(thrifty());
  EXPECT_EQ(milli_of(again.offered(again.agent(1)), "cpus"), 2000);
  EXPECT_EQ(milli_of(again.offered(again.agent(1)), "mem"), 1'024'000);
  EXPECT_EQ(again.offered(again.agent(1)).scalars().at("cpus"), 4000) << "beside what is not lent";
}

TEST_F(ModelRevocable, IsWrittenWithItsMark) {
  driver.subscribe(thrifty());
  const auto offer = driver.take(Event::OFFERS).back().offers().offers(0);
  int marked = 0;
  for (const auto& resource : offer.resources()) {
    if (!resource.has_revocable()) continue;
    ++marked;
    EXPECT_EQ(resource.allocation_info().role(), "es-a");
    EXPECT_TRUE(resource.reservations().empty());
  }
  EXPECT_EQ(marked, 2);
}

TEST_F(ModelRevocable, RunsTasks) {
  driver.subscribe(thrifty());
  run_on_lent("t1");
  EXPECT_THAT(driver.task_states(), ElementsAre("TASK_RUNNING"));
  EXPECT_EQ(milli_of(driver.offered(driver.agent(1)), "cpus"), 1000);
  EXPECT_EQ(driver.offered(driver.agent(1)).scalars().at("cpus"), 4000);
  driver.report("t1", wire::TASK_FINISHED);
  EXPECT_EQ(milli_of(driver.offered(driver.agent(1)), "cpus"), 2000);
}

TEST_F(ModelRevocable, IsNotMixedWithinATask) {
  driver.subscribe(thrifty());
  driver.accept(driver.agent(1),
                {ModelDriver::launch("t1", driver.agent(1), {lent("cpus", 1), scalar("cpus", 1, "es-a")})});
  const auto status = driver.one_update();
  EXPECT_EQ(status.state(), wire::TASK_ERROR);
  EXPECT_EQ(status.message(), "Cannot use both revocable and non-revocable 'cpus' at the same time");
}

TEST_F(ModelRevocable, IsNeverReserved) {
  driver.subscribe(thrifty());
  wire::Resource cpus = lent("cpus", 1);
  reserve_for(cpus, "es-a", "data-0");
  driver.accept(driver.agent(1), {ModelDriver::reserve({cpus}, "r1")});
  EXPECT_THAT(driver.one_operation_update().message(), HasSubstr("cannot be created from revocable resources"));
}

TEST_F(ModelRevocable, CountsAgainstNoQuota) {
  wire::master::Call call;
  call.set_type(wire::master::Call::UPDATE_QUOTA);
  auto* config = call.mutable_update_quota()->add_quota_configs();
  config->set_role("es-a");
  (*config->mutable_limits())["cpus"].set_value(1);
  ASSERT_TRUE(driver.model.operate(call, driver.now).has_value());
  driver.subscribe(thrifty());
  EXPECT_EQ(driver.offered(driver.agent(1)).scalars().at("cpus"), 1000);
  EXPECT_EQ(milli_of(driver.offered(driver.agent(1)), "cpus"), 2000);
  run_on_lent("t1", 2);
  EXPECT_EQ(driver.offered(driver.agent(1)).scalars().at("cpus"), 1000) << "what runs on lent cpus uses no quota";
}

TEST_F(ModelRevocable, IsPromisedToNobody) {
  wire::master::Call call;
  call.set_type(wire::master::Call::UPDATE_QUOTA);
  auto* config = call.mutable_update_quota()->add_quota_configs();
  config->set_role("es-a");
  (*config->mutable_guarantees())["cpus"].set_value(5);  // 4 and the 2 that are lent
  EXPECT_FALSE(driver.model.operate(call, driver.now).has_value());
}

TEST_F(ModelRevocable, IsTakenBackByEndingTheTask) {
  driver.subscribe(thrifty());
  run_on_lent("t1");
  driver.acknowledge_all();
  driver.take(Event::UPDATE);
  ASSERT_TRUE(driver.model.preempt({driver.framework_id, "t1"}, driver.now));
  driver.collect();
  ASSERT_EQ(driver.kills.size(), 1U);
  EXPECT_EQ(driver.kills[0].grace, Duration{0});
  EXPECT_THAT(driver.task_states(), IsEmpty()) << "the process has not ended yet";
  driver.report("t1", wire::TASK_KILLED);
  const auto status = driver.one_update();
  EXPECT_EQ(status.state(), wire::TASK_GONE);
  EXPECT_EQ(status.reason(), wire::TaskStatus::REASON_CONTAINER_PREEMPTED);
  EXPECT_EQ(status.source(), wire::TaskStatus::SOURCE_AGENT);
  EXPECT_FALSE(status.uuid().empty()) << "it is to be acknowledged";
  EXPECT_EQ(milli_of(driver.offered(driver.agent(1)), "cpus"), 2000);
}

TEST_F(ModelRevocable, IsTakenBackAsALossFromWhomDoesNotKnowMore) {
  wire::FrameworkInfo info = thrifty();
  info.clear_capabilities();
  using Capability = wire::FrameworkInfo::Capability;
  for (const auto type :
       {Capability::MULTI_ROLE, Capability::RESERVATION_REFINEMENT, Capability::REVOCABLE_RESOURCES}) {
    info.add_capabilities()->set_type(type);
  }
  driver.subscribe(info);
  run_on_lent("t1");
  driver.acknowledge_all();
  ASSERT_TRUE(driver.model.preempt({driver.framework_id, "t1"}, driver.now));
  driver.report("t1", wire::TASK_KILLED);
  const auto status = driver.one_update();
  EXPECT_EQ(status.state(), wire::TASK_LOST);
  EXPECT_EQ(status.reason(), wire::TaskStatus::REASON_CONTAINER_PREEMPTED);
  EXPECT_EQ(milli_of(driver.offered(driver.agent(1)), "cpus"), 2000);
}

TEST_F(ModelRevocable, OnlyWhatUsesItCanBePreempted) {
  driver.subscribe(thrifty());
  driver.run_task("t1", driver.agent(1));
  EXPECT_FALSE(driver.model.preempt({driver.framework_id, "t1"}, driver.now));
  EXPECT_FALSE(driver.model.preempt({driver.framework_id, "nobody"}, driver.now));
  run_on_lent("t2");
  driver.report("t2", wire::TASK_FAILED);
  EXPECT_FALSE(driver.model.preempt({driver.framework_id, "t2"}, driver.now));
}

TEST_F(ModelRevocable, SurvivesARestart) {
  driver.subscribe(thrifty());
  run_on_lent("t1");
  const State state = driver.model.state();
  auto restored = MesosModel::restore({}, state, driver.now);
  ASSERT_TRUE(restored.has_value());
  AgentSpec spec = agent_spec(1);
  spec.revocable_cpus_milli = 500;  // less than is in use
  EXPECT_FALSE(restored->add_agent(spec, driver.now).has_value());
  spec.revocable_cpus_milli = 1000;
  ASSERT_TRUE(restored->add_agent(spec, driver.now).has_value());
  EXPECT_EQ(milli_of(restored->agents()[0].used, "cpus"), 1000);
  EXPECT_EQ(milli_of(restored->agents()[0].total, "cpus"), 1000);
  ASSERT_TRUE(restored->preempt({driver.framework_id, "t1"}, driver.now));
}

}  // namespace
}  // namespace esaas::embedded::testing
