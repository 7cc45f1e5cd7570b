#include "store/billing/bill.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace esaas::store {
namespace {

using billing::Charge;
using billing::Quantity;

std::uint64_t price_of(BillKind kind, const model::Prices& prices) {
  switch (kind) {
    case BillKind::kCpu: return prices.cpu_hour_nanos();
    case BillKind::kMemory: return prices.memory_gib_hour_nanos();
    case BillKind::kStorage: return prices.storage_gib_hour_nanos();
    case BillKind::kSsd: return prices.ssd_gib_hour_nanos();
    case BillKind::kCluster: break;
  }
  return prices.cluster_hour_nanos();
}

/// Nothing for what is counted and not billed.
std::optional<BillKind> kind_of(const UsageInterval& interval, const model::PriceList* prices) {
  switch (interval.kind) {
    case UsageKind::kCpu: return BillKind::kCpu;
    case UsageKind::kMemory: return BillKind::kMemory;
    case UsageKind::kDisk: {
      const bool is_fast = prices != nullptr && billing::is_ssd(*prices, interval.disk_type);
      return is_fast ? BillKind::kSsd : BillKind::kStorage;
    }
    case UsageKind::kCluster: return BillKind::kCluster;
    case UsageKind::kNode: break;
  }
  return std::nullopt;
}

/// How available the cluster is from a moment on, as a change of what it was before.
struct AvailabilityChange {
  std::int64_t at_us = 0;
  int data_disks = 0;
  int dedicated_masters = 0;
  const std::string* zone = nullptr;
};

std::vector<AvailabilityChange> availability_changes(const std::vector<UsageInterval>& intervals) {
  std::vector<AvailabilityChange> changes;
  for (const UsageInterval& interval : intervals) {
    const int disks = interval.kind == UsageKind::kDisk && interval.holds_data ? 1 : 0;
    const int masters = interval.kind == UsageKind::kNode && interval.dedicated_master ? 1 : 0;
    if (disks + masters == 0) continue;
    changes.push_back({interval.from_us, disks, masters, &interval.zone});
    changes.push_back({interval.to_us, -disks, -masters, &interval.zone});
  }
  std::ranges::sort(changes, {}, &AvailabilityChange::at_us);
  return changes;
}

}  // namespace

std::string_view name_of(BillKind kind) {
  switch (kind) {
    case BillKind::kCpu: return "cpu";
    case BillKind::kMemory: return "memory";
    case BillKind::kStorage: return "storage";
    case BillKind::kSsd: return "ssd";
    case BillKind::kCluster: break;
  }
  return "cluster";
}

std::string_view unit_of(BillKind kind) {
  switch (kind) {
    case BillKind::kCpu: return "milli_cpu_us";
    case BillKind::kMemory:
    case BillKind::kStorage:
    case BillKind::kSsd: return "mib_us";
    case BillKind::kCluster: break;
  }
  return "cluster_us";
}

std::uint64_t per_unit(BillKind kind) {
  switch (kind) {
    case BillKind::kCpu: return 1'000;
    case BillKind::kMemory:
    case BillKind::kStorage:
    case BillKind::kSsd: return 1'024;
    case BillKind::kCluster: break;
  }
  return 1;
}

std::optional<BillKind> bill_kind(std::string_view name) {
  for (const BillKind kind :
       {BillKind::kCpu, BillKind::kMemory, BillKind::kStorage, BillKind::kSsd, BillKind::kCluster}) {
    if (name_of(kind) == name) return kind;
  }
  return std::nullopt;
}

void ClusterBill::add(const UsageInterval& interval) {
  // What it was counted in while it was open comes from the event that ends it, too.
  if (const auto counted = interval.to_seq == 0 ? counted_.end() : counted_.find({interval.from_seq, interval.kind});
      counted != counted_.end()) {
    for (const Key& key : counted->second) sums_[key].last_seq = std::max(sums_[key].last_seq, interval.to_seq);
    counted_.erase(counted);
  }
  UsageInterval cut = interval;
  cut.from_us = std::max(cut.from_us, from_us_);
  cut.to_us = std::min(cut.to_us, to_us_);
  if (cut.from_us < cut.to_us) intervals_.push_back(std::move(cut));
}

std::vector<ClusterBill::Stretch> ClusterBill::stretches(std::int64_t to_us) const {
  const auto changes = availability_changes(intervals_);
  std::vector<std::int64_t> bounds = prices_.changes(tenant_, from_us_, to_us);
  bounds.insert(bounds.end(), {from_us_, to_us});
  for (const AvailabilityChange& change : changes) bounds.push_back(change.at_us);
  std::ranges::sort(bounds);
  const auto repeated = std::ranges::unique(bounds);
  bounds.erase(repeated.begin(), repeated.end());

  std::vector<Stretch> stretches;
  std::map<std::string_view, int> disks_by_zone;
  int masters = 0;
  auto change = changes.begin();
  for (std::size_t i = 0; i + 1 < bounds.size(); ++i) {
    for (; change != changes.end() && change->at_us <= bounds[i]; ++change) {
      masters += change->dedicated_masters;
      if (change->data_disks != 0) disks_by_zone[*change->zone] += change->data_disks;
    }
    const auto zones = std::ranges::count_if(disks_by_zone, [](const auto& zone) { return zone.second > 0; });
    const model::PriceList* prices = prices_.in_force(tenant_, bounds[i]);
    const std::uint32_t factor = prices == nullptr
                                     ? 1'000
                                     : billing::availability_permille(*prices, static_cast<std::uint32_t>(zones),
                                                                      static_cast<std::uint32_t>(masters));
    Stretch* last = stretches.empty() ? nullptr : &stretches.back();
    if (last != nullptr && last->prices == prices && last->factor_permille == factor) {
      last->to_us = bounds[i + 1];
    } else {
      stretches.push_back({bounds[i], bounds[i + 1], prices, factor});
    }
  }
  return stretches;
}

/// Which sum; nothing when it is in none.
std::optional<ClusterBill::Key> ClusterBill::add_to(const UsageInterval& interval, const Stretch& stretch, Sums& sums) {
  const std::int64_t from_us = std::max(interval.from_us, stretch.from_us);
  const std::int64_t to_us = std::min(interval.to_us, stretch.to_us);
  const auto kind = kind_of(interval, stretch.prices);
  if (!kind || from_us >= to_us) return std::nullopt;
  std::uint32_t factor = *kind == BillKind::kCluster ? 1'000 : stretch.factor_permille;
  if (interval.revocable) factor = stretch.prices == nullptr ? 1'000 : stretch.prices->revocable_permille();
  const std::int64_t began_us =
      stretch.prices == nullptr ? std::numeric_limits<std::int64_t>::min() : stretch.prices->effective_at_us();
  const Key key(*kind, began_us, factor);
  const auto [found, is_new] = sums.try_emplace(key);
  Sum& sum = found->second;
  sum.quantity += Quantity{interval.amount} * static_cast<std::uint64_t>(to_us - from_us);
  sum.prices = stretch.prices;
  sum.first_seq = is_new ? interval.from_seq : std::min(sum.first_seq, interval.from_seq);
  sum.last_seq = std::max({sum.last_seq, interval.from_seq, interval.to_seq});
  return key;
}

void ClusterBill::count(std::int64_t to_us, Sums& sums, std::map<Use, std::set<Key>>* counted) const {
  if (intervals_.empty()) return;
  const auto all = stretches(to_us);
  for (const UsageInterval& interval : intervals_) {
    auto stretch = std::ranges::upper_bound(all, interval.from_us, {}, &Stretch::from_us);
    for (stretch = std::prev(stretch); stretch != all.end() && stretch->from_us < interval.to_us; ++stretch) {
      const auto key = add_to(interval, *stretch, sums);
      if (key && counted != nullptr && interval.to_seq == 0) {
        (*counted)[{interval.from_seq, interval.kind}].insert(*key);
      }
    }
  }
}

void ClusterBill::count_until(std::int64_t us) {
  if (us <= from_us_) return;
  count(us, sums_, &counted_);
  intervals_.clear();
  from_us_ = us;
}

Result<std::vector<model::InvoiceLine>> ClusterBill::lines() const {
  Sums sums = sums_;
  count(to_us_, sums, nullptr);
  std::vector<model::InvoiceLine> lines;
  for (const auto& [key, sum] : sums) {
    const auto& [kind, began_us, factor] = key;
    Charge charge{.quantity = sum.quantity, .per_unit = per_unit(kind), .factor_permille = factor};
    model::InvoiceLine& line = lines.emplace_back();
    if (sum.prices != nullptr) {
      charge.price_nanos = price_of(kind, sum.prices->prices());
      charge.minor_digits = sum.prices->minor_digits();
      line.set_price_list(sum.prices->id());
    }
    line.set_kind(std::string(name_of(kind)));
    line.set_quantity(billing::to_text(sum.quantity));
    line.set_unit(std::string(unit_of(kind)));
    line.set_price_nanos(charge.price_nanos);
    line.set_factor_permille(factor);
    ESAAS_TRY(const std::int64_t amount, billing::amount_minor(charge));
    line.set_amount_minor(amount);
    line.set_first_seq(sum.first_seq);
    line.set_last_seq(sum.last_seq);
  }
  return lines;
}

}  // namespace esaas::store
