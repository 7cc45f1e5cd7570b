#pragma once
// Bill: what one cluster's use costs over a stretch of time, as exact quantities by kind, price list and factor. Takes
// intervals in any order; cutting them into pieces anywhere changes nothing. Pure; not thread-safe.
//
// Quantities are sums of amounts below 2^32 times microseconds: 128 bits hold those of a hundred thousand nodes for
// longer than 64 bits of microseconds last. They are exact; what a line comes to is rounded once
// (core/billing/money.h).
//
//   cpu, memory      while a task runs; what Mesos only lent costs PriceList.revocable_permille of it
//   storage, ssd     while the disk is reserved; SSD is what the price list's ssd_disk_types name
//   cluster          from its creation to its deletion, suspended or not
//
// All but the last and what is lent are multiplied with the factor for high availability, by how many zones hold disks
// of data nodes and how many dedicated masters run at each moment.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/billing/money.h"
#include "core/billing/price_book.h"
#include "core/model/billing.pb.h"
#include "store/views/usage_fold.h"

namespace esaas::store {

enum class BillKind : std::uint8_t { kCpu, kMemory, kStorage, kSsd, kCluster };

/// cpu, memory, storage, ssd, cluster; and what a quantity of it counts: milli_cpu_us, mib_us, cluster_us.
std::string_view name_of(BillKind kind);
std::string_view unit_of(BillKind kind);
/// Nothing for what is none of these names.
std::optional<BillKind> bill_kind(std::string_view name);
/// How many of what a quantity counts make the whole unit that has a price: 1,000 milli-cpus a core, 1,024 MiB a GiB.
std::uint64_t per_unit(BillKind kind);

class ClusterBill {
 public:
  /// Intervals are cut to [from_us, to_us). `prices` must outlive it.
  ClusterBill(const billing::PriceBook& prices, std::string tenant, std::int64_t from_us, std::int64_t to_us)
      : prices_(prices), tenant_(std::move(tenant)), from_us_(from_us), to_us_(to_us) {}

  /// Of the one cluster. What is no part of a bill (how many nodes there are) says only how available it is.
  void add(const UsageInterval& interval);

  /// Counts what was added and holds sums alone from then on: intervals need not be kept till the end. Before it,
  /// everything that is open at that moment has to be added as an interval that ends there, without a `to_seq`. It is
  /// added once more, from its beginning on, when it ends, or when this is called again.
  /// Precondition: `us` is no earlier than the last time, and nothing that was added ends after it.
  void count_until(std::int64_t us);
  /// How many intervals are kept.
  [[nodiscard]] std::size_t held() const { return intervals_.size(); }

  /// In the order of kind, price list (as they came into force) and factor; what was used before any price list has an
  /// empty one and costs nothing. kResourceExhausted: an amount is too large.
  [[nodiscard]] Result<std::vector<model::InvoiceLine>> lines() const;

 private:
  struct Stretch {
    std::int64_t from_us = 0;
    std::int64_t to_us = 0;
    const model::PriceList* prices = nullptr;
    std::uint32_t factor_permille = 1'000;
  };
  struct Sum {
    billing::Quantity quantity = 0;
    const model::PriceList* prices = nullptr;
    std::uint64_t first_seq = 0;
    std::uint64_t last_seq = 0;
  };
  using Key = std::tuple<BillKind, std::int64_t, std::uint32_t>;  // kind, the price list's moment, factor
  using Sums = std::map<Key, Sum>;
  using Use = std::pair<std::uint64_t, UsageKind>;  // an interval: one event opens at most one of each kind

  [[nodiscard]] std::vector<Stretch> stretches(std::int64_t to_us) const;
  static std::optional<Key> add_to(const UsageInterval& interval, const Stretch& stretch, Sums& sums);
  /// `counted`, when it is not null: what open ones were added to.
  void count(std::int64_t to_us, Sums& sums, std::map<Use, std::set<Key>>* counted) const;

  const billing::PriceBook& prices_;
  std::string tenant_;
  std::int64_t from_us_;
  std::int64_t to_us_;
  std::vector<UsageInterval> intervals_;
  Sums sums_;                             // up to from_us_
  std::map<Use, std::set<Key>> counted_;  // of what was open then: which of the sums it is in
};

}  // namespace esaas::store
