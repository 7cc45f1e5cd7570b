#include "reconcilers/effects/mesos/master_info.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include <fmt/format.h>
#include <boost/json.hpp>

namespace esaas::mesos {
namespace {

namespace json = boost::json;

constexpr std::string_view kPrefix = "json.info_";
constexpr std::size_t kSequenceDigits = 10;
// A znode holds at most 1 MiB by ZooKeeper's default; a MasterInfo has a few hundred bytes.
constexpr std::size_t kBytesMax = std::size_t{64} << 10;
constexpr std::size_t kDepthMax = 16;

std::unexpected<Error> wrong(std::string what) {
  return fail(ErrorCode::kInvalidArgument, "MasterInfo " + std::move(what));
}

bool is_sequence(std::string_view text) {
  return text.size() == kSequenceDigits && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// 0 when there is none that could be one.
std::uint16_t port_of(const json::object& object) {
  const json::value* value = object.if_contains("port");
  if (value == nullptr || !value->is_int64()) return 0;
  const std::int64_t port = value->get_int64();
  return port > 0 && port <= std::numeric_limits<std::uint16_t>::max() ? static_cast<std::uint16_t>(port) : 0;
}

/// An address by itself is right when it reads back as written; what is in ZooKeeper ends up in a resolver and a log.
Result<Endpoint> checked(std::string host, std::uint16_t port) {
  const Endpoint endpoint{std::move(host), port};
  auto again = parse_endpoint(endpoint.to_string());
  if (!again) return wrong("has no usable address: " + again.error().detail);
  return again;
}

}  // namespace

MasterZnodes order_masters(const std::vector<std::string>& children) {
  MasterZnodes znodes;
  for (const auto& child : children) {
    if (!child.starts_with(kPrefix)) continue;
    auto& list = is_sequence(std::string_view(child).substr(kPrefix.size())) ? znodes.in_order : znodes.odd;
    list.push_back(child);
  }
  // Ten digits each: the order of the text is that of the numbers.
  std::ranges::sort(znodes.in_order);
  std::ranges::sort(znodes.odd);
  return znodes;
}

Result<MasterInfo> parse_master_info(std::string_view bytes) {
  if (bytes.size() > kBytesMax) return wrong(fmt::format("has {} bytes", bytes.size()));
  json::parse_options options;
  options.max_depth = kDepthMax;
  boost::system::error_code failed;
  const json::value document = json::parse(json::string_view(bytes.data(), bytes.size()), failed, {}, options);
  if (failed) return wrong("is not JSON: " + failed.message());
  const json::object* object = document.if_object();
  if (object == nullptr) return wrong("is not a JSON object");

  MasterInfo info;
  info.id = text_of(*object, "id");
  info.version = text_of(*object, "version");
  info.hostname = text_of(*object, "hostname");
  const json::value* nested = object->if_contains("address");
  const json::object* address = nested != nullptr ? nested->if_object() : nullptr;
  std::string host;
  std::uint16_t port = 0;
  if (address != nullptr) {
    port = port_of(*address);
    host = text_of(*address, "ip");
    const std::string name = text_of(*address, "hostname");
    if (!name.empty()) info.hostname = name;
  }
  if (port == 0) port = port_of(*object);
  if (host.empty()) host = info.hostname;
  if (host.empty()) return wrong("has neither address.ip nor a hostname");
  if (port == 0) return wrong("has no port from 1 to 65535");
  ESAAS_TRY(info.address, checked(std::move(host), port));
  if (!info.hostname.empty() && !checked(info.hostname, port)) info.hostname.clear();
  return info;
}

}  // namespace esaas::mesos
