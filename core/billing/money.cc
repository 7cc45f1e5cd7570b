#include "core/billing/money.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <cstdlib>
#include <limits>

#include "core/base/assert.h"

namespace esaas::billing {
namespace {

using Wide = boost::multiprecision::uint256_t;

std::uint64_t power_of_ten(std::uint32_t digits) {
  std::uint64_t power = 1;
  for (; digits > 0; --digits) power *= 10;
  return power;
}

/// Half to even.
Wide divide_rounded(const Wide& dividend, const Wide& divisor) {
  Wide quotient = dividend / divisor;
  const Wide twice = 2 * (dividend - quotient * divisor);
  const bool is_odd = (quotient & 1) != 0;
  if (twice > divisor || (twice == divisor && is_odd)) ++quotient;
  return quotient;
}

}  // namespace

Result<std::int64_t> amount_minor(const Charge& charge) {
  ESAAS_ASSERT(charge.per_unit > 0 && charge.minor_digits <= kMinorDigitsMax, "a charge is of a unit and a currency");
  const Wide nanos = Wide(charge.quantity) * charge.price_nanos * charge.factor_permille;
  const Wide divisor = Wide(charge.per_unit) * kUsPerHour * 1'000 * power_of_ten(9 - charge.minor_digits);
  const Wide amount = divide_rounded(nanos, divisor);
  if (amount > std::numeric_limits<std::int64_t>::max()) {
    return fail(ErrorCode::kResourceExhausted, "an amount of " + amount.str() + " is more than can be billed");
  }
  return amount.convert_to<std::int64_t>();
}

std::string to_decimal(std::int64_t minor, std::uint32_t minor_digits) {
  const auto unit = power_of_ten(minor_digits);
  const auto size = minor < 0 ? 0 - static_cast<std::uint64_t>(minor) : static_cast<std::uint64_t>(minor);
  std::string text = minor < 0 ? "-" : "";
  text += std::to_string(size / unit);
  if (minor_digits > 0) text += fmt::format(".{:0{}}", size % unit, minor_digits);
  return text;
}

std::string to_text(Quantity quantity) {
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(quantity % 10)));
    quantity /= 10;
  } while (quantity != 0);
  std::ranges::reverse(digits);
  return digits;
}

Result<Quantity> parse_quantity(std::string_view text) {
  constexpr Quantity kMax = std::numeric_limits<Quantity>::max();
  Quantity quantity = 0;
  bool is_number = !text.empty();
  for (const char c : text) {
    const auto digit = static_cast<unsigned>(c - '0');
    is_number = is_number && digit <= 9 && quantity <= (kMax - digit) / 10;
    if (is_number) quantity = quantity * 10 + digit;
  }
  if (is_number) return quantity;
  return fail(ErrorCode::kInvalidArgument, "\"" + std::string(text) + "\" is no quantity");
}

}  // namespace esaas::billing
