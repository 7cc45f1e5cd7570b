#include "reconcilers/effects/mesos/live_framework.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconcilers/effects/mesos/resources.h"

namespace esaas::mesos {
namespace {

using Frameworks = wire::master::Response::GetFrameworks;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

wire::FrameworkInfo info(const std::string& name, const std::string& principal, const std::string& id = {}) {
  FrameworkSpec spec;
  spec.name = name;
  spec.principal = principal;
  spec.id = id;
  return framework_info(spec);
}

Frameworks::Framework& add(Frameworks& frameworks, const std::string& id) {
  auto& framework = *frameworks.add_frameworks();
  *framework.mutable_framework_info() = info("esaas", "p", id);
  framework.set_active(false);
  framework.set_connected(false);
  framework.set_recovered(false);
  return framework;
}

TEST(LiveFramework, IsOneOfTheSameNameAndPrincipalThatUsesSomething) {
  const auto ours = info("esaas", "p");
  Frameworks frameworks;
  EXPECT_EQ(live_framework_like(ours, frameworks), std::nullopt);
  add(frameworks, "fw-idle");
  EXPECT_EQ(live_framework_like(ours, frameworks), std::nullopt) << "a start that went no further than SUBSCRIBE";
  *add(frameworks, "fw-live").add_allocated_resources() = scalar_resource("cpus", 1, "es-shop");
  EXPECT_EQ(live_framework_like(ours, frameworks), "fw-live");
  EXPECT_EQ(live_framework_like(info("esaas", "another"), frameworks), std::nullopt);
  EXPECT_EQ(live_framework_like(info("esaas-test", "p"), frameworks), std::nullopt);
}

TEST(LiveFramework, IsOneThatAMasterKnowsFromItsAgentsAlone) {
  Frameworks frameworks;
  add(frameworks, "fw-recovered").set_recovered(true);
  EXPECT_EQ(live_framework_like(info("esaas", "p"), frameworks), "fw-recovered");
}

TEST(LiveFramework, IsNoneThatIsCompleted) {
  Frameworks frameworks;
  auto& completed = *frameworks.add_completed_frameworks();
  completed = add(frameworks, "fw-torn-down");
  *completed.add_allocated_resources() = scalar_resource("cpus", 1, "es-shop");
  frameworks.clear_frameworks();
  EXPECT_EQ(live_framework_like(info("esaas", "p"), frameworks), std::nullopt);
}

TEST(LiveFramework, IsNamedWithBothWaysOut) {
  const std::string why = why_not_beside("fw-7", info("esaas", "p"));
  EXPECT_THAT(why, HasSubstr("framework fw-7"));
  EXPECT_THAT(why, HasSubstr("framework_id = \"fw-7\""));
  EXPECT_THAT(why, HasSubstr("TEARDOWN"));
  EXPECT_THAT(why, HasSubstr("kept, and not given back"));
}

TEST(TakenOverFramework, IsOneThatTheMasterListsAsOursWithTasksOrWithout) {
  Frameworks frameworks;
  add(frameworks, "fw-other");
  add(frameworks, "fw-idle");
  EXPECT_EQ(why_not_taken_over(info("esaas", "p", "fw-idle"), frameworks), std::nullopt);
  frameworks.mutable_frameworks(1)->set_recovered(true);
  EXPECT_EQ(why_not_taken_over(info("esaas", "p", "fw-idle"), frameworks), std::nullopt);
}

TEST(TakenOverFramework, IsNoneThatTheMasterDoesNotList) {
  Frameworks frameworks;
  const auto mistyped = info("esaas", "p", "fw-mistyped");
  EXPECT_THAT(why_not_taken_over(mistyped, frameworks).value_or(""),
              AllOf(HasSubstr("framework_id = \"fw-mistyped\""), HasSubstr("not known"), HasSubstr("lists none")));
  add(frameworks, "fw-1");
  *add(frameworks, "fw-2").mutable_framework_info() = info("esaas", "another", "fw-2");
  *add(frameworks, "fw-3").mutable_framework_info() = info("marathon", "p", "fw-3");
  EXPECT_THAT(why_not_taken_over(mistyped, frameworks).value_or(""),
              AllOf(HasSubstr("lists fw-1 and fw-2 of principal \"another\" under the name \"esaas\""),
                    Not(HasSubstr("fw-3"))));
}

TEST(TakenOverFramework, IsNoneOfAnotherNameOrPrincipal) {
  Frameworks frameworks;
  add(frameworks, "fw-1");
  EXPECT_THAT(why_not_taken_over(info("esaas-test", "p", "fw-1"), frameworks).value_or(""),
              HasSubstr("name \"esaas\" and principal \"p\", and ours are \"esaas-test\" and \"p\""));
  EXPECT_THAT(why_not_taken_over(info("esaas", "another", "fw-1"), frameworks).value_or(""),
              HasSubstr("name \"esaas\" and principal \"p\", and ours are \"esaas\" and \"another\""));
}

TEST(TakenOverFramework, IsNoneThatIsCompleted) {
  Frameworks frameworks;
  *frameworks.add_completed_frameworks() = add(frameworks, "fw-torn-down");
  frameworks.clear_frameworks();
  EXPECT_THAT(why_not_taken_over(info("esaas", "p", "fw-torn-down"), frameworks).value_or(""), HasSubstr("torn down"));
}

}  // namespace
}  // namespace esaas::mesos
