#pragma once
// Exact money. A price is in billionths of a currency's unit for one hour of the whole unit of what is used (a core, a
// GiB, a cluster); a quantity is what was used times microseconds; an amount is in the currency's smallest unit.
// Nothing is rounded but the amount, once, half to even. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace esaas::billing {

/// Amount times microseconds: 64 bits would overflow within a year of a large fleet.
using Quantity = unsigned __int128;

inline constexpr std::uint64_t kUsPerHour = 3'600'000'000;
/// ISO 4217 knows up to four.
inline constexpr std::uint32_t kMinorDigitsMax = 4;

struct Charge {
  Quantity quantity = 0;
  std::uint64_t per_unit = 1;  ///< how many of what the quantity counts make the whole unit: 1,000 milli-cpus a core
  std::uint64_t price_nanos = 0;
  std::uint32_t factor_permille = 1'000;
  std::uint32_t minor_digits = 2;  ///< of the currency's smallest unit, at most kMinorDigitsMax
};

/// What it costs in the currency's smallest unit. kResourceExhausted when 64 bits do not hold it.
Result<std::int64_t> amount_minor(const Charge& charge);

/// "-12.30": an amount with two minor digits, for people and for exports.
std::string to_decimal(std::int64_t minor, std::uint32_t minor_digits);

/// All digits of it.
std::string to_text(Quantity quantity);
/// kInvalidArgument for what is no decimal number of 128 bits.
Result<Quantity> parse_quantity(std::string_view text);

}  // namespace esaas::billing
