// The audit by any combination of its filters: always what a look at every event finds, with indexes and while the log
// lacks them.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/state/fleet_state.h"
#include "store/log/audit_words.h"
#include "store/log/memory_event_log.h"
#include "store/log/user_actions.h"
#include "store/log/words.h"
#include "store/snapshots/recovery.h"
#include "store/views/audit_view.h"
#include "store/views/operation_view.h"
#include "tests/store/log_without_indexes.h"
#include "tests/store/sample_events.h"

namespace esaas::store {
namespace {

class AuditQueries : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(log_.append(samples_.batch(50)));
    fail_some_operations();
    auto cursor = log_.read(1);
    ASSERT_TRUE(cursor);
    for (;;) {
      const auto event = (*cursor)->next();
      ASSERT_TRUE(event);
      if (*event == nullptr) break;
      if (is_user_action(**event)) actions_.push_back(**event);
    }
    auto recovered = recover(log_, nullptr);
    ASSERT_TRUE(recovered);
    fleet_ = std::move(recovered->fleet);
  }

  /// Half of what is open ends badly, and says why.
  void fail_some_operations() {
    const auto recovered = recover(log_, nullptr);
    ASSERT_TRUE(recovered);
    bool skip = false;
    for (const auto& [id, operation] : recovered->fleet.operations) {
      skip = !skip;
      if (skip) continue;
      auto event = testing::plain_event(log_.last_seq() + 1, log_.last_time_at_us());
      event.set_operation_id(id);
      event.set_cluster(operation.cluster());
      event.mutable_operation_finished()->set_id(id);
      event.mutable_operation_finished()->set_status(model::OPERATION_STATUS_FAILED);
      event.mutable_operation_finished()->set_detail("磁盘空间不足: no space left");
      ASSERT_TRUE(log_.append({{event}, {}}));
    }
  }

  std::string outcome_of_action(const event::Event& event) {
    if (const auto at_once = outcome_at_once(event); !at_once.empty()) return std::string(at_once);
    return std::string(name_of(OperationView(log_).find(event.operation_id())->status()));
  }

  std::vector<std::uint64_t> looked_for(const AuditQuery& query) {
    std::vector<std::uint64_t> seqs;
    for (const auto& event : actions_) {
      const auto same = [](const auto& wanted, const auto& value) { return wanted.empty() || wanted == value; };
      if (!same(query.user, event.actor().name()) || !same(query.tenant, event.tenant()) ||
          !same(query.cluster, event.cluster()) || !same(query.action, std::string(action_of(event)))) {
        continue;
      }
      if (query.from && from_us(event.time_at_us()) < *query.from) continue;
      if (query.to && from_us(event.time_at_us()) >= *query.to) continue;
      if (!same(query.outcome, outcome_of_action(event))) continue;
      auto words = words_of_action(event);
      if (event.has_operation_requested())
        append_words(OperationView(log_).find(event.operation_id())->detail(), words);
      std::ranges::sort(words);
      if (std::ranges::includes(words, words_to_find(query.text))) seqs.push_back(event.seq());
    }
    if (query.newest_first) std::ranges::reverse(seqs);
    return seqs;
  }

  AuditQuery random_query(std::mt19937& random) {
    const auto one_in = [&](unsigned n) { return random() % n == 0; };
    const auto& sample = actions_[random() % actions_.size()];
    AuditQuery query;
    if (one_in(3)) query.user = sample.actor().name();
    if (one_in(3)) query.tenant = sample.tenant();
    if (one_in(4)) query.cluster = sample.cluster();
    if (one_in(3)) query.action = std::string(action_of(sample));
    if (one_in(3))
      query.outcome = std::vector<std::string>{"queued", "running", "succeeded", "failed", "done"}[random() % 5];
    if (one_in(4))
      query.text = std::vector<std::string>{"search", "不足", "data 3", "no space", "磁", "CREATE"}[random() % 6];
    if (one_in(5)) query.from = from_us(actions_[random() % actions_.size()].time_at_us());
    if (one_in(5)) query.to = from_us(actions_[random() % actions_.size()].time_at_us());
    query.newest_first = one_in(2);
    query.limit = 1 + random() % 40;
    for (const auto& [id, operation] : fleet_.operations) {
      if (name_of(operation.status()) == query.outcome) query.open_requests.push_back(operation.requested_seq());
    }
    return query;
  }

  void expect_found(const EventLog& log, AuditQuery query, const std::vector<std::uint64_t>& wanted) {
    std::vector<std::uint64_t> found;
    do {
      const auto page = AuditView(log).list(query);
      ASSERT_TRUE(page) << page.error().detail;
      EXPECT_EQ(page->count, wanted.size());
      EXPECT_TRUE(page->is_count_exact);
      EXPECT_LE(page->entries.size(), query.limit);
      for (const auto& entry : page->entries) found.push_back(entry.seq);
      query.cursor = page->next_cursor;
    } while (query.cursor != 0);
    EXPECT_EQ(found, wanted) << "user " << query.user << ", tenant " << query.tenant << ", cluster " << query.cluster
                             << ", action " << query.action << ", outcome " << query.outcome << ", text " << query.text;
  }

  testing::SampleEvents samples_{5, 9};
  MemoryEventLog log_;
  state::FleetState fleet_;
  std::vector<event::Event> actions_;
};

TEST_F(AuditQueries, FindWhatALookAtEveryEventFinds) {
  std::mt19937 random(7);
  std::size_t found = 0;
  for (int i = 0; i < 300; ++i) {
    const AuditQuery query = random_query(random);
    const auto wanted = looked_for(query);
    found += wanted.size();
    expect_found(log_, query, wanted);
    if (HasFailure()) return;
  }
  EXPECT_GT(found, 500U) << "queries that find nothing show nothing";
}

TEST_F(AuditQueries, FindTheSameWhileTheLogLacksItsIndexes) {
  const testing::LogWithoutIndexes log(log_);
  std::mt19937 random(8);
  for (int i = 0; i < 100; ++i) {
    const AuditQuery query = random_query(random);
    expect_found(log, query, looked_for(query));
    if (HasFailure()) return;
  }
}

TEST_F(AuditQueries, AreCountedExactlyToAThousandAndThenAtLeast) {
  MemoryEventLog log;
  for (std::uint64_t seq = 1; seq <= kAuditCountMax + 1; ++seq) {
    auto event = testing::plain_event(seq);
    event.mutable_actor()->set_kind(event::ACTOR_KIND_USER);
    event.mutable_actor()->set_name("admin");
    event.mutable_tenant_created()->set_name("t" + std::to_string(seq));
    ASSERT_TRUE(log.append({{event}, {}}));
    if (seq < kAuditCountMax) continue;
    const auto page = AuditView(log).list({.user = "admin", .limit = 1});
    ASSERT_TRUE(page);
    EXPECT_EQ(page->count, kAuditCountMax);
    EXPECT_EQ(page->is_count_exact, seq == kAuditCountMax);
  }
}

TEST_F(AuditQueries, OfAWordThatNothingHasFindNothing) {
  EXPECT_TRUE(AuditView(log_).list({.text = "nosuchword"})->entries.empty());
  EXPECT_EQ(AuditView(log_).list({.text = "nosuchword"})->count, 0U);
}

}  // namespace
}  // namespace esaas::store
