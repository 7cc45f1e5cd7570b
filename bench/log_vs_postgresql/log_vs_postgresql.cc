// The event log beside PostgreSQL 15 with the same events and equal indexes, in one run on the same disk.
//
//   ingest       durable batches of 1,000 events, in turns of 100 batches: EventLog::append (encoded, hashed, checked,
//                indexed) beside one COPY a transaction into a table whose rows are prepared outside the time: what the
//                aim is of. Then, for what it tells: the same with the preparation of the rows (serialized, cut into
//                words) within the time; the same by one INSERT a row, sent without waiting (pipeline mode), on a table
//                of the first turn alone; and the processor's time of either side: ours by the thread that appends,
//                and by those that index, flush and compact behind it, whoever's turn it is; the peer's by the
//                processes of its server, without the client
//   bytes        on disk an event, indexes with them, PostgreSQL's WAL not: the peer's after VACUUM, ours once RocksDB
//                has compacted what its own rules ask for
//   audit        a page of 50, newest first, each with what came of it, and the count up to 1,000: of a user, of a
//                cluster, of two words
//   trace        all events of one operation: ours as the finished tree, the peer's rows only
//   cold start   the log is opened, and the state is there: the newest snapshot and 100,000 events after it
//
// Arguments: [EVENTS]; 10 million without it, 20,000 at smoke size. Fixed seed, one thread on each side. The events are
// those of a fleet at work (tests/store/sample_events.h); each row has the event's bytes and a column for whatever
// has an index. Aims: ingest 5 times the peer's, a fifth of its bytes, audit p99 below 5 ms and no slower than the
// peer's, trace below 5 ms, cold start below 2 s.

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <random>
#include <thread>

#include "bench/log_vs_postgresql/postgresql.h"
#include "bench/smoke.h"
#include "core/base/assert.h"
#include "store/log/audit_words.h"
#include "store/log/index_entries.h"
#include "store/log/rocksdb_event_log.h"
#include "store/log/user_actions.h"
#include "store/log/words.h"
#include "store/snapshots/recovery.h"
#include "store/views/audit_view.h"
#include "store/views/trace_view.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Events = std::vector<event::Event>;

constexpr std::size_t kBatch = 1'000;
constexpr std::size_t kTurn = 100;      // batches
constexpr std::size_t kTail = 100'000;  // events after the newest snapshot: the configuration's default
constexpr std::size_t kQuestions = 500;
constexpr std::uint32_t kClustersAtATime = 1'000;

/// Of the processor: RUSAGE_SELF, by all threads of this process; RUSAGE_THREAD, by the one that asks.
double cpu_seconds(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

// ---- The peer ----

constexpr const char* kTable = R"(
CREATE TABLE events (seq bigint PRIMARY KEY, time_at bigint NOT NULL, kind smallint NOT NULL,
  actor text, operation text, tenant text, cluster text, action text, ended text, outcome text, words text[],
  record bytea NOT NULL);
CREATE INDEX ON events (operation, seq) WHERE operation IS NOT NULL;
CREATE INDEX ON events (cluster, seq) WHERE cluster IS NOT NULL;
CREATE INDEX ON events (tenant, seq) WHERE tenant IS NOT NULL;
CREATE INDEX ON events (seq) WHERE action IS NOT NULL;
CREATE INDEX ON events (cluster, seq) WHERE action IS NOT NULL;
CREATE INDEX ON events (tenant, seq) WHERE action IS NOT NULL;
CREATE INDEX ON events (actor, seq) WHERE action IS NOT NULL;
CREATE INDEX ON events (action, seq) WHERE action IS NOT NULL;
CREATE INDEX ON events (outcome, seq) WHERE outcome IS NOT NULL;
CREATE INDEX ON events (ended) WHERE ended IS NOT NULL;
CREATE INDEX ON events USING gin (words) WHERE words IS NOT NULL;
)";

/// By one INSERT a row into a table of the same kind.
constexpr const char* kInsertTable = "CREATE TABLE inserted (LIKE events INCLUDING ALL)";
constexpr const char* kInsert = "INSERT INTO inserted VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

/// A page with what came of each entry, and the count to 1,000.
std::string audit_page(const std::string& filter) {
  return "SELECT e.record, f.record, (SELECT count(*) FROM (SELECT 1 FROM events WHERE action IS NOT NULL AND " +
         filter + " LIMIT 1001) c) FROM (SELECT operation, record FROM events WHERE action IS NOT NULL AND " + filter +
         " ORDER BY seq DESC LIMIT 50) e LEFT JOIN events f ON f.ended = e.operation";
}

void add_row(const event::Event& event, CopyRows& rows) {
  const auto text_or_null = [&](const std::string& text) { text.empty() ? rows.null() : rows.add(text); };
  const bool is_action = store::is_user_action(event);
  rows.begin_row(12);
  rows.add(static_cast<std::int64_t>(event.seq()));
  rows.add(event.time_at_us());
  rows.add(static_cast<std::int16_t>(event.payload_case()));
  text_or_null(is_action ? event.actor().name() : std::string{});
  text_or_null(event.operation_id());
  text_or_null(event.tenant());
  text_or_null(event.cluster());
  text_or_null(std::string(is_action ? store::action_of(event) : std::string_view{}));
  text_or_null(event.operation_finished().id());
  text_or_null(std::string(store::outcome_at_once(event)));
  if (is_action) {
    rows.add(store::words_of_action(event));
  } else {
    rows.null();
  }
  rows.add(event.SerializeAsString());
}

// ---- Figures ----

struct Times {
  std::vector<double> ms;

  void measure(const std::function<void()>& what) {
    const auto begin = Clock::now();
    what();
    ms.push_back(seconds(Clock::now() - begin) * 1e3);
  }
  [[nodiscard]] double at(double share) {
    std::ranges::sort(ms);
    return ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
  }
};

void print_times(const std::string& what, Times ours, Times peer, double limit_ms) {
  std::cout << fmt::format(
      "{:<16} ours p50 {:8.3f} p99 {:8.3f} ms   PostgreSQL p50 {:8.3f} p99 {:8.3f} ms   p99 {:.2f} x, "
      "limit {} ms: {}\n",
      what, ours.at(0.5), ours.at(0.99), peer.at(0.5), peer.at(0.99), peer.at(0.99) / ours.at(0.99), limit_ms,
      ours.at(0.99) <= limit_ms ? "met" : "MISSED");
}

std::uint64_t bytes_below(const fs::path& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

template <typename T>
T must(Result<T> result) {
  ESAAS_ASSERT(result.has_value(), result.error().detail);
  return std::move(*result);
}

void must(const Result<void>& result) { ESAAS_ASSERT(result.has_value(), result.error().detail); }

// ---- One run ----

class Run {
 public:
  explicit Run(std::size_t events) : events_(events), peer_(directory_.path() / "postgresql") {
    log_ = open();
    peer_.run(kTable);
  }

  void ingest() {
    store::testing::SampleEvents samples(1, kClustersAtATime);
    auto snapshots = must(store::SnapshotStore::open(directory_.path() / "snapshots"));
    state::FleetState fleet;
    Clock::duration ours{};
    Clock::duration peer{};
    Clock::duration rows_made{};
    double appended_cpu = 0;
    const double all_cpu_before = cpu_seconds(RUSAGE_SELF);
    const double main_cpu_before = cpu_seconds(RUSAGE_THREAD);
    const double peer_cpu_before = peer_.cpu_seconds();
    for (std::size_t done = 0; done < events_;) {
      std::vector<Events> turn;
      for (; turn.size() < kTurn && done < events_; done += kBatch) turn.push_back(samples.take(kBatch));
      std::vector<CopyRows> rows(turn.size());
      auto begin = Clock::now();
      for (std::size_t i = 0; i < turn.size(); ++i) {
        for (const event::Event& event : turn[i]) add_row(event, rows[i]);
        rows[i].finish();
      }
      rows_made += Clock::now() - begin;
      for (const Events& batch : turn) {
        learn(batch);
        for (const event::Event& event : batch) state::evolve(fleet, event);
      }
      begin = Clock::now();
      for (const CopyRows& batch : rows) peer_.copy("events", batch.bytes());
      peer += Clock::now() - begin;
      if (first_turn_.empty()) first_turn_ = std::move(rows);
      begin = Clock::now();
      const double cpu_before = cpu_seconds(RUSAGE_THREAD);
      for (Events& batch : turn) must(log_->append({std::move(batch), {}}));
      appended_cpu += cpu_seconds(RUSAGE_THREAD) - cpu_before;
      ours += Clock::now() - begin;
      if (done + kTail >= events_ && !has_snapshot_) {
        must(snapshots.save(must(store::take_snapshot(*log_, fleet))));
        has_snapshot_ = true;
      }
    }
    settle();
    const double peer_cpu = peer_.cpu_seconds() - peer_cpu_before;
    // Of the other threads also what they did while it was the peer's turn.
    const double others_cpu =
        cpu_seconds(RUSAGE_SELF) - all_cpu_before - (cpu_seconds(RUSAGE_THREAD) - main_cpu_before);
    const auto count = static_cast<double>(events_);
    const auto rate = [&](Clock::duration time) { return count / seconds(time); };
    std::cout << fmt::format("ingest           ours {:.0f} events/s   PostgreSQL {:.0f} events/s   {:.2f} x (aim 5)\n",
                             rate(ours), rate(peer), rate(ours) / rate(peer));
    std::cout << fmt::format("  rows made in the time                PostgreSQL {:.0f} events/s   {:.2f} x\n",
                             rate(peer + rows_made), rate(ours) / rate(peer + rows_made));
    const double inserted = insert_rate();
    std::cout << fmt::format("  by INSERT, rows made outside of it   PostgreSQL {:.0f} events/s   {:.2f} x\n", inserted,
                             rate(ours) / inserted);
    std::cout << fmt::format(
        "  processor        ours {:.2f} us an event to append and {:.2f} behind it   PostgreSQL's server {:.2f} us\n",
        appended_cpu / count * 1e6, others_cpu / count * 1e6, peer_cpu / count * 1e6);
  }

  void sizes() {
    peer_.run("VACUUM ANALYZE events");
    peer_.run("CHECKPOINT");
    const double peer = std::stod(peer_.ask("SELECT pg_total_relation_size('events')"));
    log_.reset();
    log_ = open();  // what was in memory only is in tables now
    settle();
    const auto ours = static_cast<double>(bytes_below(directory_.path() / "log"));
    const auto each = [&](double bytes) { return bytes / static_cast<double>(events_); };
    std::cout << fmt::format("bytes an event   ours {:.1f}   PostgreSQL {:.1f}   a {:.2f}th (aim a fifth)\n",
                             each(ours), each(peer), peer / ours);
  }

  void audit() {
    peer_.prepare("user", audit_page("actor = $1"));
    peer_.prepare("cluster", audit_page("cluster = $1"));
    peer_.prepare("text", audit_page("words @> string_to_array($1, ' ')"));
    std::mt19937_64 random(7);
    const auto pick = [&](const std::vector<std::string>& among) { return among[random() % among.size()]; };
    compare(
        "audit, user", "user", [&] { return store::AuditQuery{.user = pick(users_), .limit = 50}; },
        [](const store::AuditQuery& query) { return query.user; });
    compare(
        "audit, cluster", "cluster", [&] { return store::AuditQuery{.cluster = pick(clusters_), .limit = 50}; },
        [](const store::AuditQuery& query) { return query.cluster; });
    compare(
        "audit, 2 words", "text",
        [&] { return store::AuditQuery{.text = pick(users_) + " " + pick(clusters_), .limit = 50}; },
        [](const store::AuditQuery& query) {
          std::string words;
          for (const std::string& word : store::words_to_find(query.text)) words += (words.empty() ? "" : " ") + word;
          return words;
        });
  }

  void trace() {
    peer_.prepare("trace", "SELECT record FROM events WHERE operation = $1 ORDER BY seq");
    std::mt19937_64 random(9);
    Times ours;
    Times peer;
    const store::TraceView view(*log_);
    for (std::size_t i = 0; i < kQuestions; ++i) {
      const std::string& operation = operations_[random() % operations_.size()];
      std::size_t nodes = 0;
      std::size_t rows = 0;
      ours.measure([&] { nodes = must(view.trace(operation)).nodes.size(); });
      peer.measure([&] { rows = peer_.execute("trace", {operation}); });
      ESAAS_ASSERT(rows > 0 && nodes >= rows, operation);
    }
    print_times("trace", std::move(ours), std::move(peer), 5);
  }

  void cold_start() {
    log_.reset();
    const auto begin = Clock::now();
    log_ = open();
    const auto snapshots = must(store::SnapshotStore::open(directory_.path() / "snapshots"));
    const auto recovered = must(store::recover(*log_, &snapshots));
    const double took = seconds(Clock::now() - begin);
    ESAAS_ASSERT(recovered.fleet.seq() == log_->last_seq(), "not all of it");
    std::cout << fmt::format("cold start       {:.3f} s with {} events after the snapshot (limit 2 s): {}\n", took,
                             recovered.stats.events_folded, took <= 2 ? "met" : "MISSED");
  }

 private:
  /// Waits for what RocksDB does by itself.
  void settle() {
    const auto is_busy = [&](const char* property) {
      std::uint64_t value = 0;
      return log_->database().GetAggregatedIntProperty(property, &value) && value > 0;
    };
    while (is_busy("rocksdb.mem-table-flush-pending") || is_busy("rocksdb.num-running-flushes") ||
           is_busy("rocksdb.compaction-pending") || is_busy("rocksdb.num-running-compactions")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  std::unique_ptr<store::DurableLog> open() {
    return must(store::open_rocksdb_log({.directory = directory_.path() / "log"}));
  }

  /// Events a second of the first turn, by one INSERT a row.
  double insert_rate() {
    peer_.run(kInsertTable);
    peer_.prepare("insert", kInsert);
    const auto begin = Clock::now();
    for (const CopyRows& batch : first_turn_) peer_.insert("insert", batch);
    const auto took = Clock::now() - begin;
    const auto rows = static_cast<double>(first_turn_.size() * kBatch);
    first_turn_.clear();
    peer_.run("DROP TABLE inserted");
    return rows / seconds(took);
  }

  /// What there is to ask for.
  void learn(const Events& batch) {
    for (const event::Event& event : batch) {
      if (!event.has_operation_requested()) continue;
      operations_.push_back(event.operation_id());
      if (event.operation_requested().request().has_create()) clusters_.push_back(event.cluster());
      if (std::ranges::find(users_, event.actor().name()) == users_.end()) users_.push_back(event.actor().name());
    }
  }

  void compare(const std::string& what, const std::string& statement,
               const std::function<store::AuditQuery()>& question,
               const std::function<std::string(const store::AuditQuery&)>& parameter) {
    Times ours;
    Times peer;
    const store::AuditView view(*log_);
    for (std::size_t i = 0; i < kQuestions; ++i) {
      const store::AuditQuery query = question();
      const std::string value = parameter(query);
      std::size_t entries = 0;
      std::size_t rows = 0;
      ours.measure([&] { entries = must(view.list(query)).entries.size(); });
      peer.measure([&] { rows = peer_.execute(statement, {value}); });
      ESAAS_ASSERT(entries == rows, fmt::format("{} {}: {} and {}", what, value, entries, rows));
    }
    print_times(what, std::move(ours), std::move(peer), 5);
  }

  const std::size_t events_;
  store::testing::TempDirectory directory_;
  std::unique_ptr<store::DurableLog> log_;
  PostgreSql peer_;
  std::vector<CopyRows> first_turn_;
  std::vector<std::string> users_;
  std::vector<std::string> clusters_;
  std::vector<std::string> operations_;
  bool has_snapshot_ = false;
};

int run(int argc, char** argv) {
  if (!PostgreSql::is_installed()) {
    std::cout << "skipped: " << PostgreSql::kPrograms << " has no initdb (Debian's package postgresql-15)\n";
    return 77;
  }
  const std::size_t wanted = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : size_of_run(10'000'000, 20'000);
  const std::size_t events = std::max<std::size_t>(wanted / kBatch, 2) * kBatch;
  std::cout << events << " events\n";
  Run one(events);
  one.ingest();
  one.sizes();
  one.audit();
  one.trace();
  one.cold_start();
  return 0;
}

}  // namespace
}  // namespace esaas::bench

int main(int argc, char** argv) { return esaas::bench::run(argc, argv); }
