#pragma once
// A log as an older program leaves it: what it lacks is not there to be found.

#include "tests/store/forwarding_log.h"

namespace esaas::store::testing {

/// The same log, whose newer indexes are not built yet: what it would answer from them is nothing.
class LogWithoutIndexes final : public ForwardingLog {
 public:
  using ForwardingLog::ForwardingLog;
  [[nodiscard]] Result<std::vector<std::uint64_t>> read_index(const IndexQuery& query) const override {
    if (query.kind >= IndexKind::kTenantAudit) return std::vector<std::uint64_t>{};
    return ForwardingLog::read_index(query);
  }
  [[nodiscard]] std::uint64_t events_to_index() const override { return last_seq(); }
};

}  // namespace esaas::store::testing
