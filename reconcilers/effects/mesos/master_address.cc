#include "reconcilers/effects/mesos/master_address.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace esaas::mesos {
namespace {

constexpr std::string_view kZookeeperScheme = "zk://";
constexpr std::string_view kPlainScheme = "http://";
constexpr std::string_view kTlsScheme = "https://";

std::unexpected<Error> wrong(std::string what) { return fail(ErrorCode::kInvalidArgument, std::move(what)); }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// ZooKeeper's rules for a path, and no control characters, which it would take in part.
Result<void> check_path(std::string_view path) {
  if (path.empty() || path == "/") {
    return wrong("the ZooKeeper address has no path: it names the group of the masters, as in zk://HOST:PORT/mesos");
  }
  if (path.ends_with('/')) return wrong(fmt::format("the ZooKeeper path \"{}\" ends in /", path));
  std::string_view rest = path.substr(1);
  while (true) {
    const auto slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == "..") {
      return wrong(fmt::format("the ZooKeeper path \"{}\" has an empty, \".\" or \"..\" part", path));
    }
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  const auto odd = [](char byte) { return static_cast<unsigned char>(byte) < 0x21 || byte == 0x7f || byte == '?'; };
  if (std::ranges::any_of(path, odd)) {
    return wrong("the ZooKeeper path has a character that does not belong in one");
  }
  return {};
}

std::optional<std::string_view> scheme_of(std::string_view entry) {
  const auto end = entry.find("://");
  if (end == std::string_view::npos) return std::nullopt;
  return entry.substr(0, end + 3);
}

Result<MasterAddress> parse_list(std::string_view text) {
  MasterAddress address;
  std::optional<std::string_view> scheme;
  std::string plain;
  for (bool first = true; true; first = false) {
    const auto comma = text.find(',');
    std::string_view entry = trimmed(text.substr(0, comma));
    if (entry.find('@') != std::string_view::npos) {
      return wrong("a master address has an @: credentials do not belong there");
    }
    if (const auto own = scheme_of(entry)) {
      if (*own != kPlainScheme && *own != kTlsScheme) {
        return wrong(fmt::format("master address \"{}\": the scheme is none of http://, https:// and zk://", entry));
      }
      if ((scheme && *scheme != *own) || (!first && !scheme)) {
        return wrong(fmt::format("master address \"{}\": the masters have different schemes", entry));
      }
      scheme = own;
      entry.remove_prefix(own->size());
    }
    if (entry.ends_with('/')) entry.remove_suffix(1);
    if (!first) plain += ',';
    plain += entry;
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  address.tls = scheme == kTlsScheme;
  ESAAS_TRY(address.masters, parse_endpoints(plain));
  return address;
}

}  // namespace

std::string ZookeeperGroup::to_string() const {
  std::string text(kZookeeperScheme);
  if (!user.empty()) text += user + "@";
  for (std::size_t i = 0; i < servers.size(); ++i) text += (i == 0 ? "" : ",") + servers[i].to_string();
  return text + path;
}

Result<ZookeeperGroup> parse_zookeeper_group(std::string_view text) {
  if (!text.starts_with(kZookeeperScheme)) return wrong("a ZooKeeper address begins with zk://");
  text.remove_prefix(kZookeeperScheme.size());
  ZookeeperGroup group;
  const auto slash = text.find('/');
  std::string_view servers_text = text.substr(0, slash);
  group.path = slash == std::string_view::npos ? "" : text.substr(slash);
  if (group.path.find('@') != std::string::npos) {
    // Perhaps half a password: nothing of it is repeated.
    return wrong("the ZooKeeper address has an @ after its first /: a path has none, and no user or password has a /");
  }
  if (const auto at = servers_text.rfind('@'); at != std::string_view::npos) {
    const std::string_view login = servers_text.substr(0, at);
    const auto colon = login.find(':');
    group.user = login.substr(0, colon);
    if (colon != std::string_view::npos) group.password = login.substr(colon + 1);
    if (group.user.empty()) return wrong("the ZooKeeper address has no user before the @");
    servers_text.remove_prefix(at + 1);
  }
  ESAAS_CHECK(check_path(group.path));
  auto servers = parse_endpoints(servers_text);
  if (!servers) return wrong("ZooKeeper: " + servers.error().detail);
  group.servers = std::move(*servers);
  return group;
}

Result<MasterAddress> parse_master_address(std::string_view text) {
  text = trimmed(text);
  if (!text.starts_with(kZookeeperScheme)) return parse_list(text);
  MasterAddress address;
  address.in_zookeeper = true;
  ESAAS_TRY(address.zookeeper, parse_zookeeper_group(text));
  return address;
}

}  // namespace esaas::mesos
