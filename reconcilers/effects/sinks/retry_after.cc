#include "reconcilers/effects/sinks/retry_after.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

namespace esaas::sinks {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Duration kLongest = hours{10 * 365 * 24};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Nothing when it is anything but digits. What is more than the longest time of all is as good as that.
std::optional<std::uint64_t> number_of(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc{} ? number : static_cast<std::uint64_t>(kLongest.count());
}

/// The words of a date: "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"
/// all have a day's name first, and then the same parts in one of two orders.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const auto begin = text.find_first_not_of(" ,-");
    if (begin == std::string_view::npos) return words;
    const auto end = std::min(text.find_first_of(" ,-", begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    text.remove_prefix(end);
  }
}

std::optional<Duration> time_of_day(std::string_view text) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const auto hour = number_of(text.substr(0, 2));
  const auto minute = number_of(text.substr(3, 2));
  const auto second = number_of(text.substr(6, 2));
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return hours{*hour} + std::chrono::minutes{*minute} + seconds{*second};
}

/// `close_to` tells the century of a year that has two digits: not more than 50 years behind it.
std::optional<Time> date_of(std::string_view text, int close_to) {
  const auto words = words_of(text);
  if (words.size() < 5) return std::nullopt;
  const bool is_asctime = !is_digit(words[1].front());
  const auto month = std::ranges::find(kMonths, words[is_asctime ? 1 : 2]);
  const auto day = number_of(words[is_asctime ? 2 : 1]);
  const auto year = number_of(words[is_asctime ? 4 : 3]);
  const auto time = time_of_day(words[is_asctime ? 3 : 4]);
  if (month == kMonths.end() || !day || *day > 31 || !year || *year > 9'999 || !time) return std::nullopt;
  int full_year = static_cast<int>(*year);
  if (words[is_asctime ? 4 : 3].size() == 2) {
    full_year += close_to / 100 * 100;
    if (full_year > close_to + 50) full_year -= 100;
  }
  const std::chrono::year_month_day date{std::chrono::year{full_year},
                                         std::chrono::month{static_cast<unsigned>(month - kMonths.begin()) + 1},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return Time{std::chrono::sys_days{date}} + *time;
}

}  // namespace

Duration retry_after(std::string_view value, std::string_view date) {
  if (const auto wait = number_of(value)) {
    constexpr auto kLongestSeconds = static_cast<std::uint64_t>(kLongest / seconds{1});
    return seconds{std::min(*wait, kLongestSeconds)};
  }
  const auto now = date_of(date, 2000);
  if (!now) return Duration::zero();
  const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(*now)};
  const auto then = date_of(value, static_cast<int>(today.year()));
  return then ? std::clamp<Duration>(*then - *now, Duration::zero(), kLongest) : Duration::zero();
}

}  // namespace esaas::sinks
