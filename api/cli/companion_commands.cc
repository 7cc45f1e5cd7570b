// esaas cluster endpoints|proxies|kibana

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <fstream>
#include <iostream>
#include <memory>

#include "api/cli/change.h"
#include "api/cli/commands.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;

struct CompanionOptions {
  std::string cluster;
  ChangeOptions change;
  std::uint32_t count = 2, cpus_milli = 0, mem_mib = 0, disk_mib = 0;
  std::vector<std::string> users, networks;
  bool open = false, preemptible = false;
  std::string version;
};
using Options = std::shared_ptr<CompanionOptions>;

CLI::App* add(CLI::App& parent, const Options& options, const std::string& name, const std::string& what) {
  auto* command = parent.add_subcommand(name, what);
  command->add_option("cluster", options->cluster, "The cluster's name")->required();
  return command;
}

CLI::App* add_change(CLI::App& parent, const Options& options, const std::string& name, const std::string& what) {
  auto* command = add(parent, options, name, what);
  auto& change = options->change;
  command->add_option("--reason", change.reason, "Why; kept in the audit");
  command->add_option("--idempotency-key", change.idempotency_key, "The same key gives the same answer for 7 days");
  command->add_option("--if-match", change.if_match, "Only if the cluster is at this revision");
  command->add_option("--timeout", change.timeout_s, "Seconds that --wait waits")->capture_default_str();
  command->add_flag("--wait,-w", change.wait, "Show progress until the operation is over; the exit code tells how");
  command->add_flag("--dry-run,-n", change.dry_run, "Show what would happen, change nothing");
  return command;
}

void add_resources(CLI::App* command, const Options& options) {
  command->add_option("--cpus-milli", options->cpus_milli, "Thousandths of a core, each");
  command->add_option("--mem-mib", options->mem_mib, "Memory, each");
  command->add_option("--disk-mib", options->disk_mib, "Disk, each");
}

void put_resources(const CompanionOptions& options, json::object& body) {
  json::object resources;
  if (options.cpus_milli != 0) resources["cpus_milli"] = options.cpus_milli;
  if (options.mem_mib != 0) resources["mem_mib"] = options.mem_mib;
  if (options.disk_mib != 0) resources["disk_mib"] = options.disk_mib;
  if (!resources.empty()) body["resources"] = std::move(resources);
}

/// "NAME", who keeps his password, or "NAME:FILE" with the password in the file's first line; "-" is the standard
/// input. Never on the command line, where others could read it.
Result<json::object> user_of(const std::string& text) {
  const auto colon = text.find(':');
  json::object user{{"name", text.substr(0, colon)}};
  if (colon == std::string::npos) return user;
  const std::string file = text.substr(colon + 1);
  std::ifstream stream;
  if (file != "-") stream.open(file);
  std::string password;
  if (!std::getline(file == "-" ? std::cin : stream, password)) {
    return fail(ErrorCode::kInvalidArgument, "cannot read a password from " + file, "user");
  }
  user["password"] = password;
  return user;
}

Result<json::object> proxies_body(const CompanionOptions& options) {
  json::object body{{"count", options.count}};
  put_resources(options, body);
  if (options.open) body["access"] = json::object{};
  if (options.users.empty() && options.networks.empty()) return body;
  json::array users;
  for (const std::string& text : options.users) {
    ESAAS_TRY(auto user, user_of(text));
    users.push_back(std::move(user));
  }
  body["access"] = json::object{{"users", std::move(users)},
                                {"allowed", json::array(options.networks.begin(), options.networks.end())}};
  return body;
}

void add_proxies(CLI::App& parent, Session& session, Action& action) {
  auto options = std::make_shared<CompanionOptions>();
  auto* command = add_change(parent, options, "proxies", "Set the cluster's proxies, and who may use it through them");
  command->add_option("--count", options->count, "How many; 0 takes them away")->capture_default_str();
  add_resources(command, options);
  command->add_option("--user", options->users,
                      "NAME:FILE, with the password in the file (-: standard input); NAME keeps his; may be repeated. "
                      "Who is not named any more may not come in");
  command->add_option("--allow", options->networks, "Only from this network, as 10.0.0.0/8; may be repeated");
  command->add_flag("--open", options->open, "Anybody, from anywhere");
  command->callback([options, &session, &action] {
    action = [options, &session] {
      const auto body = proxies_body(*options);
      if (!body) return print_error(body.error());
      return run_change(session, options->change, "PUT", cluster_path(options->cluster, "/proxies"), *body);
    };
  });
}

void add_kibana(CLI::App& parent, Session& session, Action& action) {
  auto* kibana = parent.add_subcommand("kibana", "Install Kibana behind the cluster's address, or remove it");
  kibana->require_subcommand(1);
  auto installed = std::make_shared<CompanionOptions>();
  auto* install = add_change(*kibana, installed, "install", "Install Kibana");
  install->add_option("--version", installed->version, "Of Kibana; else the configuration's for the cluster's version");
  add_resources(install, installed);
  install->add_flag("--preemptible", installed->preemptible, "It may run on revocable resources, and lose them");
  install->callback([installed, &session, &action] {
    action = [installed, &session] {
      json::object body{{"preemptible", installed->preemptible}};
      if (!installed->version.empty()) body["version"] = installed->version;
      put_resources(*installed, body);
      return run_change(session, installed->change, "POST", cluster_path(installed->cluster, "/kibana"), body);
    };
  });
  auto removed = std::make_shared<CompanionOptions>();
  add_change(*kibana, removed, "remove", "Remove Kibana")->callback([removed, &session, &action] {
    action = [removed, &session] {
      return run_change(session, removed->change, "DELETE", cluster_path(removed->cluster, "/kibana"), {});
    };
  });
}

}  // namespace

void add_companion_commands(CLI::App& cluster, Session& session, Action& action) {
  auto options = std::make_shared<CompanionOptions>();
  add(cluster, options, "endpoints", "List the addresses at which clients reach the cluster")
      ->callback([options, &session, &action] {
        action = [options, &session] {
          const auto object = session.get(cluster_path(options->cluster, "/endpoints"));
          if (!object) return print_error(object.error());
          const auto& items = object->at("items").as_array();
          std::cout << (session.json
                            ? json::serialize(items) + "\n"
                            : table(
                                  items,
                                  {{"NODE", "node"}, {"URL", "url"}, {"KIBANA", "kibana_url"}, {"SERVES", "serves"}}));
          return static_cast<int>(kSuccess);
        };
      });
  add_proxies(cluster, session, action);
  add_kibana(cluster, session, action);
}

}  // namespace esaas::api::cli
