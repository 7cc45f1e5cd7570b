#pragma once
// One stretch of a log's stored records, hashed and held against each other: what several threads do beside each other
// when a log is verified. What it finds odd is put together by log_verifier. Pure but for reading; thread-safe.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/base/result.h"
#include "core/events/event.pb.h"
#include "store/log/stored_records.h"

namespace esaas::store {

/// What does not fit at the place of one event.
struct Oddity {
  enum class Kind : std::uint8_t {
    kGap,         ///< nothing is stored from `seq` to `last_seq`
    kNoRecord,    ///< the bytes are no record
    kStrangeKey,  ///< something lies behind `seq` under a key that is no seq
    kShift,       ///< from here on records say `shift` more than the seq that they are stored under
    kBrokenLink,  ///< it does not name the hash of the record before it
  };
  Kind kind = Kind::kGap;
  std::uint64_t seq = 0;
  std::uint64_t last_seq = 0;
  std::int64_t shift = 0;
};

/// Of each stretch no more oddities are kept: one change makes a handful, and whoever made more is found all the same.
inline constexpr std::size_t kOdditiesMax = 1'000;

struct RecordRange {
  std::uint64_t first_seq = 0;
  std::vector<Hash> hashes;  ///< of the records, one for each seq; zeros where nothing is stored
  Hash last_record{};        ///< the hash of the last one; zeros when nothing is stored there
  std::string first_names;   ///< the hash that the first record names; empty: there is no such record
  std::int64_t last_shift = 0;
  std::uint64_t bytes = 0;
  std::vector<Oddity> oddities;
  std::vector<event::Event> books;  ///< digests, and keys that sign
};

/// Reads [first_seq, last_seq]. The link of the first record to the one before is the caller's to check.
Result<RecordRange> read_range(const StoredRecords& records, std::uint64_t first_seq, std::uint64_t last_seq);

}  // namespace esaas::store
