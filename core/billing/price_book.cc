#include "core/billing/price_book.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <tuple>

namespace esaas::billing {
namespace {

constexpr std::string_view kIdPrefix = "pl-";

std::uint64_t published_seq(const model::PriceList& list) {
  std::uint64_t seq = 0;
  const std::string& id = list.id();
  if (id.starts_with(kIdPrefix)) std::from_chars(id.data() + kIdPrefix.size(), id.data() + id.size(), seq);
  return seq;
}

}  // namespace

PriceBook::PriceBook(std::vector<model::PriceList> lists) : lists_(std::move(lists)) {
  std::ranges::sort(lists_, {}, [](const model::PriceList& list) {
    return std::tuple(std::string_view(list.tenant()), list.effective_at_us(), published_seq(list));
  });
}

const model::PriceList* PriceBook::in_force(std::string_view tenant, std::int64_t at_us) const {
  const auto newest_of = [&](std::string_view whose) -> const model::PriceList* {
    const auto after = std::ranges::upper_bound(lists_, std::tuple(whose, at_us), {}, [](const model::PriceList& list) {
      return std::tuple(std::string_view(list.tenant()), list.effective_at_us());
    });
    if (after == lists_.begin() || std::prev(after)->tenant() != whose) return nullptr;
    return &*std::prev(after);
  };
  const model::PriceList* own = newest_of(tenant);
  return own != nullptr ? own : newest_of({});
}

std::vector<std::int64_t> PriceBook::changes(std::string_view tenant, std::int64_t from_us, std::int64_t to_us) const {
  std::vector<std::int64_t> moments;
  for (const model::PriceList& list : lists_) {
    const std::int64_t at_us = list.effective_at_us();
    const bool is_within = at_us > from_us && at_us < to_us;
    if (is_within && in_force(tenant, at_us) != in_force(tenant, at_us - 1)) moments.push_back(at_us);
  }
  std::ranges::sort(moments);
  const auto repeated = std::ranges::unique(moments);
  moments.erase(repeated.begin(), repeated.end());
  return moments;
}

std::uint32_t availability_permille(const model::PriceList& list, std::uint32_t zones,
                                    std::uint32_t dedicated_masters) {
  std::uint32_t factor = 0;
  for (const model::HighAvailability& one : list.high_availability()) {
    if (zones >= one.zones() && dedicated_masters >= one.dedicated_masters()) {
      factor = std::max(factor, one.factor_permille());
    }
  }
  return factor == 0 ? 1'000 : factor;
}

bool is_ssd(const model::PriceList& list, const std::string& disk_type) {
  return std::ranges::find(list.ssd_disk_types(), disk_type) != list.ssd_disk_types().end();
}

std::string price_list_id(std::uint64_t seq) { return std::string(kIdPrefix) + std::to_string(seq); }

}  // namespace esaas::billing
