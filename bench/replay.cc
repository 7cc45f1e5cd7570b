// How quickly the state comes back after a start.
//
//   read          the log is walked from its first event: RocksDB, record, protobuf
//   read_verified the same, and every hash of the chain is recomputed
//   fold          what a start without a snapshot does: walked, and folded into FleetState by evolve
//   from_snapshot what a start does: the newest snapshot, and the thousand events after it
//
// One thread. 1,000,000 events of a fleet at work (10,000 at smoke size), fixed seed, from disk but in the page cache.
// Counter: events/s (of the whole log for from_snapshot too: what it saves). Budget: fold at 1 M events/s a core.

#include <benchmark/benchmark.h>

#include <memory>

#include "bench/smoke.h"
#include "core/base/assert.h"
#include "store/log/rocksdb_event_log.h"
#include "store/snapshots/recovery.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::bench {
namespace {

constexpr std::size_t kTail = 1'000;

/// The log that all benchmarks of this program read, written once.
class Fixture {
 public:
  static Fixture& instance() {
    static Fixture fixture;
    return fixture;
  }

  const store::EventLog& log() const { return *log_; }
  const store::SnapshotStore& snapshots() const { return *snapshots_; }
  std::size_t events() const { return events_; }

 private:
  Fixture() {
    open();
    store::testing::SampleEvents samples(1, 100);
    append(samples, events_ - kTail);
    snapshots_ = *store::SnapshotStore::open(directory_.path() / "snapshots");
    const auto recovered = store::recover(*log_, nullptr);
    ESAAS_ASSERT(recovered.has_value(), recovered.error().detail);
    ESAAS_ASSERT(snapshots_->save(*store::take_snapshot(*log_, recovered->fleet)).has_value(), "no snapshot");
    append(samples, kTail);
    // As a start finds it: in sorted tables, not in memory.
    log_.reset();
    open();
  }
  void open() {
    auto log = store::open_rocksdb_log({.directory = directory_.path() / "log"});
    ESAAS_ASSERT(log.has_value(), log.error().detail);
    log_ = std::move(*log);
  }
  void append(store::testing::SampleEvents& samples, std::size_t count) {
    for (std::size_t done = 0; done < count; done += 1'000) {
      const auto appended = log_->append(samples.batch(1'000));
      ESAAS_ASSERT(appended.has_value(), appended.error().detail);
    }
  }

  const std::size_t events_ = size_of_run(1'000'000, 10'000);
  store::testing::TempDirectory directory_;
  std::unique_ptr<store::EventLog> log_;
  std::optional<store::SnapshotStore> snapshots_;
};

void count(benchmark::State& state) {
  const auto events = static_cast<double>(Fixture::instance().events() * static_cast<std::size_t>(state.iterations()));
  state.counters["events/s"] = benchmark::Counter(events, benchmark::Counter::kIsRate);
}

void walk(benchmark::State& state, store::ReadOptions options) {
  const Fixture& fixture = Fixture::instance();
  for (auto _ : state) {
    const auto cursor = *fixture.log().read(1, options);
    std::size_t events = 0;
    for (;;) {
      const auto event = cursor->next();
      ESAAS_ASSERT(event.has_value(), event.error().detail);
      if (*event == nullptr) break;
      ++events;
    }
    ESAAS_ASSERT(events == fixture.events(), "events are missing");
  }
  count(state);
}

void read(benchmark::State& state) { walk(state, {}); }
void read_verified(benchmark::State& state) { walk(state, {.verify_chain = true}); }

void recover_with(benchmark::State& state, const store::SnapshotStore* snapshots) {
  const Fixture& fixture = Fixture::instance();
  for (auto _ : state) {
    const auto recovered = store::recover(fixture.log(), snapshots);
    ESAAS_ASSERT(recovered.has_value(), recovered.error().detail);
    ESAAS_ASSERT(recovered->fleet.seq() == fixture.events(), "events are missing");
    ESAAS_ASSERT((recovered->stats.snapshot_seq != 0) == (snapshots != nullptr), "not the way that is measured");
  }
  count(state);
}

void fold(benchmark::State& state) { recover_with(state, nullptr); }
void from_snapshot(benchmark::State& state) { recover_with(state, &Fixture::instance().snapshots()); }

BENCHMARK(read)->Unit(benchmark::kMillisecond);
BENCHMARK(read_verified)->Unit(benchmark::kMillisecond);
BENCHMARK(fold)->Unit(benchmark::kMillisecond);
BENCHMARK(from_snapshot)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace esaas::bench

BENCHMARK_MAIN();
