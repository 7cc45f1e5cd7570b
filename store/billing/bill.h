#pragma once
// Bill: what one cluster's use costs over a stretch of time, as exact quantities by kind, price list and factor. Takes
// intervals in any order; cutting them into pieces anywhere changes nothing. Pure; not thread-safe.
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
#include <string>
#include <string_view>
#include <tuple>
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

  [[nodiscard]] std::vector<Stretch> stretches() const;
  static void add_to(const UsageInterval& interval, const Stretch& stretch, std::map<Key, Sum>& sums);

  const billing::PriceBook& prices_;
  std::string tenant_;
  std::int64_t from_us_;
  std::int64_t to_us_;
  std::vector<UsageInterval> intervals_;
};

}  // namespace esaas::store
