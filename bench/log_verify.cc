// How quickly a log is verified: `esaas log verify` without its start.
//
//   hash_one_core  BLAKE2b-256 over each record of the log, in memory, with one thread: the least that a chain takes
//   hash_all_cores the same with a thread for each core: what the machine can hash
//   verify         everything: records from disk (in the page cache), chain, Merkle roots, signatures, kept digests
//   verify_one     the same with one thread that hashes
//
// 1,000,000 events of a fleet at work (10,000 at smoke size) with a digest every 50,000 (1,000), fixed seed. Counter:
// bytes/s of records. Budget: 1 GB/s, or what the hash alone comes to. Verified are also the leaves and nodes of the
// Merkle trees: two more blocks of BLAKE2b an event, beside the two or three of its record.

#include <benchmark/benchmark.h>

#include <future>
#include <thread>

#include "bench/smoke.h"
#include "store/digests/log_verifier.h"
#include "store/log/stored_records.h"
#include "tests/store/signed_log.h"

namespace esaas::bench {
namespace {

class VerifiedLog {
 public:
  static VerifiedLog& instance() {
    static VerifiedLog log;
    return log;
  }

  [[nodiscard]] const std::vector<std::string>& records() const { return records_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] const std::filesystem::path directory() const { return log_.directory(); }
  [[nodiscard]] const std::vector<store::DigestRecord>& digests() const { return log_.digests; }

 private:
  VerifiedLog() {
    const std::size_t events = size_of_run(1'000'000, 10'000);
    const std::size_t period = size_of_run(50'000, 1'000);
    for (std::size_t done = 0; done < events; done += period) {
      for (std::size_t part = 0; part < period; part += 1'000) log_.grow(1'000);
      log_.sign();
    }
    // As a start leaves it: in sorted tables, not in what RocksDB has to take in again.
    log_.close();
    log_.open();
    log_.close();
    const auto stored = store::open_stored_records(directory());
    ESAAS_ASSERT(stored.has_value(), stored.error().detail);
    const auto read = (*stored)->read(1, UINT64_MAX, [&](std::string_view, std::string_view record) {
      records_.emplace_back(record);
      bytes_ += record.size();
    });
    ESAAS_ASSERT(read.has_value(), read.error().detail);
  }

  store::testing::SignedLog log_;
  std::vector<std::string> records_;
  std::size_t bytes_ = 0;
};

void count_bytes(benchmark::State& state) {
  const VerifiedLog& log = VerifiedLog::instance();
  state.SetBytesProcessed(static_cast<std::int64_t>(log.bytes()) * state.iterations());
  state.counters["bytes/event"] = static_cast<double>(log.bytes()) / static_cast<double>(log.records().size());
}

void hash_with(benchmark::State& state, std::size_t threads) {
  const auto& records = VerifiedLog::instance().records();
  for (auto _ : state) {
    std::vector<std::future<void>> parts;
    for (std::size_t part = 0; part < threads; ++part) {
      parts.push_back(std::async(std::launch::async, [&records, part, threads] {
        const std::size_t end = records.size() * (part + 1) / threads;
        for (std::size_t i = records.size() * part / threads; i < end; ++i) {
          benchmark::DoNotOptimize(blake2b_256(records[i]));
        }
      }));
    }
    for (auto& part : parts) part.get();
  }
  count_bytes(state);
}

void verify_with(benchmark::State& state, std::size_t threads) {
  const VerifiedLog& log = VerifiedLog::instance();
  store::VerifyOptions options;
  options.digests = log.digests();
  options.threads = threads;
  for (auto _ : state) {
    const auto found = store::verify_log(log.directory(), options);
    ESAAS_ASSERT(found.has_value(), found.error().detail);
    ESAAS_ASSERT(found->findings.empty() && found->bytes == log.bytes(), "not what was written");
    ESAAS_ASSERT(found->proven_through == log.digests().back().digest.through_seq(),
                 "a digest was not held against it");
  }
  count_bytes(state);
}

void hash_one_core(benchmark::State& state) { hash_with(state, 1); }
void hash_all_cores(benchmark::State& state) { hash_with(state, std::max(1U, std::thread::hardware_concurrency())); }
void verify(benchmark::State& state) { verify_with(state, 0); }
void verify_one(benchmark::State& state) { verify_with(state, 1); }

BENCHMARK(hash_one_core)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(hash_all_cores)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(verify)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(verify_one)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace esaas::bench

BENCHMARK_MAIN();
