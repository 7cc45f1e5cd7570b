// esaas cluster restart|upgrade|configure|plugin: what replaces tasks, one at a time or all at once.

#include <boost/json/array.hpp>

#include <memory>

#include "api/cli/change.h"
#include "api/cli/commands.h"
#include "api/cli/settings_text.h"
#include "api/http/target.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;

struct RolloutOptions {
  std::string cluster, group, version, repository, confirm, plugin, uri, sha256;
  std::vector<std::string> settings;
  ChangeOptions change;
  bool full = false;
};
using Options = std::shared_ptr<RolloutOptions>;

CLI::App* add(CLI::App& parent, const Options& options, const std::string& name, const std::string& what) {
  auto* command = parent.add_subcommand(name, what);
  command->add_option("cluster", options->cluster, "The cluster's name")->required();
  add_change_options(*command, options->change);
  return command;
}

void put(json::object& body, const char* name, const std::string& text) {
  if (!text.empty()) body[name] = text;
}

void add_restart(CLI::App& cluster, Session& session, Action& action) {
  auto options = std::make_shared<RolloutOptions>();
  auto* command = add(cluster, options, "restart", "Restart the nodes with their data, one at a time");
  command->add_option("--group", options->group, "Only this node group; else every one of Elasticsearch");
  command->add_flag("--full", options->full, "All at once: the cluster answers nobody meanwhile");
  command->add_option("--confirm", options->confirm, "The cluster's name once more, for --full");
  command->callback([options, &session, &action] {
    action = [options, &session] {
      json::object body{{"full", options->full}};
      put(body, "group", options->group);
      put(body, "confirm", options->confirm);
      return run_change(session, options->change, "POST", cluster_path(options->cluster, "/restart"), body);
    };
  });
}

void add_upgrade(CLI::App& cluster, Session& session, Action& action) {
  auto options = std::make_shared<RolloutOptions>();
  auto* command = add(cluster, options, "upgrade",
                      "Another version of Elasticsearch; there is no way back, so look at --dry-run first");
  command->add_option("version", options->version, "Of the catalogue")->required();
  command->add_option("--repository", options->repository, "A snapshot of all goes there first");
  command->add_option("--confirm", options->confirm,
                      "The cluster's name once more, when the versions do not work together and all nodes restart");
  command->callback([options, &session, &action] {
    action = [options, &session] {
      json::object body{{"version", options->version}};
      put(body, "repository", options->repository);
      put(body, "confirm", options->confirm);
      return run_change(session, options->change, "POST", cluster_path(options->cluster, "/upgrade"), body);
    };
  });
}

void add_configure(CLI::App& cluster, Session& session, Action& action) {
  auto options = std::make_shared<RolloutOptions>();
  options->group = "data";
  auto* command = add(cluster, options, "configure", "Settings of the nodes' own configuration; each node restarts");
  command->add_option("settings", options->settings, "KEY=VALUE ...; KEY= takes one away")->required();
  command->add_option("--group", options->group, "The node group")->capture_default_str();
  command->callback([options, &session, &action] {
    action = [options, &session] {
      auto settings = settings_of(options->settings);
      if (!settings) return print_error(settings.error());
      return run_change(session, options->change, "POST", cluster_path(options->cluster, "/configure"),
                        {{"group", options->group}, {"settings", std::move(*settings)}});
    };
  });
}

}  // namespace

void add_rollout_commands(CLI::App& cluster, Session& session, Action& action) {
  add_restart(cluster, session, action);
  add_upgrade(cluster, session, action);
  add_configure(cluster, session, action);

  auto* plugin = cluster.add_subcommand("plugin", "Install, list and remove plugins; each node restarts");
  plugin->require_subcommand(1);
  auto installed = std::make_shared<RolloutOptions>();
  auto* install = add(*plugin, installed, "install", "Install a plugin on every node, or another build of it");
  install->add_option("plugin", installed->plugin, "Its name, as _cat/plugins shows it")->required();
  install->add_option("--uri", installed->uri,
                      "Of its archive; else the catalogue's for the version, or Elasticsearch's own");
  install->add_option("--sha256", installed->sha256, "Of the archive at --uri, 64 hexadecimal digits; it is checked");
  install->callback([installed, &session, &action] {
    action = [installed, &session] {
      json::object one{{"name", installed->plugin}};
      put(one, "uri", installed->uri);
      put(one, "sha256", installed->sha256);
      return run_change(session, installed->change, "POST", cluster_path(installed->cluster, "/plugins"),
                        {{"plugin", std::move(one)}});
    };
  });
  auto removed = std::make_shared<RolloutOptions>();
  auto* remove = add(*plugin, removed, "remove", "Remove a plugin from every node");
  remove->add_option("plugin", removed->plugin, "Its name")->required();
  remove->callback([removed, &session, &action] {
    action = [removed, &session] {
      return run_change(session, removed->change, "DELETE",
                        cluster_path(removed->cluster, "/plugins/" + http::percent_encode(removed->plugin)), {});
    };
  });
  auto listed = std::make_shared<RolloutOptions>();
  auto* list = plugin->add_subcommand("list", "The plugins that every node shall have");
  list->add_option("cluster", listed->cluster, "The cluster's name")->required();
  list->callback([listed, &session, &action] {
    action = [listed, &session] {
      return session.print_object(cluster_path(listed->cluster), {{"plugins", "spec.plugins"}});
    };
  });
}

}  // namespace esaas::api::cli
