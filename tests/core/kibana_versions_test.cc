// Kibana is installed, and its cluster upgraded, only where the two work together.

#include "core/commands/kibana_versions.h"

#include <gtest/gtest.h>

#include "tests/core/requests.h"
#include "tests/core/story.h"

namespace esaas {
namespace {

using test::submit_json;

class KibanaVersions : public ::testing::Test {
 protected:
  /// "search" runs this version.
  void given(const std::string& version) {
    story_.given_search();
    story_.state.clusters.at("search").mutable_spec()->set_version(version);
  }
  [[nodiscard]] Result<std::vector<event::Event>> when(const std::string& request) const {
    return command::decide(
        story_.state, submit_json(request),
        {.now = story_.now, .caller = story_.caller, .next_seq = story_.state.seq() + 1, .kibanas = &known_});
  }
  void accept(const std::string& request) {
    const auto events = when(request);
    ASSERT_TRUE(events) << events.error().detail;
    for (const event::Event& event : *events) story_.fold(event);
  }
  void expect_refused(const std::string& request, const std::string& rule,
                      const std::vector<std::string>& named) const {
    const auto refused = when(request);
    ASSERT_FALSE(refused) << request;
    EXPECT_EQ(refused.error().rule, rule);
    EXPECT_EQ(refused.error().field, "version");
    for (const std::string& name : named) {
      EXPECT_NE(refused.error().detail.find(name), std::string::npos) << refused.error().detail;
    }
  }

  test::Story story_;
  command::Kibanas known_{{"5.1.1", "5.6.16"}, {"6.8.23", ""}};
};

TEST_F(KibanaVersions, WhatWorksTogetherIsInstalled) {
  given("5.6.16");
  EXPECT_TRUE(when(R"({"install_kibana":{}})")) << "the configuration's";
  EXPECT_TRUE(when(R"({"install_kibana":{"version":"5.1.1"}})"));
}

TEST_F(KibanaVersions, ARefusalNamesBoth) {
  given("5.6.16");
  expect_refused(R"({"install_kibana":{"version":"6.8.23"}})", "kibana_works_with_elasticsearch", {"6.8.23", "5.6.16"});
}

TEST_F(KibanaVersions, WhatTheConfigurationDoesNotHaveIsRefused) {
  given("2.3.3");
  expect_refused(R"({"install_kibana":{}})", "version_in_catalogue", {"2.3.3"});
  expect_refused(R"({"install_kibana":{"version":"4.5.4"}})", "version_in_catalogue", {"4.5.4"});
}

TEST_F(KibanaVersions, AnUpgradeThatWouldLeaveItBehindIsRefused) {
  given("5.6.16");
  accept(R"({"install_kibana":{}})");
  story_.finish_active("search");
  expect_refused(R"({"upgrade":{"version":"6.8.23"}})", "kibana_works_with_elasticsearch", {"5.1.1", "6.8.23"});
  accept(R"({"remove_kibana":{}})");
  story_.finish_active("search");
  EXPECT_TRUE(when(R"({"upgrade":{"version":"6.8.23"}})"));
}

TEST_F(KibanaVersions, AnUpgradeWithinTheMajorVersionTakesItAlong) {
  given("5.1.2");
  accept(R"({"install_kibana":{"version":"5.1.1"}})");
  story_.finish_active("search");
  EXPECT_TRUE(when(R"({"upgrade":{"version":"5.6.16"}})"));
}

TEST_F(KibanaVersions, AnUpgradeThatIsUnderWayCounts) {
  given("5.6.16");
  accept(R"({"upgrade":{"version":"6.8.23"}})");
  EXPECT_TRUE(when(R"({"install_kibana":{"version":"6.8.23"}})"));
  expect_refused(R"({"install_kibana":{"version":"5.1.1"}})", "kibana_works_with_elasticsearch", {"5.1.1", "6.8.23"});
}

}  // namespace
}  // namespace esaas
