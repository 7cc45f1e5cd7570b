#pragma once
// UsageView: what was used between two moments, per interval and in sum. Folded from the log on each question, so that
// an answer about the past is the same whenever it is asked. Thread-safe (a cursor belongs to one thread); must not
// outlive the log. May block on the disk.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "store/log/event_log.h"
#include "store/views/metering_walk.h"
#include "store/views/usage_fold.h"

namespace esaas::store {

struct UsageQuery {
  Time from;
  Time to;                   ///< exclusive
  Time now;                  ///< what is open counts until then, and never longer
  std::string tenant = {};   ///< empty: all
  std::string cluster = {};  ///< empty: all
  /// Must outlive the cursor, which then may answer with a pause. Null: none.
  const Pace* pace = nullptr;
};

/// Amount times microseconds, exact: 64 bits would overflow within a year of a large fleet.
using UsageQuantity = unsigned __int128;

struct UsageTotal {
  std::string tenant;
  std::string cluster;         ///< empty in a sum per tenant
  UsageQuantity cpu = 0;       ///< milli-cpu microseconds
  UsageQuantity memory = 0;    ///< MiB microseconds
  UsageQuantity disk = 0;      ///< MiB microseconds
  UsageQuantity node = 0;      ///< node microseconds
  UsageQuantity existing = 0;  ///< cluster microseconds
  UsageQuantity& of(UsageKind kind);
};

/// Intervals cut to the query's range, in the order in which they were closed; those that are open come last.
class UsageCursor {
 public:
  /// The next interval, or null at the end. It lives until the next call.
  Result<const UsageInterval*> next();

 private:
  friend class UsageView;
  UsageCursor(const EventLog& log, UsageQuery query, std::uint64_t to_seq);
  /// Cuts to the range; false when nothing is left, or the filter does not match.
  bool cut(UsageInterval& interval) const;

  UsageQuery query_;
  std::int64_t end_us_;
  MeteringWalk walk_;
  UsageFold fold_;
  std::vector<UsageInterval> ready_;
  std::size_t position_ = 0;
  bool at_end_ = false;
};

class UsageView {
 public:
  explicit UsageView(const EventLog& log) : log_(log) {}

  /// kInvalidArgument when `from` is not before `to`.
  [[nodiscard]] Result<UsageCursor> intervals(const UsageQuery& query) const;

  /// By tenant and cluster, in that order; `by_tenant` sums over a tenant's clusters.
  [[nodiscard]] Result<std::vector<UsageTotal>> totals(const UsageQuery& query, bool by_tenant = false) const;

 private:
  const EventLog& log_;
};

}  // namespace esaas::store
