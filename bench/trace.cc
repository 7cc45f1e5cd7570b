// The trace of one operation out of a long log: what GET /v1/trace costs, as a tree and as spans.
//
//   operation     any operation of the log, by its id
//   event         around any event: back to where it began, and on to what it led to
//   otlp          the operation's trace, written as OTLP's JSON
//
// One thread, from disk but in the page cache; 1,000,000 events of a fleet at work (10,000 at smoke size), fixed seed.
// Budget: under 5 ms for an operation.

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "bench/smoke.h"
#include "core/base/assert.h"
#include "store/export/otlp.h"
#include "store/log/rocksdb_event_log.h"
#include "store/views/trace_view.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::bench {
namespace {

class Fixture {
 public:
  static Fixture& instance() {
    static Fixture fixture;
    return fixture;
  }
  const store::EventLog& log() const { return *log_; }
  const std::string& operation(std::size_t i) const { return operations_[i * 7919 % operations_.size()]; }
  std::uint64_t seq(std::size_t i) const { return 1 + i * 7919 % events_; }

 private:
  Fixture() {
    auto log = store::open_rocksdb_log({.directory = directory_.path() / "log"});
    ESAAS_ASSERT(log.has_value(), log.error().detail);
    log_ = std::move(*log);
    store::testing::SampleEvents samples(1, 100);
    for (std::size_t done = 0; done < events_; done += 1'000) {
      store::Batch batch = samples.batch(1'000);
      for (const auto& event : batch.events) {
        if (event.has_operation_requested()) operations_.push_back(event.operation_requested().id());
      }
      const auto appended = log_->append(std::move(batch));
      ESAAS_ASSERT(appended.has_value(), appended.error().detail);
    }
  }

  const std::size_t events_ = size_of_run(1'000'000, 10'000);
  store::testing::TempDirectory directory_;
  std::unique_ptr<store::EventLog> log_;
  std::vector<std::string> operations_;
};

void operation(benchmark::State& state) {
  const Fixture& fixture = Fixture::instance();
  std::size_t i = 0;
  std::size_t nodes = 0;
  for (auto _ : state) {
    const auto trace = store::TraceView(fixture.log()).trace(fixture.operation(i++));
    ESAAS_ASSERT(trace.has_value(), trace.error().detail);
    nodes += trace->nodes.size();
  }
  state.counters["events"] = static_cast<double>(nodes) / static_cast<double>(i);
}

void event(benchmark::State& state) {
  const Fixture& fixture = Fixture::instance();
  std::size_t i = 0;
  for (auto _ : state) {
    const auto trace =
        store::TraceView(fixture.log()).around(fixture.seq(i++), [](const esaas::event::Event&) { return true; });
    ESAAS_ASSERT(trace.has_value(), trace.error().detail);
    benchmark::DoNotOptimize(trace->nodes.size());
  }
}

void otlp(benchmark::State& state) {
  const Fixture& fixture = Fixture::instance();
  const auto trace = store::TraceView(fixture.log()).trace(fixture.operation(1));
  ESAAS_ASSERT(trace.has_value(), trace.error().detail);
  const auto identity = fixture.log().hash_of(1);
  ESAAS_ASSERT(identity.has_value(), identity.error().detail);
  for (auto _ : state) benchmark::DoNotOptimize(store::to_otlp_json(*trace, *identity, "bench").size());
}

BENCHMARK(operation)->Unit(benchmark::kMicrosecond);
BENCHMARK(event)->Unit(benchmark::kMicrosecond);
BENCHMARK(otlp)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace esaas::bench

BENCHMARK_MAIN();
