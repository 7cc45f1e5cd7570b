#include "core/billing/month.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace esaas::billing {

Result<Month> Month::parse(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool has_form = text.size() == 7 && text[4] == '-' && std::ranges::all_of(text.substr(0, 4), is_digit) &&
                        std::ranges::all_of(text.substr(5), is_digit);
  const int month = has_form ? (text[5] - '0') * 10 + (text[6] - '0') : 0;
  const int year =
      has_form ? (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0') : 0;
  if (month < 1 || month > 12 || year < 1970) {
    return fail(ErrorCode::kInvalidArgument, "month: \"" + std::string(text) + "\" is no month like 2026-11", "month",
                "month");
  }
  return Month(year * 12 + month - 1);
}

Month Month::of(Time time) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
  return Month(static_cast<int>(date.year()) * 12 + static_cast<int>(static_cast<unsigned>(date.month())) - 1);
}

Time Month::begin() const {
  const std::chrono::year_month_day first(std::chrono::year(number_ / 12),
                                          std::chrono::month(static_cast<unsigned>(number_ % 12) + 1),
                                          std::chrono::day(1));
  return std::chrono::sys_days(first);
}

std::string Month::text() const { return fmt::format("{:04}-{:02}", number_ / 12, number_ % 12 + 1); }

}  // namespace esaas::billing
