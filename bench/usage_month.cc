// What the use and the bills of a month cost to derive: 1,000 clusters, from the first event of the log on, as every
// question about use does.
//
//   scan      the limit: RocksDB's records one after the other, looked at for their payload, and none decoded
//   decode    the limit of everything that decodes all events
//   totals    core, memory, disk and node hours of the last 30 days by cluster (GET /v1/usage)
//   bills     what every tenant owes for them, line by line (POST /v1/invoices)
//   csv       every interval of them as CSV (GET /v1/exports/usage)
//   focus     cost by day as FOCUS
//
// One thread. 1,000,000 events of a fleet at work (10,000 at smoke size; --events=N: another number), a second apart,
// fixed seed, from disk but in the page cache. Counter: events of the whole log a second. Aim: totals at 1 M events/s.

#include <benchmark/benchmark.h>

#include <charconv>
#include <memory>
#include <optional>
#include <string_view>

#include "bench/smoke.h"
#include "core/base/assert.h"
#include "core/billing/price_book.h"
#include "store/billing/invoice.h"
#include "store/export/usage_file.h"
#include "store/log/rocksdb_event_log.h"
#include "store/views/usage_view.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::bench {

std::size_t events_of_run = size_of_run(1'000'000, 10'000);

namespace {

class Fixture {
 public:
  static Fixture& instance() {
    static Fixture fixture;
    return fixture;
  }

  const store::EventLog& log() const { return *log_; }
  [[nodiscard]] Time end() const { return from_us(log_->last_time_at_us()); }
  [[nodiscard]] Time begin() const { return end() - std::chrono::days{30}; }

 private:
  Fixture() {
    open();
    store::testing::SampleEvents samples(1, 1'000);
    publish_prices(samples);
    for (std::size_t done = 1; done < events_of_run; done += 1'000) append(samples.batch(1'000));
    // As a start finds it: in sorted tables, not in memory.
    log_.reset();
    open();
  }
  void publish_prices(store::testing::SampleEvents& samples) {
    store::Batch batch = samples.batch(1);
    event::Event& event = batch.events[0];
    auto& list = *event.mutable_price_list_published()->mutable_price_list();
    list.set_id(billing::price_list_id(1));
    list.set_currency("CNY");
    list.set_minor_digits(2);
    list.mutable_prices()->set_cpu_hour_nanos(700'000'000);
    list.mutable_prices()->set_memory_gib_hour_nanos(90'000'000);
    list.mutable_prices()->set_storage_gib_hour_nanos(3'000'000);
    list.mutable_prices()->set_cluster_hour_nanos(2'000'000'000);
    append(std::move(batch));
  }
  void open() {
    auto log = store::open_rocksdb_log({.directory = directory_.path() / "log"});
    ESAAS_ASSERT(log.has_value(), log.error().detail);
    log_ = std::move(*log);
  }
  void append(store::Batch batch) {
    const auto appended = log_->append(std::move(batch));
    ESAAS_ASSERT(appended.has_value(), appended.error().detail);
  }

  store::testing::TempDirectory directory_;
  std::unique_ptr<store::EventLog> log_;
};

void count(benchmark::State& state) {
  const auto events =
      static_cast<double>(Fixture::instance().log().last_seq()) * static_cast<double>(state.iterations());
  state.counters["events/s"] = benchmark::Counter(events, benchmark::Counter::kIsRate);
}

void walk(benchmark::State& state, const store::PayloadSet& payloads, std::uint64_t expected) {
  const Fixture& fixture = Fixture::instance();
  for (auto _ : state) {
    const auto cursor = *fixture.log().read(1, {.payloads = payloads});
    std::uint64_t events = 0;
    for (;;) {
      const auto event = cursor->next();
      ESAAS_ASSERT(event.has_value(), event.error().detail);
      if (*event == nullptr) break;
      ++events;
    }
    ESAAS_ASSERT(events == expected, "events are missing");
  }
  count(state);
}

void scan(benchmark::State& state) {
  store::PayloadSet price_lists;
  price_lists.set(event::Event::kPriceListPublished);
  walk(state, price_lists, 1);
}

void decode(benchmark::State& state) { walk(state, {}, Fixture::instance().log().last_seq()); }

void totals(benchmark::State& state) {
  const Fixture& fixture = Fixture::instance();
  for (auto _ : state) {
    const auto found =
        store::UsageView(fixture.log()).totals({.from = fixture.begin(), .to = fixture.end(), .now = fixture.end()});
    ESAAS_ASSERT(found.has_value() && found->size() > 100, "clusters are missing");
  }
  count(state);
}

void bills(benchmark::State& state) {
  const Fixture& fixture = Fixture::instance();
  for (auto _ : state) {
    const auto prices = store::price_book_at(fixture.log(), fixture.log().last_seq());
    const auto found =
        store::bills(fixture.log(), *prices, {.from = fixture.begin(), .to = fixture.end(), .now = fixture.end()});
    ESAAS_ASSERT(found.has_value() && found->size() == 5, "tenants are missing");
    ESAAS_ASSERT(found->front().total_minor() > 0, "nothing is owed");
  }
  count(state);
}

void write_file(benchmark::State& state, store::UsageFileFormat format) {
  const Fixture& fixture = Fixture::instance();
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    store::UsagePlace place{.format = format, .from = fixture.begin(), .to = fixture.end()};
    place.as_of_seq = fixture.log().last_seq();
    auto file = store::UsageFile::open(fixture.log(), place);
    ESAAS_ASSERT(file.has_value(), file.error().detail);
    while (!file->at_end()) {
      std::string piece;
      ESAAS_ASSERT(file->next_piece(1'000, piece).has_value(), "no piece");
      bytes += piece.size();
    }
    ESAAS_ASSERT(file->place().record > 100, "records are missing");
  }
  count(state);
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void csv(benchmark::State& state) { write_file(state, store::UsageFileFormat::kCsv); }
void focus(benchmark::State& state) { write_file(state, store::UsageFileFormat::kFocus); }

BENCHMARK(scan)->Unit(benchmark::kMillisecond);
BENCHMARK(decode)->Unit(benchmark::kMillisecond);
BENCHMARK(totals)->Unit(benchmark::kMillisecond);
BENCHMARK(bills)->Unit(benchmark::kMillisecond);
BENCHMARK(csv)->Unit(benchmark::kMillisecond);
BENCHMARK(focus)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace esaas::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  constexpr std::string_view kEvents = "--events=";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (!argument.starts_with(kEvents)) continue;
    std::from_chars(argument.data() + kEvents.size(), argument.data() + argument.size(), esaas::bench::events_of_run);
  }
  benchmark::RunSpecifiedBenchmarks();
}
