#pragma once
// Watermark: the file ACKNOWLEDGED beside the database. It says up to which event appends were acknowledged, so that a
// write-ahead log that was shortened later is found out: RocksDB itself cannot tell the lost end of a file from a write
// that never finished.
//
// It is written after the synced append, and not synced itself: it costs a microsecond and no flush. Whatever survives
// of it is a lower bound, even after a power failure. Two slots are written by turns, so that one is always whole.
//
// Not thread-safe: belongs to the appender.

#include <cstdint>
#include <filesystem>
#include <memory>

#include "core/base/hash.h"
#include "core/base/result.h"

namespace esaas::store {

class Watermark {
 public:
  /// Creates the file, synced, at seq 0. kInternal when that fails.
  static Result<std::unique_ptr<Watermark>> create(const std::filesystem::path& file);
  /// Reads the newer of its slots. kDataLoss when neither is whole, kInternal when it cannot be read.
  static Result<std::unique_ptr<Watermark>> open(const std::filesystem::path& file);

  Watermark(const Watermark&) = delete;
  Watermark& operator=(const Watermark&) = delete;
  ~Watermark();

  /// The newest event that is known to have been acknowledged, and the hash of its stored bytes.
  [[nodiscard]] std::uint64_t seq() const { return seq_; }
  [[nodiscard]] const Hash& hash() const { return hash_; }

  /// Precondition: the event is durable.
  Result<void> advance(std::uint64_t seq, const Hash& hash);

 private:
  Watermark(std::filesystem::path file, int descriptor);
  Result<void> write_slot(std::uint64_t slot, std::uint64_t seq, const Hash& hash);

  std::filesystem::path file_;
  int descriptor_;
  std::uint64_t seq_ = 0;
  Hash hash_{};
  std::uint64_t next_slot_ = 0;
};

}  // namespace esaas::store
