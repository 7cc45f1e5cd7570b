#pragma once
// IndexRebuild: gives index entries to the events that a program without them wrote, from the newest to the oldest,
// while the log is in use. What was done is durable with the entries themselves: after a crash it goes on there.
// Private to the log on disk.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "core/base/result.h"
#include "store/log/index_coverage.h"
#include "store/log/posting_table.h"
#include "store/log/rocksdb_store.h"

namespace esaas::store {

class IndexRebuild {
 public:
  /// `store` must outlive it. What can not be read or written is told to `on_failure`, on the thread, and tried again
  /// after `retry`.
  IndexRebuild(RocksDbStore& store, std::function<void(const Error&)> on_failure, std::chrono::milliseconds retry)
      : store_(store), on_failure_(std::move(on_failure)), retry_(retry) {}
  IndexRebuild(const IndexRebuild&) = delete;
  IndexRebuild& operator=(const IndexRebuild&) = delete;

  /// Up to where appends stored the entries of their events; nothing when no append ever said so. kDataLoss when it is
  /// broken.
  [[nodiscard]] Result<std::optional<std::uint64_t>> stored_through() const;
  /// Finds out what is missing of the events up to `last_seq`, makes that durable, and begins to build it in a thread
  /// of its own. Those after it are none of its business. Errors: kDataLoss (what is stored about it is broken),
  /// kInternal (I/O).
  Result<void> start(std::uint64_t last_seq);

  /// How many events lack entries. Wait-free; from any thread.
  [[nodiscard]] std::uint64_t events_missing() const { return events_missing_.load(std::memory_order_acquire); }

  /// Why the last try came to nothing; nothing when it did not. Any thread.
  [[nodiscard]] std::optional<Error> failure() const;

  /// Notes within an append up to where the entries of events are stored with it.
  void put_through(std::uint64_t seq, rocksdb::WriteBatch& batch) const;

 private:
  Result<IndexCoverage> find_missing(std::uint64_t last_seq);
  void run(const std::stop_token& stop);
  Result<void> build(SeqRange range);
  void note(std::optional<Error> failure);

  RocksDbStore& store_;
  const std::function<void(const Error&)> on_failure_;
  const std::chrono::milliseconds retry_;
  mutable std::mutex mutex_;
  std::optional<Error> failure_;
  IndexCoverage coverage_{0};  // of the thread, once it runs
  PostingTable postings_;
  std::atomic<std::uint64_t> events_missing_{0};
  std::jthread thread_;  // the last: it ends first
};

}  // namespace esaas::store
