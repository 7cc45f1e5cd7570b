// How many events a second become durable, beside RocksDB alone.
//
//   batches_256   one appender, 256 events per synced write: EventLog::append against one WriteBatch of the same
//   records writers_64    64 threads, each waits for its one event: LogWriter against 64 threads that Put the same
//   records with
//                 sync, which RocksDB groups
//
// Both sides take turns on the same disk within one run, so that a noisy machine harms them alike. Ours also encodes,
// hashes, checks and indexes. Events are those of a fleet at work (tests/store/sample_events.h), fixed seed.
// Counters: ours and raw in events a second, ratio = ours / raw, record_bytes and index_bytes per event.
// Budget: ratio >= 0.8.

#include <benchmark/benchmark.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <semaphore>
#include <thread>
#include <vector>

#include "bench/smoke.h"
#include "core/base/assert.h"
#include "store/log/big_endian.h"
#include "store/log/index_codec.h"
#include "store/log/log_writer.h"
#include "store/log/posting_table.h"
#include "store/log/record_codec.h"
#include "store/log/rocksdb_event_log.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::bench {
namespace {

using Clock = std::chrono::steady_clock;
using store::Batch;

constexpr std::size_t kBatch = 256;
constexpr std::size_t kWriters = 64;

std::unique_ptr<store::EventLog> open_log(const store::testing::TempDirectory& directory) {
  auto log = store::open_rocksdb_log({.directory = directory.path()});
  ESAAS_ASSERT(log.has_value(), log.error().detail);
  return std::move(*log);
}

/// RocksDB alone, with the write options of the log and otherwise as it comes.
class RawDb {
 public:
  RawDb() {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    const auto status = rocksdb::DB::Open(options, (directory_.path() / "raw").string(), &db);
    ESAAS_ASSERT(status.ok(), status.ToString());
    db_.reset(db);
    write_options_.sync = true;
  }
  void put(std::uint64_t seq, const std::string& record) {
    std::string key;
    store::append_big_endian(seq, key);
    const auto status = db_->Put(write_options_, key, record);
    ESAAS_ASSERT(status.ok(), status.ToString());
  }
  void write(std::uint64_t first_seq, const std::string* records, std::size_t count) {
    rocksdb::WriteBatch batch;
    std::string key;
    for (std::size_t i = 0; i < count; ++i) {
      key.clear();
      store::append_big_endian(first_seq + i, key);
      batch.Put(key, records[i]);
    }
    const auto status = db_->Write(write_options_, &batch);
    ESAAS_ASSERT(status.ok(), status.ToString());
  }

 private:
  store::testing::TempDirectory directory_;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::WriteOptions write_options_;
};

/// The records that the log would store, hashes and all (the hash of the one before is as long as any other).
std::vector<std::string> records_of(const std::vector<event::Event>& events) {
  std::vector<std::string> records(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    event::Event event = events[i];
    event.set_prev_hash(std::string(32, 'h'));
    ESAAS_ASSERT(store::encode_record(event, records[i]).has_value(), "an event that cannot be encoded");
  }
  return records;
}

/// Bytes of index entries per event: those of so many events are stored together, however they were appended.
double index_bytes(const std::vector<event::Event>& events) {
  const std::size_t batch = std::min(store::kIndexTailEvents, events.size());
  std::size_t bytes = 0;
  store::PostingTable table;
  for (std::size_t at = 0; at + batch <= events.size(); at += batch) {
    table.collect({events.data() + at, batch});
    for (const auto& posting : table.postings()) {
      bytes += store::posting_key(posting.kind, posting.value, posting.first_seq).size() + posting.distances.size();
    }
  }
  return static_cast<double>(bytes) / static_cast<double>(events.size() / batch * batch);
}

struct Sides {
  Clock::duration ours{};
  Clock::duration raw{};
  std::size_t events = 0;
};

void report(benchmark::State& state, const Sides& sides, const std::vector<event::Event>& events,
            const std::vector<std::string>& records) {
  const auto seconds = [](Clock::duration time) { return std::chrono::duration<double>(time).count(); };
  std::size_t bytes = 0;
  for (const auto& record : records) bytes += record.size();
  const auto count = static_cast<double>(sides.events);
  state.counters["ours"] = count / seconds(sides.ours);
  state.counters["raw"] = count / seconds(sides.raw);
  state.counters["ratio"] = seconds(sides.raw) / seconds(sides.ours);
  state.counters["record_bytes"] = static_cast<double>(bytes) / static_cast<double>(records.size());
  state.counters["index_bytes"] = index_bytes(events);
}

void batches_256(benchmark::State& state) {
  const std::size_t rounds = size_of_run(400, 4);
  store::testing::SampleEvents samples;
  const auto events = samples.take(rounds * kBatch);
  const auto records = records_of(events);
  Sides sides;
  for (auto _ : state) {
    const store::testing::TempDirectory directory;
    const auto log = open_log(directory);
    RawDb raw;
    for (std::size_t at = 0; at < events.size(); at += kBatch) {
      Batch batch{{events.begin() + static_cast<long>(at), events.begin() + static_cast<long>(at + kBatch)}, {}};
      const auto begin = Clock::now();
      const auto appended = log->append(std::move(batch));
      const auto middle = Clock::now();
      ESAAS_ASSERT(appended.has_value(), appended.error().detail);
      raw.write(at + 1, records.data() + at, kBatch);
      sides.ours += middle - begin;
      sides.raw += Clock::now() - middle;
    }
    sides.events += events.size();
    state.SetIterationTime(std::chrono::duration<double>(sides.ours).count());
  }
  report(state, sides, events, records);
}

/// Runs `write(position)` for every position in [first, last) on 64 threads, each of which waits for its own.
template <typename Write>
Clock::duration run_writers(std::size_t first, std::size_t last, Write write) {
  std::atomic<std::size_t> next = first;
  std::vector<std::thread> threads;
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < kWriters; ++i) {
    threads.emplace_back([&] {
      for (std::size_t at = next++; at < last; at = next++) write(at);
    });
  }
  for (auto& thread : threads) thread.join();
  return Clock::now() - begin;
}

void writers_64(benchmark::State& state) {
  const std::size_t rounds = size_of_run(10, 1);
  const std::size_t per_round = size_of_run(20'000, 500);
  store::testing::SampleEvents samples;
  auto events = samples.take(rounds * per_round);
  // Threads take events as they come: their times may not decide the order.
  for (auto& event : events) event.set_time_at_us(1);
  const auto records = records_of(events);
  Sides sides;
  for (auto _ : state) {
    const store::testing::TempDirectory directory;
    const auto log = open_log(directory);
    const auto writer = store::make_group_commit_writer(*log, {.assign_seq = true});
    RawDb raw;
    for (std::size_t round = 0; round < rounds; ++round) {
      const std::size_t first = round * per_round;
      sides.ours += run_writers(first, first + per_round, [&](std::size_t at) {
        std::binary_semaphore durable(0);
        Batch part;
        part.events.push_back(events[at]);
        const auto submitted = writer->submit(std::move(part), [&](Result<std::uint64_t> seq) {
          ESAAS_ASSERT(seq.has_value(), seq.error().detail);
          durable.release();
        });
        ESAAS_ASSERT(submitted.has_value(), submitted.error().detail);
        durable.acquire();
      });
      sides.raw += run_writers(first, first + per_round, [&](std::size_t at) { raw.put(at + 1, records[at]); });
    }
    sides.events += events.size();
    state.SetIterationTime(std::chrono::duration<double>(sides.ours).count());
  }
  report(state, sides, events, records);
}

BENCHMARK(batches_256)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(writers_64)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace esaas::bench

BENCHMARK_MAIN();
