#include "api/logging/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <atomic>
#include <memory>

namespace esaas::api::log {
namespace {

std::atomic<Format> g_format = Format::kText;

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kDebug: return spdlog::level::debug;
    case Level::kInfo: return spdlog::level::info;
    case Level::kWarning: return spdlog::level::warn;
    case Level::kError: return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

void start(Level level, Format format) {
  g_format = format;
  auto logger = std::make_shared<spdlog::logger>("esaas", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(to_spdlog(level));
  logger->set_pattern(format == Format::kJson ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v)"
                                              : "%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v",
                      spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
  spdlog::flush_every(std::chrono::seconds(1));
}

std::string format_line(Format format, std::string_view event, const Fields& fields) {
  if (format == Format::kJson) {
    boost::json::object line;
    line["event"] = event;
    for (const auto& [name, value] : fields) line[name] = value;
    return boost::json::serialize(line);
  }
  std::string line(event);
  for (const auto& [name, value] : fields) {
    line += ' ';
    line += name;
    line += '=';
    // What is not a plain word is quoted, so that a value cannot pass for another field or another line.
    const bool plain = !value.empty() && value.find_first_of(" =\"\\\r\n\t") == std::string::npos;
    line += plain ? value : boost::json::serialize(boost::json::string(value));
  }
  return line;
}

void write(Level level, std::string_view event, const Fields& fields) {
  auto* logger = spdlog::default_logger_raw();
  if (!logger->should_log(to_spdlog(level))) return;
  const auto format = g_format.load(std::memory_order_relaxed);
  auto line = format_line(format, event, fields);
  // The pattern has opened the object already.
  if (format == Format::kJson) line.erase(0, 1);
  logger->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

Result<Level> parse_level(std::string_view name) {
  if (name == "debug") return Level::kDebug;
  if (name == "info") return Level::kInfo;
  if (name == "warning") return Level::kWarning;
  if (name == "error") return Level::kError;
  return fail(ErrorCode::kInvalidArgument,
              "\"" + std::string(name) + "\" is no log level: debug, info, warning or error");
}

}  // namespace esaas::api::log
