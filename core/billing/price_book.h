#pragma once
// PriceBook: which price list applies to a tenant at a moment. A list is in force from its moment until the next one of
// the same tenant; the lists of a tenant go before those of all tenants from the first one's moment on. Of two that
// begin at the same moment the one that was published last counts. Pure; thread-safe.

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/model/billing.pb.h"

namespace esaas::billing {

class PriceBook {
 public:
  /// The lists in any order.
  explicit PriceBook(std::vector<model::PriceList> lists);

  /// Null: nothing costs anything yet. Lives as long as the book.
  [[nodiscard]] const model::PriceList* in_force(std::string_view tenant, std::int64_t at_us) const;

  /// The moments within (from, to) at which another list comes into force for the tenant, ascending.
  [[nodiscard]] std::vector<std::int64_t> changes(std::string_view tenant, std::int64_t from_us,
                                                  std::int64_t to_us) const;

  /// By tenant and moment.
  [[nodiscard]] const std::vector<model::PriceList>& lists() const { return lists_; }

 private:
  std::vector<model::PriceList> lists_;  // by (tenant, effective_at_us, seq of publication)
};

/// What cpu, memory and disks of a cluster are multiplied with while its nodes that hold data are in so many zones and
/// it has so many dedicated masters: the largest factor that applies; 1,000: none.
std::uint32_t availability_permille(const model::PriceList& list, std::uint32_t zones, std::uint32_t dedicated_masters);

bool is_ssd(const model::PriceList& list, const std::string& disk_type);

/// "pl-1234": the id of the list that the event with this seq published.
std::string price_list_id(std::uint64_t seq);

}  // namespace esaas::billing
