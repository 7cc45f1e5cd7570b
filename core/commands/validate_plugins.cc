// Plugins: what a request for one must be in itself.

#include <algorithm>
#include <set>

#include "core/commands/checks.h"
#include "core/commands/validate.h"

namespace esaas::command {
namespace {

constexpr std::size_t kNameLengthMax = 100;
constexpr std::size_t kUriLengthMax = 1000;

/// It is fetched by the agent and named on a command line: nothing that a shell or an option parser could take for
/// more.
Result<void> validate_uri(const std::string& uri, const std::string& field) {
  if (uri.empty()) return {};
  if (uri.size() > kUriLengthMax) return refuse(field, "is too long", "length");
  const bool known = uri.starts_with("https://") || uri.starts_with("http://") || uri.starts_with("file:///") ||
                     (uri.starts_with("/") && !uri.starts_with("//"));
  if (!known) return refuse(field, "must begin with https://, http://, file:/// or /", "uri");
  constexpr std::string_view kAllowed = "-._~:/?#@&+,=%";
  const auto is_good = [kAllowed](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || kAllowed.find(c) != std::string_view::npos;
  };
  if (std::ranges::all_of(uri, is_good)) return {};
  return refuse(field, "holds a character that is not taken in a URI here: encode it with %", "uri");
}

Result<void> validate_sha256(const std::string& sha256, const std::string& field) {
  const auto is_hexadecimal = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  if (sha256.empty() || (sha256.size() == 64 && std::ranges::all_of(sha256, is_hexadecimal))) return {};
  return refuse(field, "must be 64 hexadecimal digits, lower case", "sha256");
}

Result<void> validate_plugin_name(const std::string& name, const std::string& field) {
  ESAAS_CHECK(validate_word(name, field, "._-", kNameLengthMax));
  if (is_lower(name.front()) || is_upper(name.front()) || is_digit(name.front())) return {};
  return refuse(field, "must begin with a letter or a digit", "characters");
}

Result<void> validate_plugin(const model::Plugin& plugin, const std::string& field) {
  ESAAS_CHECK(validate_plugin_name(plugin.name(), field + ".name"));
  ESAAS_CHECK(validate_uri(plugin.uri(), field + ".uri"));
  return validate_sha256(plugin.sha256(), field + ".sha256");
}

}  // namespace

Result<void> validate_plugins(const Plugins& plugins, const std::string& field) {
  if (plugins.size() > kPluginsMax) {
    return refuse(field, "are more than " + std::to_string(kPluginsMax), "plugins_max");
  }
  std::set<std::string_view> seen;
  for (int i = 0; i < plugins.size(); ++i) {
    const std::string one = field + "[" + std::to_string(i) + "]";
    ESAAS_CHECK(validate_plugin(plugins[i], one));
    if (!seen.insert(plugins[i].name()).second) {
      return refuse(one + ".name", plugins[i].name() + " is given twice", "unique");
    }
  }
  return {};
}

Result<void> validate(const model::InstallPlugin& request) { return validate_plugin(request.plugin(), "plugin"); }

Result<void> validate(const model::RemovePlugin& request) { return validate_plugin_name(request.name(), "name"); }

}  // namespace esaas::command
