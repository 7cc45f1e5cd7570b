#pragma once
// The months that are billed: of the Gregorian calendar, in UTC. Pure.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/time.h"

namespace esaas::billing {

class Month {
 public:
  /// "2026-11". kInvalidArgument, naming `month`, for anything else.
  static Result<Month> parse(std::string_view text);
  /// The one that the moment is in.
  static Month of(Time time);

  [[nodiscard]] Time begin() const;
  [[nodiscard]] Time end() const { return next().begin(); }  ///< exclusive
  [[nodiscard]] Month next() const { return Month(number_ + 1); }
  [[nodiscard]] std::string text() const;

  auto operator<=>(const Month&) const = default;

 private:
  explicit Month(int number) : number_(number) {}
  int number_;  // months since year 0
};

}  // namespace esaas::billing
