#pragma once
// The one way to log, for the parts that may: api/ and, through the callback that it is given, reconcilers/loop. An
// event has a stable snake_case name and fields; what is secret is never a field. Thread-safe after `start`.

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace esaas::api::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError };
enum class Format : std::uint8_t { kText, kJson };

using Fields = std::vector<std::pair<std::string, std::string>>;

/// Sends what is at least `level` to standard error: one JSON object or one "event key=value" per line.
void start(Level level, Format format);

void write(Level level, std::string_view event, const Fields& fields = {});
inline void debug(std::string_view event, const Fields& fields = {}) { write(Level::kDebug, event, fields); }
inline void info(std::string_view event, const Fields& fields = {}) { write(Level::kInfo, event, fields); }
inline void warning(std::string_view event, const Fields& fields = {}) { write(Level::kWarning, event, fields); }
inline void error(std::string_view event, const Fields& fields = {}) { write(Level::kError, event, fields); }

/// "debug", "info", "warning", "error"; kInvalidArgument for anything else.
Result<Level> parse_level(std::string_view name);

/// The line without its time and level, as `write` would print it.
std::string format_line(Format format, std::string_view event, const Fields& fields);

}  // namespace esaas::api::log
