#pragma once
// IndexCoverage: which events the rebuilt kinds of index entries (index_entries.h) still lack. Stored beside the log,
// so that a rebuild goes on where it was. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace esaas::store {

struct SeqRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  ///< inclusive
  friend bool operator==(const SeqRange&, const SeqRange&) = default;
};

class IndexCoverage {
 public:
  explicit IndexCoverage(std::uint32_t version) : version_(version) {}

  /// "2" or "2 1-1500 9000-9100": the version and the ranges that lack entries, ascending. kDataLoss for anything else.
  static Result<IndexCoverage> decode(std::string_view text);
  [[nodiscard]] std::string encode() const;

  /// Of the kinds that the entries are of.
  [[nodiscard]] std::uint32_t version() const { return version_; }
  /// How many events lack entries.
  [[nodiscard]] std::uint64_t events_missing() const;

  /// Precondition: the range is above all that are missing, and not empty.
  void add_missing(SeqRange range) { missing_.push_back(range); }
  /// The newest `limit` events that lack entries; an empty range (first > last) when none does.
  [[nodiscard]] SeqRange next(std::uint64_t limit) const;
  /// Those that `next` gave have them now.
  void done(SeqRange range);

 private:
  std::uint32_t version_;
  std::vector<SeqRange> missing_;
};

}  // namespace esaas::store
