// Stored logs under this program's reconcilers, and under other policies.

#include "reconcilers/what_if.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "reconcilers/what_if_policies.h"
#include "store/log/record_codec.h"
#include "store/views/sentence.h"
#include "tests/store/log_fixture.h"
#include "tests/store/stored_logs.h"

namespace esaas::reconcile {
namespace {

namespace fs = std::filesystem;

using store::testing::stored_logs;

const fs::path kFolder = store::testing::stored_logs_folder();

std::vector<event::Event> events_of(const std::string& name) {
  std::vector<event::Event> events;
  const auto fixture = store::testing::load(kFolder / name);
  EXPECT_TRUE(fixture) << fixture.error().detail;
  for (std::uint64_t seq = 1; seq <= fixture->records.size(); ++seq) {
    EXPECT_TRUE(store::decode_record(fixture->records[seq - 1], seq, events.emplace_back()));
  }
  return events;
}

struct Told {
  std::vector<std::string> findings;
  std::uint64_t decisions = 0;
  std::uint64_t same = 0;
  std::uint64_t not_judged = 0;
};

Told ask(const std::vector<event::Event>& events, std::uint64_t since = 1, std::uint64_t until = UINT64_MAX) {
  Told told;
  const Settings settings;
  WhatIf what_if(settings, since, until, [&](const WhatIf::Finding& finding) {
    told.findings.push_back(std::to_string(finding.seq) + (finding.is_besides ? " besides: " : " not: ") +
                            store::sentence(finding.decision));
  });
  for (const event::Event& event : events) what_if.take(event);
  what_if.finish();
  told.decisions = what_if.decisions();
  told.same = what_if.same();
  for (const auto& [what, count] : what_if.not_judged()) told.not_judged += count;
  return told;
}

class WhatIfOfStoredLog : public ::testing::TestWithParam<std::string> {};

TEST_P(WhatIfOfStoredLog, DecidesWhatFollowsFromTheStateAsItWasDecided) {
  const Told told = ask(events_of(GetParam()));
  EXPECT_EQ(told.findings, std::vector<std::string>{});
  EXPECT_GT(told.same, 0U);
  EXPECT_EQ(told.same + told.not_judged + told.findings.size(), told.decisions) << "each decision is counted once";
}

INSTANTIATE_TEST_SUITE_P(Stored, WhatIfOfStoredLog, ::testing::ValuesIn(stored_logs()), [](const auto& test) {
  std::string name = test.param;
  std::ranges::replace_if(name, [](char c) { return c == '/' || c == '-'; }, '_');
  return name;
});

TEST(WhatIf, NamesADecisionThatItWouldNotMakeAndTheOneThatItWould) {
  auto events = events_of("format-1/life-cycle");
  const auto added = std::ranges::find_if(events, [](const event::Event& event) { return event.has_node_added(); });
  ASSERT_NE(added, events.end());
  const std::string real = added->node_added().node();
  added->mutable_node_added()->set_node("data-77");
  const std::uint64_t seq = added->seq();
  const Told told = ask(events, seq, seq);
  ASSERT_GE(told.findings.size(), 2U);
  EXPECT_EQ(told.findings[0].find(std::to_string(seq) + " not: "), 0U) << told.findings[0];
  EXPECT_NE(told.findings[0].find("data-77"), std::string::npos) << told.findings[0];
  EXPECT_NE(told.findings[1].find(real), std::string::npos) << told.findings[1];
}

TEST(WhatIf, JudgesOnlyTheRange) {
  const auto events = events_of("format-1/life-cycle");
  EXPECT_EQ(ask(events, events.size() + 1).decisions, 0U);
  EXPECT_LT(ask(events, 1, events.size() / 2).decisions, ask(events).decisions);
}

/// A log of one cluster, as far as policies look at it.
class PolicyLog : public ::testing::Test {
 protected:
  event::Event& add(std::int64_t second) {
    event::Event& event = events_.emplace_back();
    event.set_seq(events_.size());
    event.set_time_at_us(second * 1'000'000);
    event.set_cluster("search");
    event.set_tenant("shop");
    return event;
  }
  void SetUp() override {
    auto& created = *add(0).mutable_cluster_created();
    created.set_name("search");
    created.set_tenant("shop");
    add(10).mutable_cluster_bootstrapped();
    health(20, 3, 30);
    health(50, 3, 9);
    add(100).mutable_node_added()->set_node("data-9");
  }
  void health(std::int64_t second, std::uint32_t data_nodes, std::uint32_t shards) {
    auto& after = *add(second).mutable_cluster_health_changed()->mutable_after();
    after.set_status(model::HEALTH_STATUS_GREEN);
    after.set_data_nodes(data_nodes);
    after.set_active_shards(shards);
  }
  WhatIfPolicies ask(const model::Policies& policies, const std::string& tenant = "") {
    WhatIfPolicies what_if({{tenant, policies}}, 1, UINT64_MAX);
    for (const event::Event& event : events_) what_if.take(event);
    what_if.finish();
    return what_if;
  }

  std::vector<event::Event> events_;
};

TEST_F(PolicyLog, MoreShardsThanNodesMayHoldIsABreach) {
  model::Policies policies;
  policies.set_shards_per_node_max(5);
  policies.set_correct(true);
  const auto what_if = ask(policies);
  ASSERT_EQ(what_if.breaches().size(), 1U);
  EXPECT_EQ(what_if.breaches()[0].from_seq, 3U);
  EXPECT_EQ(what_if.breaches()[0].to_seq, 4U);
  EXPECT_TRUE(what_if.breaches()[0].is_corrected);
  EXPECT_FALSE(what_if.breaches()[0].was_held);
  policies.set_shards_per_node_max(10);
  EXPECT_TRUE(ask(policies).breaches().empty()) << "10 on each of 3";
  policies.set_shards_per_node_max(1);
  EXPECT_TRUE(ask(policies, "other").breaches().empty()) << "another tenant's";
}

TEST_F(PolicyLog, WhatAHoldSaysIsJudgedAndTheRestCounted) {
  auto& hold = *add(110).mutable_hold_began();
  hold.set_rule("policy_replicas_min");
  for (const auto& [name, value] : {std::pair{"replicas_min", "1"}, {"indices", "4"}}) {
    auto& figure = *hold.add_basis();
    figure.set_name(name);
    figure.set_value(value);
  }
  model::Policies policies;
  policies.set_replicas_min(2);
  const auto what_if = ask(policies);
  ASSERT_EQ(what_if.breaches().size(), 1U);
  EXPECT_TRUE(what_if.breaches()[0].was_held);
  EXPECT_EQ(what_if.not_judged(), 2U) << "one for each answer about health";
}

TEST_F(PolicyLog, SnapshotsAreDueEverySoOftenOnceTheClusterHasFormed) {
  model::Policies policies;
  policies.mutable_snapshots()->set_every_s(30);
  const auto what_if = ask(policies);
  EXPECT_EQ(what_if.snapshots().at("search").due, 4U) << "at 10, 40, 70 and 100 s";
  EXPECT_EQ(what_if.snapshots().at("search").taken, 0U);
}

}  // namespace
}  // namespace esaas::reconcile
