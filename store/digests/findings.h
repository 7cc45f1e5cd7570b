#pragma once
// Findings: what is wrong with a log, and where. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/digests/record_range.h"

namespace esaas::store {

struct Finding {
  enum class Kind : std::uint8_t {
    kChanged,     ///< the record of one event, or of one of these, is not as it was written
    kMissing,     ///< these events were taken out
    kExtra,       ///< these were put in
    kOutOfOrder,  ///< these are not in their order
    kRewritten,   ///< something in here was changed, taken out or put in, and the chain made to fit afterwards
    kDigest,      ///< this event is a digest that does not hold by itself
  };
  Kind kind = Kind::kChanged;
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  std::string detail;
};

/// "changed", "missing", "extra", "out_of_order", "rewritten", "digest".
std::string_view name_of(Finding::Kind kind);
/// "event 7", "events 7 to 9".
std::string events_text(std::uint64_t first_seq, std::uint64_t last_seq);

/// What the oddities of a log that ends at `last_seq` come to, by seq. They are in the order in which they were met.
std::vector<Finding> findings_of(const std::vector<Oddity>& oddities, std::uint64_t last_seq);

}  // namespace esaas::store
