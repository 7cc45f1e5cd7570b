// How quickly a log is verified: `esaas log verify` without its start.
//
//   hash_one_core  BLAKE2b-256 over each record of the log, in memory, with one thread: the least that a chain takes
//   hash_all_cores the same with a thread for each core: what the machine can hash
//   tree_one_core, tree_all_cores
//                  that, and the nodes of the Merkle tree: all that has to be hashed to verify
//   read_one_core  the records from RocksDB and nothing done with them: the other thing that cannot be left out
//   verify         everything: records from disk (in the page cache), chain, Merkle roots, signatures, kept digests
//   verify_one     the same with one thread that reads and hashes
//
// 1,000,000 events of a fleet at work (10,000 at smoke size) with a digest every 50,000 (1,000), fixed seed. Counters:
// bytes/s of records; cpu_bytes/s, the same for each second of a core's time, of all threads together, which others on
// the machine change less. Budget: verify at 1 GB/s, or at hash_all_cores. Of what a record takes, four tenths are its
// hash, one its share of the tree, and four to read it: zstd, and RocksDB's way from record to record. Where the cores
// that hash also read, no number of them reaches the hash's speed, and the budget is met with as many as it takes for
// 1 GB/s, which is 1 GB/s divided by verify_one's cpu_bytes/s.

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <functional>
#include <future>
#include <thread>

#include "bench/smoke.h"
#include "store/digests/log_verifier.h"
#include "store/digests/merkle.h"
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

/// Of all threads, those that ended too.
double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// `work` goes over all of the log once.
void measure(benchmark::State& state, const std::function<void()>& work) {
  const VerifiedLog& log = VerifiedLog::instance();
  const double before = cpu_seconds();
  for (auto _ : state) work();
  const double used = cpu_seconds() - before;
  const double bytes = static_cast<double>(log.bytes()) * static_cast<double>(state.iterations());
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.counters["bytes/event"] = static_cast<double>(log.bytes()) / static_cast<double>(log.records().size());
  state.counters["cpu_bytes/s"] =
      benchmark::Counter(used > 0 ? bytes / used : 0, benchmark::Counter::kDefaults, benchmark::Counter::kIs1000);
}

void hash_with(benchmark::State& state, std::size_t threads, bool tree) {
  const auto& records = VerifiedLog::instance().records();
  measure(state, [&] {
    std::vector<std::future<void>> parts;
    for (std::size_t part = 0; part < threads; ++part) {
      parts.push_back(std::async(std::launch::async, [&records, part, threads, tree] {
        const std::size_t end = records.size() * (part + 1) / threads;
        store::MerkleTree over;
        for (std::size_t i = records.size() * part / threads; i < end; ++i) {
          const Hash hash = blake2b_256(records[i]);
          benchmark::DoNotOptimize(hash);
          if (tree) over.add(hash);
        }
        benchmark::DoNotOptimize(over.root());
      }));
    }
    for (auto& part : parts) part.get();
  });
}

void read_one_core(benchmark::State& state) {
  const VerifiedLog& log = VerifiedLog::instance();
  const auto stored = store::open_stored_records(log.directory());
  ESAAS_ASSERT(stored.has_value(), stored.error().detail);
  measure(state, [&] {
    std::size_t bytes = 0;
    const auto read =
        (*stored)->read(1, UINT64_MAX, [&](std::string_view, std::string_view record) { bytes += record.size(); });
    ESAAS_ASSERT(read.has_value() && bytes == log.bytes(), "not what was written");
  });
}

void verify_with(benchmark::State& state, std::size_t threads) {
  const VerifiedLog& log = VerifiedLog::instance();
  store::VerifyOptions options;
  options.digests = log.digests();
  options.threads = threads;
  measure(state, [&] {
    const auto found = store::verify_log(log.directory(), options);
    ESAAS_ASSERT(found.has_value(), found.error().detail);
    ESAAS_ASSERT(found->findings.empty() && found->bytes == log.bytes(), "not what was written");
    ESAAS_ASSERT(found->proven_through == log.digests().back().digest.through_seq(),
                 "a digest was not held against it");
  });
}

std::size_t cores() { return std::max(1U, std::thread::hardware_concurrency()); }

void hash_one_core(benchmark::State& state) { hash_with(state, 1, false); }
void hash_all_cores(benchmark::State& state) { hash_with(state, cores(), false); }
void tree_one_core(benchmark::State& state) { hash_with(state, 1, true); }
void tree_all_cores(benchmark::State& state) { hash_with(state, cores(), true); }
void verify(benchmark::State& state) { verify_with(state, 0); }
void verify_one(benchmark::State& state) { verify_with(state, 1); }

BENCHMARK(hash_one_core)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(hash_all_cores)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(tree_one_core)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(tree_all_cores)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(read_one_core)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(verify)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(verify_one)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace esaas::bench

BENCHMARK_MAIN();
