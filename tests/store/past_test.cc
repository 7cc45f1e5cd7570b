// The log and the fleet as they were: any past state is the fold of the events up to it, whatever was kept of it.

#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>
#include <vector>

#include "store/log/memory_event_log.h"
#include "store/log/past_log.h"
#include "store/snapshots/past_states.h"
#include "store/views/audit_view.h"
#include "store/views/moment.h"
#include "store/views/operation_view.h"
#include "store/views/state_diff.h"
#include "store/views/usage_view.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::store {
namespace {

namespace fs = std::filesystem;
using testing::plain_event;
using testing::SampleEvents;

class Past : public ::testing::Test {
 protected:
  void grow(std::size_t count) {
    const auto more = samples_.take(count);
    ASSERT_TRUE(log_.append({more, {}}));
    events_.insert(events_.end(), more.begin(), more.end());
  }
  /// The fold of the first `seq` events.
  state::FleetState fold(std::uint64_t seq) const {
    state::FleetState state;
    for (std::uint64_t i = 0; i < seq; ++i) state::evolve(state, events_[i]);
    return state;
  }
  std::unique_ptr<PastStates> open(std::uint64_t distance = 100) {
    PastStatesOptions options;
    options.directory = directory_.path() / "past";
    options.distance = distance;
    auto states = PastStates::open(log_, options);
    EXPECT_TRUE(states) << states.error().detail;
    return std::move(*states);
  }
  static void keep_all(PastStates& states) {
    for (;;) {
      const auto kept = states.keep_next();
      ASSERT_TRUE(kept) << kept.error().detail;
      if (!*kept) return;
    }
  }
  void expect_folds(PastStates& states, std::uint32_t seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 25; ++i) {
      const std::uint64_t seq = 1 + random() % events_.size();
      const auto state = states.at(seq);
      ASSERT_TRUE(state) << state.error().detail;
      EXPECT_EQ(state::encode(**state), state::encode(fold(seq))) << seq;
    }
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(directory_.path())) {
      if (entry.is_regular_file()) found.push_back(entry.path());
    }
    return found;
  }

  SampleEvents samples_{7, 12};
  std::vector<event::Event> events_;
  MemoryEventLog log_;
  testing::TempDirectory directory_;
};

TEST_F(Past, AStateIsTheFoldOfTheEventsUpToIt) {
  grow(1'500);
  const auto unkept = *PastStates::open(log_, {});
  expect_folds(*unkept, 1);
  EXPECT_FALSE(*unkept->keep_next()) << "there is no place to keep one";
  const auto states = open(200);
  keep_all(*states);
  EXPECT_EQ(states->kept_seq(), 1'400U);
  EXPECT_EQ(files().size(), 7U);
  expect_folds(*states, 2);
  grow(250);
  EXPECT_TRUE(*states->keep_next());
  EXPECT_FALSE(*states->keep_next());
  expect_folds(*states, 3);
  expect_folds(*open(), 4);
}

TEST_F(Past, KeptStatesTakeABoundedPartOfTheDisk) {
  grow(1'500);
  const auto states = open(1);
  keep_all(*states);
  std::uint64_t bytes = 0;
  std::uint64_t largest = 0;
  for (const fs::path& file : files()) {
    bytes += fs::file_size(file);
    largest = std::max(largest, fs::file_size(file));
  }
  EXPECT_LE(bytes, 1'500 * PastStates::kBytesPerEvent + largest);
  EXPECT_GT(files().size(), 5U);
}

TEST_F(Past, NoStateIsOfNoEvent) {
  grow(10);
  const auto states = open();
  EXPECT_EQ(states->at(0).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(states->at(11).error().code, ErrorCode::kNotFound);
  EXPECT_EQ((*states->at(10))->seq(), 10U);
}

TEST_F(Past, ABrokenOneIsPassedOver) {
  grow(1'000);
  keep_all(*open());
  int broken = 0;
  for (const fs::path& file : files()) {
    if (++broken % 2 == 0) continue;
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(60);
    stream.put('\x7f');
  }
  const auto states = open();
  expect_folds(*states, 5);
}

TEST_F(Past, WhatAnotherLogLeftIsNotUsed) {
  grow(500);
  keep_all(*open());
  MemoryEventLog other;
  SampleEvents samples(99, 12);
  const auto events = samples.take(700);
  ASSERT_TRUE(other.append({events, {}}));
  PastStatesOptions options;
  options.directory = directory_.path() / "past";
  options.distance = 100;
  const auto states = *PastStates::open(other, options);
  EXPECT_EQ(states->kept_seq(), 0U);
  state::FleetState whole;
  for (const auto& event : events) state::evolve(whole, event);
  EXPECT_EQ(state::encode(**states->at(700)), state::encode(whole));
}

TEST_F(Past, StatesOfAnotherFoldAreRemoved) {
  fs::create_directories(directory_.path() / "past" / "version-0");
  std::ofstream(directory_.path() / "past" / "version-0" / "100.state") << "old";
  grow(10);
  open();
  EXPECT_FALSE(fs::exists(directory_.path() / "past" / "version-0"));
}

TEST_F(Past, WhatIsTooFarFromAKeptStateIsForLater) {
  grow(1'000);
  PastStatesOptions options;
  options.directory = directory_.path() / "past";
  options.distance = 400;
  options.folded_max = 500;
  const auto states = *PastStates::open(log_, options);
  const auto refused = states->at(501);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(refused.error().rule, "past_states_are_kept");
  EXPECT_TRUE(states->at(500));
  keep_all(*states);
  EXPECT_TRUE(states->at(999));
}

TEST_F(Past, ALogEndsWhereItDid) {
  grow(800);
  const PastLog past(log_, 300, events_[299].time_at_us());
  EXPECT_EQ(past.last_seq(), 300U);
  EXPECT_EQ(past.last_time_at_us(), events_[299].time_at_us());
  EXPECT_TRUE(past.read_one(300));
  EXPECT_EQ(past.read_one(301).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(past.hash_of(301));
  const auto cursor = *past.read(290);
  std::uint64_t last = 0;
  for (const event::Event* event = *cursor->next(); event != nullptr; event = *cursor->next()) last = event->seq();
  EXPECT_EQ(last, 300U);
  const auto seqs =
      past.read_index({.kind = IndexKind::kCluster, .value = events_[299].cluster(), .newest_first = true});
  ASSERT_TRUE(seqs);
  EXPECT_EQ(seqs->front(), 300U);
  PastLog writable(log_, 300, 0);
  EXPECT_EQ(writable.append({{plain_event(301)}, {}}).error().code, ErrorCode::kConflict);
}

/// What the views say of a past log is what they said when it was all there was.
TEST_F(Past, ViewsSayWhatTheySaidThen) {
  grow(1'200);
  MemoryEventLog then;
  ASSERT_TRUE(then.append({{events_.begin(), events_.begin() + 700}, {}}));
  const PastLog past(log_, 700, events_[699].time_at_us());
  for (const char* outcome : {"", "succeeded", "failed", "done"}) {
    for (const char* text : {"", "created", "elasticsearch"}) {
      for (const bool newest_first : {true, false}) {
        AuditQuery query;
        query.outcome = outcome;
        query.text = text;
        query.newest_first = newest_first;
        query.limit = 500;
        const auto was = AuditView(then).list(query);
        const auto is = AuditView(past).list(query);
        ASSERT_TRUE(was && is);
        EXPECT_EQ(is->count, was->count) << outcome << " " << text;
        ASSERT_EQ(is->entries.size(), was->entries.size()) << outcome << " " << text;
        for (std::size_t i = 0; i < is->entries.size(); ++i) {
          EXPECT_EQ(is->entries[i].seq, was->entries[i].seq);
          EXPECT_EQ(is->entries[i].outcome, was->entries[i].outcome);
        }
      }
    }
  }
  const auto was = OperationView(then).finished({.limit = 500});
  const auto is = OperationView(past).finished({.limit = 500});
  ASSERT_TRUE(was && is);
  ASSERT_EQ(is->operations.size(), was->operations.size());
  EXPECT_GT(is->operations.size(), 3U);
  const Time end = from_us(events_[699].time_at_us());
  const UsageQuery usage{.from = from_us(events_[0].time_at_us()), .to = end, .now = end};
  const auto used = UsageView(then).totals(usage);
  const auto told = UsageView(past).totals(usage);
  ASSERT_TRUE(used && told);
  ASSERT_EQ(told->size(), used->size());
  EXPECT_GT(used->size(), 3U);
  for (std::size_t i = 0; i < used->size(); ++i) {
    EXPECT_EQ((*told)[i].cluster, (*used)[i].cluster);
    EXPECT_TRUE((*told)[i].node == (*used)[i].node && (*told)[i].disk == (*used)[i].disk);
  }
}

TEST_F(Past, ManyAskWhileStatesAreKept) {
  grow(1'200);
  const auto states = open(150);
  std::vector<std::string> expected;
  for (std::uint64_t seq = 100; seq <= 1'200; seq += 100) expected.push_back(state::encode(fold(seq)));
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> readers;
    for (std::size_t reader = 0; reader < 3; ++reader) {
      readers.emplace_back([&, reader] {
        for (std::size_t i = 0; i < 2 * expected.size(); ++i) {
          const std::size_t which = (i * 5 + reader) % expected.size();
          const auto state = states->at(100 * (which + 1));
          wrong += state && state::encode(**state) == expected[which] ? 0 : 1;
        }
      });
    }
    keep_all(*states);
  }
  EXPECT_EQ(wrong, 0);
}

TEST(Moment, IsASeqOrATime) {
  MemoryEventLog log;
  const Time now = from_us(100'000'000);
  EXPECT_EQ(find_moment(log, "1970-01-01T00:00:10Z", "at", now).error().rule, "within_the_log");
  ASSERT_TRUE(log.append({{plain_event(1, 10'000'000), plain_event(2, 20'000'000), plain_event(3, 20'000'000)}, {}}));
  EXPECT_EQ(find_moment(log, "2", "at", now)->seq, 2U);
  EXPECT_EQ(find_moment(log, "2", "at", now)->at, from_us(20'000'000));
  EXPECT_EQ(find_moment(log, "1970-01-01T00:00:10Z", "at", now)->seq, 1U);
  EXPECT_EQ(find_moment(log, "1970-01-01T00:00:19.999999Z", "at", now)->seq, 1U);
  EXPECT_EQ(find_moment(log, "1970-01-01T00:00:20Z", "at", now)->seq, 3U);
  EXPECT_EQ(find_moment(log, "1970-01-01T00:01:40Z", "at", now)->seq, 3U) << "nothing has happened since";
  for (const char* outside : {"0", "4", "99999999999999999999", "1970-01-01T00:00:09Z", "1970-01-01T00:01:41Z"}) {
    const auto refused = find_moment(log, outside, "from", now);
    ASSERT_FALSE(refused) << outside;
    EXPECT_EQ(refused.error().rule, "within_the_log") << outside;
    EXPECT_EQ(refused.error().field, "from");
  }
  for (const char* nonsense : {"", "-1", "1x", "yesterday"}) {
    EXPECT_EQ(find_moment(log, nonsense, "at", now).error().rule, "seq_or_time") << nonsense;
  }
}

TEST_F(Past, StatesDifferWhenADiffSaysSo) {
  grow(900);
  std::mt19937 random(11);
  const auto without_position = [](state::FleetState state) {
    state.head.set_seq(0);
    state.head.set_time_at_us(0);
    return state::encode(state);
  };
  std::size_t equal = 0;
  for (int i = 0; i < 150; ++i) {
    const std::uint64_t from = 1 + random() % 900;
    const std::uint64_t to = i % 3 == 0 ? std::min<std::uint64_t>(from + random() % 3, 900) : 1 + random() % 900;
    const state::FleetState before = fold(from);
    const state::FleetState after = fold(to);
    const bool is_equal = without_position(before) == without_position(after);
    equal += is_equal ? 1U : 0U;
    DiffQuery query;
    query.limit = 1'000'000;
    const Diff found = diff(before, after, query);
    EXPECT_EQ(found.differences.empty(), is_equal) << from << " " << to;
    const Diff back = diff(after, before, query);
    EXPECT_EQ(back.differences.size(), found.differences.size()) << from << " " << to;
  }
  EXPECT_GT(equal, 0U);
  EXPECT_LT(equal, 150U);
}

TEST(StateDiff, NamesFieldsAndHidesSecrets) {
  state::FleetState before;
  state::Cluster& search = before.clusters["search"];
  search.set_name("search");
  search.set_tenant("shop");
  state::Node& node = *search.add_nodes();
  node.set_name("data-0");
  node.mutable_task()->set_state(model::TASK_STATE_STAGING);
  state::Token& token = *before.head.add_tokens();
  token.set_token_id("t1");
  token.set_hash("secret one");
  state::FleetState after = before;
  after.clusters["search"].mutable_nodes(0)->mutable_task()->set_state(model::TASK_STATE_RUNNING);
  after.clusters["search"].add_nodes()->set_name("data-1");
  after.head.mutable_tokens(0)->set_hash("secret two");
  const Diff found = diff(before, after);
  ASSERT_EQ(found.differences.size(), 3U);
  EXPECT_EQ(to_text(found.differences[0]), "nodes[data-0].task.state: staging -> running");
  EXPECT_EQ(found.differences[0].tenant, "shop");
  EXPECT_EQ(found.differences[1].path, "nodes[data-1]");
  EXPECT_EQ(found.differences[1].kind, DifferenceKind::kAdded);
  EXPECT_EQ(to_text(found.differences[2]), "hash: (not shown) -> (not shown)");
  EXPECT_EQ(diff(before, after, {.cluster = "search"}).differences.size(), 2U);
  EXPECT_TRUE(diff(before, after, {.tenant = "other"}).differences.empty());
  const Diff cut = diff(before, after, {.limit = 1});
  EXPECT_TRUE(cut.truncated);
  EXPECT_EQ(cut.differences.size(), 1U);
  const Diff gone = diff(after, {}, {.cluster = "search"});
  ASSERT_EQ(gone.differences.size(), 1U);
  EXPECT_EQ(to_text(gone.differences[0]), "cluster search is gone");
}

TEST(StateDiff, TellsNoTenantOfAnotherWhoHadTheName) {
  state::FleetState before;
  before.clusters["search"].set_name("search");
  before.clusters["search"].set_tenant("shop");
  before.clusters["search"].set_created_seq(5);
  state::SinkState& sink = *before.head.add_sinks();
  sink.mutable_sink()->set_name("alerts");
  sink.mutable_sink()->set_tenant("shop");
  sink.mutable_sink()->mutable_webhook()->set_url("http://hooks/private-key");
  sink.mutable_sink()->mutable_webhook()->set_secret_id("sink/alerts");
  state::FleetState after = before;
  after.clusters["search"].set_tenant("blog");
  after.clusters["search"].set_created_seq(90);
  after.head.mutable_sinks(0)->mutable_sink()->set_tenant("blog");
  after.head.mutable_sinks(0)->mutable_sink()->mutable_webhook()->set_url("http://hooks/another");
  const Diff blog = diff(before, after, {.tenant = "blog"});
  ASSERT_EQ(blog.differences.size(), 2U);
  for (const Difference& one : blog.differences) {
    EXPECT_EQ(one.kind, DifferenceKind::kAdded);
    EXPECT_EQ(to_text(one).find("private-key"), std::string::npos);
    EXPECT_EQ(boost::json::serialize(one.after).find("secret_id"), std::string::npos);
  }
  for (const Difference& one : diff(before, after, {.tenant = "shop"}).differences) {
    EXPECT_EQ(one.kind, DifferenceKind::kRemoved);
  }
}

TEST(StateDiff, TellsAnotherOrderOfTheSameItems) {
  state::FleetState before;
  before.clusters["a"].set_name("a");
  for (const char* name : {"data-0", "data-1"}) before.clusters["a"].add_nodes()->set_name(name);
  state::FleetState after = before;
  after.clusters["a"].mutable_nodes()->SwapElements(0, 1);
  const Diff found = diff(before, after);
  ASSERT_EQ(found.differences.size(), 1U);
  EXPECT_EQ(found.differences[0].path, "nodes");
}

}  // namespace
}  // namespace esaas::store
