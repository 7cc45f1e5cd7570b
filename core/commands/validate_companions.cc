// Proxies and Kibana: what a request for them must be in itself.

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <set>

#include "core/commands/checks.h"
#include "core/commands/validate.h"
#include "core/commands/validate_group.h"
#include "core/model/version.h"

namespace esaas::command {
namespace {

/// "10.0.0.0/8", "::1/128"; an address alone is itself. Bits beyond the prefix would be ignored in silence: refused.
bool is_network(const std::string& text) {
  // inet_pton reads up to a zero byte, and what is behind it would be a command to the proxy.
  if (text.find_first_not_of("0123456789abcdefABCDEF.:/") != std::string::npos) return false;
  const std::size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  std::array<unsigned char, 16> bytes{};
  const bool v4 = inet_pton(AF_INET, address.c_str(), bytes.data()) == 1;
  if (!v4 && inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return false;
  if (slash == std::string::npos) return true;
  const unsigned bits = v4 ? 32 : 128;
  unsigned prefix = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + slash + 1, end, prefix);
  if (read.ec != std::errc() || read.ptr != end || prefix > bits) return false;
  for (unsigned bit = prefix; bit < bits; ++bit) {
    if ((bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

Result<void> validate_user(const model::ProxyUser& user, const std::string& field) {
  ESAAS_CHECK(validate_word(user.name(), field + ".name", "._@-", 64));
  ESAAS_CHECK(validate_word(user.secret_id(), field + ".secret_id", "._/-", 128));
  return {};
}

}  // namespace

Result<void> validate_access(const model::ProxyAccess& access, const std::string& field) {
  if (access.users_size() > kProxyUsersMax) {
    return refuse(field + ".users", "are more than " + std::to_string(kProxyUsersMax), "users_max");
  }
  if (access.allowed_size() > kNetworksMax) {
    return refuse(field + ".allowed", "are more than " + std::to_string(kNetworksMax), "networks_max");
  }
  std::set<std::string_view> seen;
  for (int i = 0; i < access.users_size(); ++i) {
    const std::string one = field + ".users[" + std::to_string(i) + "]";
    ESAAS_CHECK(validate_user(access.users(i), one));
    if (!seen.insert(access.users(i).name()).second) {
      return refuse(one + ".name", access.users(i).name() + " is given twice", "unique");
    }
  }
  for (int i = 0; i < access.allowed_size(); ++i) {
    if (is_network(access.allowed(i))) continue;
    return refuse(field + ".allowed[" + std::to_string(i) + "]",
                  "\"" + access.allowed(i) + "\" is no network in CIDR notation, such as 10.0.0.0/8", "cidr");
  }
  return {};
}

Result<void> validate(const model::SetProxies& request) {
  ESAAS_CHECK(in_range(request.count(), 0, kCompanionsMax, "count"));
  ESAAS_CHECK(validate_resources(request.resources(), "resources", true));
  ESAAS_CHECK(validate_access(request.access(), "access"));
  return validate_constraints(request.constraints(), "constraints");
}

Result<void> validate(const model::InstallKibana& request) {
  if (!request.version().empty() && !model::parse_version(request.version())) {
    return refuse("version", "\"" + request.version() + "\" is no version, such as 5.1.1", "version");
  }
  return validate_resources(request.resources(), "resources", true);
}

}  // namespace esaas::command
