#include "store/views/usage_view.h"

#include <algorithm>
#include <map>
#include <utility>

#include "store/views/time_search.h"

namespace esaas::store {

UsageQuantity& UsageTotal::of(UsageKind kind) {
  switch (kind) {
    case UsageKind::kCpu: return cpu;
    case UsageKind::kMemory: return memory;
    case UsageKind::kDisk: return disk;
    case UsageKind::kNode: return node;
    case UsageKind::kCluster: break;
  }
  return existing;
}

UsageCursor::UsageCursor(const EventLog& log, UsageQuery query, std::uint64_t to_seq)
    : query_(std::move(query)),
      end_us_(to_us(std::min(query_.to, query_.now))),
      walk_(log, to_seq, query_.pace),
      at_end_(to_seq == 0) {}

bool UsageCursor::cut(UsageInterval& interval) const {
  if (!query_.tenant.empty() && interval.tenant != query_.tenant) return false;
  if (!query_.cluster.empty() && interval.cluster != query_.cluster) return false;
  interval.from_us = std::max(interval.from_us, to_us(query_.from));
  interval.to_us = std::min(interval.to_us, end_us_);
  return interval.from_us < interval.to_us;
}

Result<const UsageInterval*> UsageCursor::next() {
  for (;;) {
    while (position_ < ready_.size()) {
      UsageInterval& interval = ready_[position_++];
      if (cut(interval)) return &interval;
    }
    ready_.clear();
    position_ = 0;
    if (at_end_) return nullptr;
    ESAAS_TRY(const event::Event* event, walk_.next());
    if (event != nullptr) {
      fold_.apply(*event, ready_);
    } else {
      fold_.append_open(end_us_, ready_);
      at_end_ = true;
    }
  }
}

Result<UsageCursor> UsageView::intervals(const UsageQuery& query) const {
  if (query.from >= query.to) {
    return fail(ErrorCode::kInvalidArgument,
                "from: " + to_rfc3339(query.from) + " is not before " + to_rfc3339(query.to), "from", "from_before_to");
  }
  // What is closed after the range is still open within it.
  ESAAS_TRY(const std::uint64_t end, first_seq_at(log_, query.to));
  return UsageCursor(log_, query, end - 1);
}

Result<std::vector<UsageTotal>> UsageView::totals(const UsageQuery& query, bool by_tenant) const {
  ESAAS_TRY(UsageCursor cursor, intervals(query));
  std::map<std::pair<std::string, std::string>, UsageTotal> sums;
  UsageTotal* sum = nullptr;  // of the interval before: what ends together is of one cluster
  for (;;) {
    ESAAS_TRY(const UsageInterval* interval, cursor.next());
    if (interval == nullptr) break;
    const bool is_same =
        sum != nullptr && interval->tenant == sum->tenant && (by_tenant || interval->cluster == sum->cluster);
    if (!is_same) {
      const std::string cluster = by_tenant ? std::string() : interval->cluster;
      sum = &sums[{interval->tenant, cluster}];
      sum->tenant = interval->tenant;
      sum->cluster = cluster;
    }
    sum->of(interval->kind) +=
        UsageQuantity{interval->amount} * static_cast<std::uint64_t>(interval->to_us - interval->from_us);
  }
  std::vector<UsageTotal> totals;
  totals.reserve(sums.size());
  for (auto& [key, total] : sums) totals.push_back(std::move(total));
  return totals;
}

}  // namespace esaas::store
