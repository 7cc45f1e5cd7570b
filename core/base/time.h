#pragma once
// Time as the whole program speaks it: a wall-clock moment in microseconds. Pure code is given `now` and never asks;
// events and state keep moments as int64 fields whose names end in `_at_us`.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace esaas {

using Duration = std::chrono::microseconds;
using Time = std::chrono::sys_time<Duration>;

/// Microseconds since 1970-01-01T00:00:00Z, as stored.
constexpr std::int64_t to_us(Time time) { return time.time_since_epoch().count(); }
constexpr Time from_us(std::int64_t us) { return Time{Duration{us}}; }

/// RFC 3339 in UTC with microseconds: 2016-10-09T12:28:00.000000Z.
std::string to_rfc3339(Time time);

/// Parses RFC 3339 (any offset, 0 to 6 digits of fraction) or a plain date, which is its midnight in UTC.
Result<Time> parse_rfc3339(std::string_view text);

/// "1h5m", "4.2s", "12ms": for people, two units at the most.
std::string to_text(Duration duration);

}  // namespace esaas
