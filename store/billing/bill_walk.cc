#include "store/billing/bill_walk.h"

#include <algorithm>
#include <vector>

#include "store/views/metering_walk.h"
#include "store/views/time_search.h"
#include "store/views/usage_fold.h"

namespace esaas::store {
namespace {

class Collection {
 public:
  Collection(const billing::PriceBook& prices, const BillQuery& query)
      : prices_(prices),
        query_(query),
        from_us_(to_us(query.from)),
        end_us_(to_us(std::min(query.to, query.now))),
        cluster_(bills_.end()) {}

  void add(const UsageInterval& interval) {
    if (!query_.tenant.empty() && interval.tenant != query_.tenant) return;
    if (std::max(interval.from_us, from_us_) >= std::min(interval.to_us, end_us_)) return;
    // What ends together is of one cluster.
    const bool is_same = cluster_ != bills_.end() && cluster_->first.second == interval.cluster &&
                         cluster_->first.first == interval.tenant;
    if (!is_same) {
      cluster_ =
          bills_.try_emplace({interval.tenant, interval.cluster}, prices_, interval.tenant, from_us_, end_us_).first;
    }
    cluster_->second.add(interval);
    ++held_;
  }

  /// Intervals are counted and let go when those that ended since the last time are more than what is open, so that the
  /// open ones are not gone through all the time.
  void count_when_many(const UsageFold& fold, std::int64_t now_us) {
    if (held_ < std::max(query_.held_max, 2 * open_) || now_us <= from_us_) return;
    std::vector<UsageInterval> open;
    fold.append_open(now_us, open);
    for (const UsageInterval& interval : open) add(interval);
    for (auto& [name, bill] : bills_) bill.count_until(now_us);
    open_ = open.size();
    held_ = 0;
  }

  ClusterBills finish(const UsageFold& fold) {
    std::vector<UsageInterval> open;
    fold.append_open(end_us_, open);
    for (const UsageInterval& interval : open) add(interval);
    return std::move(bills_);
  }

 private:
  const billing::PriceBook& prices_;
  const BillQuery& query_;
  std::int64_t from_us_;
  std::int64_t end_us_;
  ClusterBills bills_;
  ClusterBills::iterator cluster_;  // of the interval before
  std::size_t held_ = 0;
  std::size_t open_ = 0;
};

}  // namespace

Result<ClusterBills> cluster_bills(const EventLog& log, const billing::PriceBook& prices, const BillQuery& query) {
  if (query.from >= query.to) {
    return fail(ErrorCode::kInvalidArgument,
                "from: " + to_rfc3339(query.from) + " is not before " + to_rfc3339(query.to), "from", "from_before_to");
  }
  ESAAS_TRY(const std::uint64_t end, first_seq_at(log, query.to));
  MeteringWalk walk(log, end - 1);
  UsageFold fold;
  Collection bills(prices, query);
  std::vector<UsageInterval> closed;
  for (;;) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) return bills.finish(fold);
    fold.apply(*event, closed);
    for (const UsageInterval& interval : closed) bills.add(interval);
    closed.clear();
    bills.count_when_many(fold, event->time_at_us());
  }
}

}  // namespace esaas::store
