// Which version may follow which.
#include "core/model/version.h"

#include <gtest/gtest.h>

namespace esaas {
namespace {

using model::UpgradeKind;

struct Case {
  const char* from;
  const char* to;
  UpgradeKind kind;
  const char* rule;
};

class UpgradePath : public testing::TestWithParam<Case> {};

TEST_P(UpgradePath, IsAsElasticsearchSupportsIt) {
  const Case& tested = GetParam();
  const model::UpgradePath path = model::upgrade_path(tested.from, tested.to);
  EXPECT_EQ(path.kind, tested.kind) << path.why;
  EXPECT_EQ(path.rule, tested.rule) << path.why;
  EXPECT_FALSE(path.why.empty());
}

INSTANTIATE_TEST_SUITE_P(Table, UpgradePath,
                         testing::Values(Case{"2.3.3", "2.4.6", UpgradeKind::kRolling, ""},
                                         Case{"2.4.5", "2.4.6", UpgradeKind::kRolling, ""},
                                         Case{"2.4.6", "5.6.16", UpgradeKind::kFullRestart, ""},
                                         Case{"2.3.3", "5.0.0", UpgradeKind::kFullRestart, ""},
                                         Case{"2.4.6", "6.8.23", UpgradeKind::kRefused, "supported_upgrade"},
                                         Case{"5.0.0", "5.6.16", UpgradeKind::kRolling, ""},
                                         Case{"5.6.16", "6.8.23", UpgradeKind::kRolling, ""},
                                         Case{"5.5.3", "6.8.23", UpgradeKind::kRefused, "supported_upgrade"},
                                         Case{"5.6.16", "7.17.28", UpgradeKind::kRefused, "supported_upgrade"},
                                         Case{"6.0.0", "6.8.23", UpgradeKind::kRolling, ""},
                                         Case{"6.8.23", "7.17.28", UpgradeKind::kRolling, ""},
                                         Case{"6.7.2", "7.17.28", UpgradeKind::kRefused, "supported_upgrade"},
                                         Case{"7.0.0", "7.17.28", UpgradeKind::kRolling, ""},
                                         Case{"7.17.28", "8.10.2", UpgradeKind::kRefused, "supported_upgrade"},
                                         Case{"1.7.6", "2.4.6", UpgradeKind::kRefused, "supported_upgrade"},
                                         Case{"2.4.6", "2.3.3", UpgradeKind::kRefused, "no_downgrade"},
                                         Case{"7.17.28", "6.8.23", UpgradeKind::kRefused, "no_downgrade"},
                                         Case{"2.3.3", "2.3.3", UpgradeKind::kRefused, "changes_something"},
                                         Case{"2.3.3", "newest", UpgradeKind::kRefused, "version_is_known"},
                                         Case{"2.3.3", "2.4", UpgradeKind::kRefused, "version_is_known"}));

TEST(UpgradePath, ARefusalSaysWhereAWayLeads) {
  const std::string why = model::upgrade_path("5.5.3", "6.8.23").why;
  EXPECT_NE(why.find("6.x (from 5.6 on)"), std::string::npos) << why;
}

TEST(KibanaWorksWith, TheSameMajorAndNoOlderMinorVersion) {
  EXPECT_TRUE(model::kibana_works_with("5.1.1", "5.1.1"));
  EXPECT_TRUE(model::kibana_works_with("5.1.2", "5.1.0")) << "an older patch";
  EXPECT_TRUE(model::kibana_works_with("5.1.1", "5.6.16"));
  EXPECT_FALSE(model::kibana_works_with("5.1.1", "5.0.2"));
  EXPECT_FALSE(model::kibana_works_with("5.1.1", "6.8.23"));
  EXPECT_FALSE(model::kibana_works_with("5.1.1", "2.4.6"));
  EXPECT_FALSE(model::kibana_works_with("6.8.23", "5.6.16"));
  EXPECT_TRUE(model::kibana_works_with("7.17.28", "7.17.28"));
}

TEST(KibanaWorksWith, FourWithTwo) {
  EXPECT_TRUE(model::kibana_works_with("4.5.4", "2.3.3"));
  EXPECT_TRUE(model::kibana_works_with("4.2.0", "2.4.6"));
  EXPECT_FALSE(model::kibana_works_with("4.6.6", "2.3.3"));
  EXPECT_FALSE(model::kibana_works_with("4.1.11", "2.3.3"));
  EXPECT_FALSE(model::kibana_works_with("4.6.6", "5.6.16"));
  EXPECT_FALSE(model::kibana_works_with("2.3.3", "2.3.3")) << "there is no such Kibana";
}

TEST(KibanaWorksWith, WhatIsNoVersionWorksWithNothing) {
  EXPECT_FALSE(model::kibana_works_with("newest", "5.6.16"));
  EXPECT_FALSE(model::kibana_works_with("5.1.1", ""));
}

TEST(ParseVersion, TakesThreeNumbersAndNothingElse) {
  EXPECT_EQ(model::parse_version("7.17.28"), (model::Version{7, 17, 28}));
  for (const char* text : {"", "7", "7.17", "7.17.", "7.17.28-SNAPSHOT", "7.17.28.1", ".1.2", "7..2", "a.b.c", "-1.0.0",
                           "99999999999.0.0", " 7.1.2"}) {
    EXPECT_FALSE(model::parse_version(text)) << text;
  }
  EXPECT_LT(*model::parse_version("2.4.6"), *model::parse_version("2.10.0")) << "as numbers, not as text";
}

}  // namespace
}  // namespace esaas
