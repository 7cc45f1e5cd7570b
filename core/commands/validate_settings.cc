#include "core/commands/validate_settings.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/commands/checks.h"
#include "core/commands/validate.h"

namespace esaas::command {
namespace {

constexpr std::size_t kKeyLengthMax = 200;
constexpr std::size_t kValueLengthMax = 1000;

/// A setting that has one owner: a second writer would undo what the other one has done for safety.
struct Kept {
  std::string_view key;  ///< one that ends in a dot stands for all that begin with it
  std::string_view why;
};

constexpr std::array kKeptInTheCluster{
    Kept{"cluster.routing.allocation.enable", "it is held and given back around each restart"},
    Kept{"cluster.routing.allocation.exclude._name", "it moves shards off the nodes that leave"},
    Kept{"discovery.zen.minimum_master_nodes", "it follows the number of masters"},
    Kept{"cluster.blocks.",
         "a cluster that takes no settings lets no node be drained or restarted: block indices instead"},
    Kept{"cluster.max_voting_config_exclusions", "it is how many masters may leave one after the other"},
};

constexpr std::array kKeptOnNodes{
    Kept{"cluster.name", "it is the cluster's name"},
    Kept{"node.name", "it is the node's name"},
    Kept{"node.master", "the roles of the group say it"},
    Kept{"node.data", "the roles of the group say it"},
    Kept{"node.roles", "the roles of the group say it"},
    Kept{"node.client", "the roles of the group say it"},
    Kept{"node.local", "a node that asks nobody else would elect itself, with the data of all"},
    Kept{"node.mode", "a node that asks nobody else would elect itself, with the data of all"},
    Kept{"tribe.", "the node is of its own cluster"},
    Kept{"node.zone", "the agent's fault domain says it"},
    Kept{"node.attr.zone", "the agent's fault domain says it"},
    Kept{"node.max_local_storage_nodes", "a second node on a volume must not start"},
    Kept{"network.", "the place of the node has its address"},
    Kept{"http.port", "the place of the node has its ports"},
    Kept{"http.host", "the place of the node has its address"},
    Kept{"http.bind_host", "the place of the node has its address"},
    Kept{"http.publish_host", "the place of the node has its address"},
    Kept{"http.publish_port", "the place of the node has its ports"},
    Kept{"http.enabled", "a node that nobody can ask is never restarted, not even to take this back"},
    Kept{"http.type", "the controller and the proxies speak plain HTTP"},
    Kept{"xpack.security.", "the controller and the proxies speak plain HTTP and have no user: let the proxies ask"},
    Kept{"transport.port", "the place of the node has its ports"},
    Kept{"transport.tcp.port", "the place of the node has its ports"},
    Kept{"transport.host", "the place of the node has its address"},
    Kept{"transport.bind_host", "the place of the node has its address"},
    Kept{"transport.publish_host", "the place of the node has its address"},
    Kept{"transport.publish_port", "the place of the node has its ports"},
    Kept{"transport.profiles.", "the place of the node has its ports"},
    Kept{"transport.type", "all nodes of the cluster speak the same"},
    Kept{"path.", "the volume and the sandbox say where things are"},
    Kept{"discovery.", "nodes are told where the masters are, wherever these have moved"},
    Kept{"cluster.initial_master_nodes", "it may be said once only, when the cluster is made"},
    Kept{"cluster.routing.allocation.awareness.attributes", "the zones of the nodes say it"},
    Kept{"gateway.", "how many nodes a recovery waits for follows the number of nodes"},
    Kept{"insecure.allow.root", "the artifact catalogue says it"},
    Kept{"security.manager.enabled", "it keeps plugins within bounds"},
};

template <typename Table>
const Kept* find_kept(const Table& table, std::string_view key) {
  const auto found = std::ranges::find_if(
      table, [key](const Kept& kept) { return kept.key.ends_with('.') ? key.starts_with(kept.key) : key == kept.key; });
  return found == table.end() ? nullptr : &*found;
}

/// A value goes into the log, which keeps it for ever, and into the arguments of tasks.
bool is_secret(std::string_view key) {
  constexpr std::array<std::string_view, 4> kWords{"password", "passphrase", "secret", "access_key"};
  return std::ranges::any_of(kWords, [key](std::string_view word) { return key.find(word) != std::string_view::npos; });
}

Result<void> validate_setting(const model::Setting& setting, const std::string& field, bool unset_allowed) {
  // No asterisk: a pattern would reach settings that nobody named, ours among them.
  ESAAS_CHECK(validate_word(setting.key(), field + ".key", "._-", kKeyLengthMax));
  if (!setting.unset() && is_secret(setting.key())) {
    return refuse(field + ".key", setting.key() + " is a secret by its name, and the log would keep it", "no_secret");
  }
  if (setting.unset()) {
    if (!unset_allowed) return refuse(field + ".unset", "there is nothing to take away yet", "nothing_to_unset");
    if (setting.value().empty()) return {};
    return refuse(field + ".value", "is given, and taken away by unset", "unset_has_no_value");
  }
  if (setting.value().empty()) return refuse(field + ".value", "is missing; unset takes a setting away", "required");
  if (setting.value().size() > kValueLengthMax) {
    return refuse(field + ".value", "has more than " + std::to_string(kValueLengthMax) + " bytes", "length");
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(setting.value(), is_control)) {
    return refuse(field + ".value", "holds a control character", "characters");
  }
  return {};
}

Result<void> refuse_kept(const Kept* kept, const std::string& field, const std::string& key) {
  if (kept == nullptr) return {};
  return refuse(field + ".key", key + " is kept by the controller: " + std::string(kept->why), "kept_by_controller");
}

Result<void> validate_settings(const Settings& settings, const std::string& field, bool unset_allowed) {
  if (settings.size() > kSettingsMax) {
    return refuse(field, "are more than " + std::to_string(kSettingsMax), "settings_max");
  }
  std::set<std::string_view> seen;
  for (int i = 0; i < settings.size(); ++i) {
    const std::string one = field + "[" + std::to_string(i) + "]";
    ESAAS_CHECK(validate_setting(settings[i], one, unset_allowed));
    ESAAS_CHECK(refuse_kept(find_kept(kKeptInTheCluster, settings[i].key()), one, settings[i].key()));
    if (!seen.insert(settings[i].key()).second) {
      return refuse(one + ".key", settings[i].key() + " is given twice", "unique");
    }
  }
  return {};
}

}  // namespace

Result<void> validate_node_settings(const Settings& settings, const std::string& field, bool unset_allowed) {
  ESAAS_CHECK(validate_settings(settings, field, unset_allowed));
  for (int i = 0; i < settings.size(); ++i) {
    const std::string one = field + "[" + std::to_string(i) + "]";
    ESAAS_CHECK(refuse_kept(find_kept(kKeptOnNodes, settings[i].key()), one, settings[i].key()));
  }
  return {};
}

Settings merged(const Settings& before, const Settings& change) {
  std::map<std::string, model::Setting> all;
  for (const model::Setting& setting : before) all.insert_or_assign(setting.key(), setting);
  for (const model::Setting& setting : change) {
    if (setting.unset()) {
      all.erase(setting.key());
    } else {
      all.insert_or_assign(setting.key(), setting);
    }
  }
  Settings after;
  for (auto& [key, setting] : all) *after.Add() = std::move(setting);
  return after;
}

Result<void> validate(const model::ConfigureNodeGroup& request) {
  ESAAS_CHECK(validate_name(request.group(), "group", 20));
  if (request.settings().empty()) return refuse("settings", "is empty", "required");
  return validate_node_settings(request.settings(), "settings", true);
}

Result<void> validate(const model::PutClusterSettings& request) {
  if (request.persistent().empty() && request.transient().empty()) {
    return refuse("persistent", "name a persistent or a transient setting", "required");
  }
  ESAAS_CHECK(validate_settings(request.persistent(), "persistent", true));
  return validate_settings(request.transient(), "transient", true);
}

}  // namespace esaas::command
