#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/events/event_kind.h"
#include "core/state/fleet_state.h"
#include "store/log/memory_event_log.h"
#include "store/snapshots/recovery.h"
#include "store/views/audit_view.h"
#include "store/views/operation_view.h"
#include "store/views/sentence.h"
#include "store/views/time_search.h"
#include "store/views/trace_view.h"
#include "tests/store/sample_events.h"

namespace esaas::store {
namespace {

using testing::plain_event;
using testing::SampleEvents;

class Views : public ::testing::Test {
 protected:
  void grow(std::size_t count) {
    events_ = samples_.take(count);
    for (std::size_t i = 0; i < count; i += 50) {
      const auto first = events_.begin() + static_cast<long>(i);
      const auto last = events_.begin() + static_cast<long>(std::min(i + 50, count));
      ASSERT_TRUE(log_.append({{first, last}, {}}));
    }
  }
  /// The seqs of all pages.
  std::vector<std::uint64_t> audit_seqs(AuditQuery query) {
    std::vector<std::uint64_t> seqs;
    do {
      const auto page = AuditView(log_).list(query);
      EXPECT_TRUE(page) << page.error().detail;
      for (const auto& entry : page->entries) seqs.push_back(entry.seq);
      query.cursor = page->next_cursor;
    } while (query.cursor != 0);
    return seqs;
  }
  std::vector<std::uint64_t> requests(auto predicate) {
    std::vector<std::uint64_t> seqs;
    for (const auto& event : events_) {
      if (event.has_operation_requested() && predicate(event)) seqs.push_back(event.seq());
    }
    return seqs;
  }
  static std::vector<std::uint64_t> reversed(std::vector<std::uint64_t> seqs) {
    std::ranges::reverse(seqs);
    return seqs;
  }

  SampleEvents samples_{11, 8};
  std::vector<event::Event> events_;
  MemoryEventLog log_;
};

TEST_F(Views, AuditPagesBothWaysWithoutGapsOrRepeats) {
  grow(3000);
  const auto all = requests([](const auto&) { return true; });
  ASSERT_GT(all.size(), 40U);
  EXPECT_EQ(audit_seqs({.newest_first = true, .limit = 7}), reversed(all));
  EXPECT_EQ(audit_seqs({.newest_first = false, .limit = 7}), all);
}

TEST_F(Views, AuditFiltersByEveryField) {
  grow(3000);
  const auto& sample = events_[static_cast<std::size_t>(requests([](const auto&) { return true; })[9] - 1)];
  const auto& cluster = sample.cluster();
  EXPECT_EQ(audit_seqs({.user = "token-3", .newest_first = false}),
            requests([](const auto& event) { return event.actor().name() == "token-3"; }));
  EXPECT_EQ(audit_seqs({.cluster = cluster, .newest_first = false}),
            requests([&](const auto& event) { return event.cluster() == cluster; }));
  EXPECT_EQ(audit_seqs({.tenant = "team-1", .newest_first = false}),
            requests([](const auto& event) { return event.tenant() == "team-1"; }));
  const auto deletes = requests([](const auto& event) { return event.operation_requested().request().has_delete_(); });
  EXPECT_FALSE(deletes.empty());
  EXPECT_EQ(audit_seqs({.action = "delete", .newest_first = false}), deletes);
  EXPECT_EQ(audit_seqs({.text = "SEARCH for", .newest_first = false}),
            requests([](const auto& event) { return !event.operation_requested().reason().empty(); }));
  EXPECT_EQ(audit_seqs({.text = "2000 cpus_milli", .newest_first = false}),
            requests([](const auto& event) { return event.operation_requested().request().has_create(); }));
  EXPECT_TRUE(audit_seqs({.text = "no such words"}).empty());
  EXPECT_TRUE(audit_seqs({.user = "token-3", .cluster = "nowhere"}).empty());
}

TEST_F(Views, AuditFiltersByTime) {
  grow(2000);
  const auto from = from_us(events_[500].time_at_us());
  const auto to = from_us(events_[1500].time_at_us());
  EXPECT_EQ(audit_seqs({.from = from, .to = to, .newest_first = false, .limit = 3}), requests([&](const auto& event) {
              return from_us(event.time_at_us()) >= from && from_us(event.time_at_us()) < to;
            }));
  EXPECT_TRUE(audit_seqs({.to = from_us(1)}).empty());
  EXPECT_TRUE(audit_seqs({.from = from_us(events_.back().time_at_us() + 1)}).empty());
}

TEST_F(Views, AuditJoinsTheOutcome) {
  grow(3000);
  const auto recovered = recover(log_, nullptr);
  std::size_t open = 0;
  AuditQuery query{.limit = 500};
  const auto page = AuditView(log_).list(query);
  for (const auto& entry : page->entries) {
    const auto* operation = recovered->fleet.find_operation(entry.operation_id);
    if (operation == nullptr) {
      EXPECT_EQ(entry.outcome, "succeeded") << entry.operation_id;
      EXPECT_GT(entry.finished_at_us, entry.at_us);
    } else {
      ++open;
      EXPECT_EQ(entry.outcome, name_of(operation->status())) << entry.operation_id;
      EXPECT_EQ(entry.finished_at_us, 0);
    }
  }
  EXPECT_GT(open, 0U);
  EXPECT_EQ(audit_seqs({.outcome = "succeeded"}).size() + open, page->entries.size());
}

TEST_F(Views, AuditShowsTenantsTokensAndCancelsButNeverAHash) {
  std::vector<event::Event> events;
  const auto by_user = [&]() -> event::Event& {
    events.push_back(plain_event(events.size() + 1));
    events.back().mutable_actor()->set_kind(event::ACTOR_KIND_USER);
    events.back().mutable_actor()->set_name("admin");
    return events.back();
  };
  by_user().mutable_tenant_created()->set_name("shop");
  by_user().mutable_token_issued()->set_token_id("token-9");
  events.back().mutable_token_issued()->set_hash(std::string(32, '\x7f'));
  by_user().mutable_token_revoked()->set_token_id("token-9");
  by_user().mutable_operation_paused()->set_id("op-1");
  by_user().mutable_operation_continued()->set_id("op-1");
  auto& cancelled = *by_user().mutable_operation_finished();
  cancelled.set_id("op-1");
  cancelled.set_status(model::OPERATION_STATUS_CANCELLED);
  cancelled.set_detail("cancelled by admin");
  ASSERT_TRUE(log_.append({events, {}}));
  const auto page = AuditView(log_).list({.newest_first = false});
  std::vector<std::string> actions;
  for (const auto& entry : page->entries) {
    actions.push_back(entry.action);
    EXPECT_EQ(entry.outcome, "done");
    EXPECT_FALSE(entry.request.contains("hash"));
  }
  EXPECT_EQ(actions,
            (std::vector<std::string>{"create_tenant", "issue_token", "revoke_token", "pause", "continue", "cancel"}));
  EXPECT_EQ(page->entries.back().detail, "cancelled by admin");
  EXPECT_TRUE(audit_seqs({.text = "7f7f7f"}).empty());
}

TEST_F(Views, OperationIsTheFoldThatTheControllerHad) {
  grow(1500);
  state::FleetState fleet;
  std::map<std::string, state::Operation> finished;
  for (const auto& event : events_) {
    if (event.has_operation_finished()) finished[event.operation_id()] = *fleet.find_operation(event.operation_id());
    state::evolve(fleet, event);
  }
  ASSERT_FALSE(finished.empty());
  const OperationView view(log_);
  for (auto& [id, before] : finished) {
    const auto operation = view.find(id);
    ASSERT_TRUE(operation) << id;
    EXPECT_EQ(operation->status(), model::OPERATION_STATUS_SUCCEEDED);
    EXPECT_GT(operation->finished_at_us(), 0);
    before.set_status(operation->status());
    before.set_finished_at_us(operation->finished_at_us());
    EXPECT_EQ(operation->SerializeAsString(), before.SerializeAsString()) << id;
  }
  for (const auto& [id, operation] : fleet.operations) {
    EXPECT_EQ(view.find(id)->SerializeAsString(), operation.SerializeAsString()) << id;
  }
  EXPECT_EQ(view.find("op-nowhere").error().code, ErrorCode::kNotFound);
}

TEST_F(Views, AnOperationThatWasPausedManyTimesBeforeItStartedIsRunning) {
  std::vector<event::Event> events;
  const auto add = [&]() -> event::Event& {
    events.push_back(testing::plain_event(events.size() + 1));
    events.back().clear_payload();
    events.back().set_operation_id("op-1");
    events.back().set_cluster("search");
    return events.back();
  };
  add().mutable_operation_requested()->set_id("op-1");
  for (int i = 0; i < 20; ++i) {
    add().mutable_operation_paused()->set_id("op-1");
    add().mutable_operation_continued()->set_id("op-1");
  }
  ASSERT_TRUE(log_.append({events, {}}));
  const auto outcome = [&] {
    const auto page = AuditView(log_).list({.action = "unknown", .cluster = "search"});
    return page && page->entries.size() == 1 ? page->entries[0].outcome : std::string("not one entry");
  };
  EXPECT_EQ(outcome(), "queued");
  events.clear();
  events.push_back(testing::plain_event(42));
  events.back().set_operation_id("op-1");
  events.back().mutable_operation_started()->set_id("op-1");
  ASSERT_TRUE(log_.append({events, {}}));
  EXPECT_EQ(outcome(), "running");
}

TEST_F(Views, AnOperationFulfilledAtOnceIsFoundEverywhereByItsOneEvent) {
  grow(20);
  auto event = testing::plain_event(21);
  event.set_time_at_us(events_.back().time_at_us() + 1);
  event.set_operation_id("op-21");
  event.set_cluster("search");
  event.mutable_actor()->set_kind(event::ACTOR_KIND_USER);
  event.mutable_actor()->set_name("token-9");
  auto& requested = *event.mutable_operation_requested();
  requested.set_id("op-21");
  requested.mutable_request()->mutable_label()->add_labels()->set_key("team");
  requested.mutable_fulfilment();
  ASSERT_TRUE(log_.append({{event}, {}}));

  const auto operation = OperationView(log_).find("op-21");
  ASSERT_TRUE(operation) << operation.error().detail;
  EXPECT_EQ(operation->status(), model::OPERATION_STATUS_SUCCEEDED);
  EXPECT_EQ(operation->finished_at_us(), event.time_at_us());
  const auto finished = OperationView(log_).finished({.cluster = "search", .limit = 1});
  ASSERT_TRUE(finished);
  ASSERT_EQ(finished->operations.size(), 1U);
  EXPECT_EQ(finished->operations[0].id(), "op-21");
  const auto trace = TraceView(log_).trace("op-21");
  ASSERT_TRUE(trace);
  ASSERT_EQ(trace->nodes.size(), 1U);
  EXPECT_EQ(trace->nodes[0].sentence, "Operation op-21 (label) was asked for and fulfilled at once.");
  const auto audit = AuditView(log_).list({.user = "token-9", .cluster = "search"});
  ASSERT_TRUE(audit);
  ASSERT_EQ(audit->entries.size(), 1U);
  EXPECT_EQ(audit->entries[0].outcome, "succeeded");
  EXPECT_EQ(audit->entries[0].finished_at_us, event.time_at_us());
  EXPECT_EQ(TraceView(log_).trace("op-20").error().code, ErrorCode::kNotFound) << "event 20 is no request";
}

TEST_F(Views, FinishedOperationsComeInPagesNewestFirst) {
  grow(4000);
  std::vector<std::string> ids;
  std::set<std::string> ended;
  for (const auto& event : events_) {
    if (event.has_operation_finished()) ended.insert(event.operation_id());
  }
  for (std::size_t i = events_.size(); i-- > 0;) {
    if (events_[i].has_operation_requested() && ended.contains(events_[i].operation_id()))
      ids.push_back(events_[i].operation_id());
  }
  std::vector<std::string> paged;
  FinishedQuery query;
  query.limit = 5;
  do {
    const auto page = OperationView(log_).finished(query);
    ASSERT_TRUE(page);
    EXPECT_LE(page->operations.size(), 5U);
    for (const auto& operation : page->operations) paged.push_back(operation.id());
    query.before_seq = page->next_before_seq;
  } while (query.before_seq != 0);
  EXPECT_EQ(paged, ids);
  const auto of_team = OperationView(log_).finished({.tenant = "team-1", .limit = 500});
  for (const auto& operation : of_team->operations) EXPECT_EQ(operation.tenant(), "team-1");
  EXPECT_FALSE(of_team->operations.empty());
  FinishedQuery failed;
  failed.status = model::OPERATION_STATUS_FAILED;
  EXPECT_TRUE(OperationView(log_).finished(failed)->operations.empty());
}

TEST_F(Views, TraceHangsEachEventBelowItsCause) {
  std::vector<event::Event> events;
  const auto add = [&](std::uint64_t cause, std::int64_t second) -> event::Event& {
    events.push_back(plain_event(events.size() + 1, second * 1'000'000));
    events.back().set_operation_id("op-1");
    events.back().set_cause_seq(cause);
    events.back().set_tenant("shop");
    events.back().set_cluster("logs");
    return events.back();
  };
  add(0, 0).mutable_operation_requested()->set_id("op-1");
  add(1, 1).mutable_operation_started()->set_id("op-1");
  add(2, 2).mutable_task_launch_intended()->set_node("data-0");
  add(2, 3).mutable_task_launch_intended()->set_node("data-1");
  add(3, 9).mutable_node_joined()->set_node("data-0");
  add(99, 10).mutable_operation_finished()->set_id("op-1");
  ASSERT_TRUE(log_.append({events, {}}));
  const auto trace = TraceView(log_).trace("op-1");
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->tenant, "shop");
  EXPECT_EQ(trace->roots, (std::vector<std::size_t>{0}));
  EXPECT_EQ(trace->nodes[0].children, (std::vector<std::size_t>{1}));
  EXPECT_EQ(trace->nodes[1].children, (std::vector<std::size_t>{2, 3, 5}));
  EXPECT_EQ(trace->nodes[0].duration_us, 10'000'000);
  EXPECT_EQ(trace->nodes[2].duration_us, 7'000'000);
  EXPECT_EQ(trace->nodes[3].duration_us, 7'000'000);
  EXPECT_EQ(to_text(*trace),
            "+0us  Operation op-1 was asked for.  (10.0s, started after 1.0s)  #1\n"
            "+1.0s    Operation op-1 started.  (9.0s)  #2\n"
            "+2.0s      Task  of node data-0 is to be launched.  (7.0s)  #3\n"
            "+9.0s        Node data-0 joined the cluster.  #5\n"
            "+3.0s      Task  of node data-1 is to be launched.  (7.0s so far)  #4\n"
            "+10.0s      Operation op-1 ended: unknown.  #6\n");
  EXPECT_EQ(TraceView(log_).trace("op-2").error().code, ErrorCode::kNotFound);
}

TEST_F(Views, TraceIsBounded) {
  std::vector<event::Event> events;
  for (std::uint64_t seq = 1; seq <= kTraceNodesMax + 1; ++seq) {
    events.push_back(plain_event(seq));
    events.back().set_operation_id("op-1");
    events.back().set_cause_seq(seq - 1);  // a chain as deep as it is long
  }
  ASSERT_TRUE(log_.append({events, {}}));
  const auto trace = TraceView(log_).trace("op-1");
  EXPECT_EQ(trace->nodes.size(), kTraceNodesMax);
  EXPECT_TRUE(trace->truncated);
  EXPECT_NE(to_text(*trace).find("only the first"), std::string::npos);
}

TEST(Sentence, IsThereForEveryPayload) {
  const auto* descriptor = event::Event::descriptor();
  const auto* payloads = descriptor->FindOneofByName("payload");
  for (int i = 0; i < payloads->field_count(); ++i) {
    event::Event event;
    event.GetReflection()->MutableMessage(&event, payloads->field(i));
    const auto text = sentence(event);
    EXPECT_GT(text.size(), 10U) << payloads->field(i)->name();
    EXPECT_TRUE(text.ends_with('.')) << text;
  }
}

TEST_F(Views, TimeSearchFindsTheFirstEventOfAMoment) {
  EXPECT_EQ(first_seq_at(log_, from_us(5)), 1U);
  std::vector<event::Event> events;
  for (const std::int64_t at : {10, 10, 20, 30, 30, 30}) events.push_back(plain_event(events.size() + 1, at));
  ASSERT_TRUE(log_.append({events, {}}));
  EXPECT_EQ(first_seq_at(log_, from_us(0)), 1U);
  EXPECT_EQ(first_seq_at(log_, from_us(10)), 1U);
  EXPECT_EQ(first_seq_at(log_, from_us(11)), 3U);
  EXPECT_EQ(first_seq_at(log_, from_us(30)), 4U);
  EXPECT_EQ(first_seq_at(log_, from_us(31)), 7U);
}

}  // namespace
}  // namespace esaas::store
