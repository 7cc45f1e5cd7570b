#pragma once
// BillCheck: an invoice derived once more from the events that it names, and what does not fit. Trusts nothing that the
// log says of itself without the hash chain. Reads the log from its first event to the invoice's; may block on the
// disk.

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/model/billing.pb.h"
#include "store/log/event_log.h"

namespace esaas::store {

/// One line as it was billed (with earlier corrections, of a correction) and as it is derived; nothing: there is none.
struct LineCheck {
  std::optional<model::InvoiceLine> billed;
  std::optional<model::InvoiceLine> derived;
};

struct BillCheck {
  model::Invoice invoice;             ///< what was checked
  std::int64_t derived_minor = 0;     ///< what its month comes to
  std::int64_t billed_minor = 0;      ///< with earlier corrections, of a correction
  std::vector<LineCheck> lines;       ///< those that differ
  std::vector<std::string> findings;  ///< what else does not fit, a sentence each
  std::uint64_t lines_checked = 0;
  /// Whether the digest that it names is over all events that it was derived from; without one it is not.
  bool is_under_digest = false;
  std::string signing_key_id = {};  ///< of the key whose signature over the digest holds; empty: there is none

  [[nodiscard]] bool is_right() const { return lines.empty() && findings.empty(); }
};

struct BillClaim {
  std::string id;
  const model::Invoice* copy = nullptr;  ///< somebody's, which has to be the same as the log's
  /// Kept elsewhere, 32 bytes: the digest has to be signed by no other key, and the invoice has to name one. Empty: the
  /// key that the log names is taken at its word.
  std::string public_key = {};
};

/// Checks the invoice of the log with this id, or the copy of it. Errors: kNotFound (the log has no such invoice),
/// kUnavailable (it lacks the index of them), and the log's but for data that is broken, which is a finding.
Result<BillCheck> check_bill(const EventLog& log, const BillClaim& claim);

}  // namespace esaas::store
