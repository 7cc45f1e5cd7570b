#include "core/base/time.h"

#include <array>
#include <cstdio>
#include <optional>

namespace esaas {
namespace {

/// Reads exactly `digits` decimal digits from the front of `text` and removes them.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

/// The fraction of a second in microseconds; digits beyond the sixth are an error, not a rounding.
std::optional<int> take_fraction(std::string_view& text) {
  int value = 0;
  int digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (++digits > 6) return std::nullopt;
    value = value * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 6; ++digits) value *= 10;
  return value;
}

std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return std::chrono::minutes{0};
  const bool west = !text.empty() && text.front() == '-';
  if (!west && (text.empty() || text.front() != '+')) return std::nullopt;
  text.remove_prefix(1);
  const auto hours = take_number(text, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::chrono::minutes offset{*hours * 60 + *minutes};
  return west ? -offset : offset;
}

std::optional<Time> parse(std::string_view text) {
  using namespace std::chrono;
  const auto y = take_number(text, 4);
  if (!y || !take(text, '-')) return std::nullopt;
  const auto mo = take_number(text, 2);
  if (!mo || !take(text, '-')) return std::nullopt;
  const auto d = take_number(text, 2);
  if (!d) return std::nullopt;
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*mo)}, day{static_cast<unsigned>(*d)}};
  if (!date.ok()) return std::nullopt;
  Time time{sys_days{date}};
  if (text.empty()) return time;
  if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return std::nullopt;
  const auto h = take_number(text, 2);
  if (!h || *h > 23 || !take(text, ':')) return std::nullopt;
  const auto mi = take_number(text, 2);
  if (!mi || *mi > 59 || !take(text, ':')) return std::nullopt;
  const auto s = take_number(text, 2);
  if (!s || *s > 59) return std::nullopt;
  int fraction = 0;
  if (take(text, '.')) {
    const auto f = take_fraction(text);
    if (!f) return std::nullopt;
    fraction = *f;
  }
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return time + hours{*h} + minutes{*mi} + seconds{*s} + microseconds{fraction} - *offset;
}

}  // namespace

std::string to_rfc3339(Time time) {
  using namespace std::chrono;
  const auto days_part = floor<days>(time);
  const year_month_day date{days_part};
  const hh_mm_ss clock{time - days_part};
  std::array<char, 48> buffer{};
  const int size =
      std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return {buffer.data(), static_cast<std::size_t>(size)};
}

Result<Time> parse_rfc3339(std::string_view text) {
  if (const auto time = parse(text)) return *time;
  return fail(ErrorCode::kInvalidArgument, "\"" + std::string(text.substr(0, 64)) +
                                               "\" is not a moment: write it as 2016-10-09T12:28:00Z or 2016-10-09");
}

std::string to_text(Duration duration) {
  const auto us = duration.count();
  if (us < 0) return "-" + to_text(-duration);
  if (us < 1000) return std::to_string(us) + "us";
  if (us < 1'000'000) return std::to_string(us / 1000) + "ms";
  const auto seconds = us / 1'000'000;
  if (seconds < 60) {
    return std::to_string(seconds) + "." + std::to_string(us / 100'000 % 10) + "s";
  }
  if (seconds < 3600) return std::to_string(seconds / 60) + "m" + std::to_string(seconds % 60) + "s";
  if (seconds < 86400) {
    return std::to_string(seconds / 3600) + "h" + std::to_string(seconds / 60 % 60) + "m";
  }
  return std::to_string(seconds / 86400) + "d" + std::to_string(seconds / 3600 % 24) + "h";
}

}  // namespace esaas
