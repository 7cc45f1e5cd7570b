#pragma once
// CloudEventRecords: use as CloudEvents 1.0 (structured JSON, one a line) in the way that OpenMeter takes them: the
// subject is the tenant, a meter sums data.quantity and groups by data.kind, data.cluster and so on.
//
// A meter puts an event into the window that its time is in, so an interval is cut at full hours of UTC: each event is
// of one hour, and its time is when its part began. The id is made of the seq that opened the interval, the kind and
// the part's moments, and the source of the log's first event: who sends an export again, or one of a longer range of
// whole hours, sends the same ids, and OpenMeter counts none twice.

#include <optional>
#include <string>
#include <utility>

#include "store/export/record_source.h"
#include "store/views/usage_view.h"

namespace esaas::store {

class CloudEventRecords final : public RecordSource {
 public:
  /// `source` tells one log from another: log_source().
  CloudEventRecords(UsageCursor cursor, std::string source) : cursor_(std::move(cursor)), source_(std::move(source)) {}

  Result<bool> next(std::string* out) override;

 private:
  void append(std::int64_t from_us, std::int64_t to_us, std::string& out) const;

  UsageCursor cursor_;
  std::string source_;
  std::optional<UsageInterval> interval_;  // what is left of it
};

/// "urn:esaas:log:" and the first half of the hash of the log's first event; empty for an empty log.
Result<std::string> log_source(const EventLog& log);

}  // namespace esaas::store
