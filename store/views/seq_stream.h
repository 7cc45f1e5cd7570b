#pragma once
// SeqStream: seqs in one direction, that can be skipped through: what filters are joined by. One thread at a time; must
// not outlive the log.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "store/log/event_log.h"

namespace esaas::store {

enum class Direction : std::uint8_t { kOldestFirst, kNewestFirst };

class SeqStream {
 public:
  virtual ~SeqStream() = default;
  /// The first one that is `seq` or comes after it in the stream's direction; nothing at the end. Calls ask for seqs
  /// that only go on in that direction.
  virtual Result<std::optional<std::uint64_t>> seek(std::uint64_t seq) = 0;
};

/// The entries of one index value.
std::unique_ptr<SeqStream> posting_stream(const EventLog& log, IndexKind kind, std::string value, Direction direction);
/// These, in any order.
std::unique_ptr<SeqStream> fixed_stream(std::vector<std::uint64_t> seqs, Direction direction);
/// Those that are in any of them.
std::unique_ptr<SeqStream> any_of(std::vector<std::unique_ptr<SeqStream>> streams, Direction direction);

/// Walks over the seqs within [first, last] that are in all of the streams.
class CommonSeqs {
 public:
  /// Precondition: there is a stream.
  CommonSeqs(std::vector<std::unique_ptr<SeqStream>> streams, std::uint64_t first, std::uint64_t last,
             Direction direction);

  /// The next one; nothing at the end.
  Result<std::optional<std::uint64_t>> next();

 private:
  [[nodiscard]] bool is_within(std::uint64_t seq) const { return seq >= first_ && seq <= last_; }

  std::vector<std::unique_ptr<SeqStream>> streams_;
  std::uint64_t first_;
  std::uint64_t last_;
  Direction direction_;
  std::uint64_t next_;
};

}  // namespace esaas::store
