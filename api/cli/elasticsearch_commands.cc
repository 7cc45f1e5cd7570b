// esaas cluster settings|replicas|indices|snapshot|policies, and esaas tenant policies: what is asked of Elasticsearch
// while its nodes run on.

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <iostream>
#include <memory>
#include <optional>

#include "api/cli/change.h"
#include "api/cli/commands.h"
#include "api/cli/settings_text.h"
#include "api/http/target.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;

struct PolicyOptions {
  std::optional<std::uint32_t> replicas_min, shards_per_node_max;
  std::string repository;
  std::uint32_t every_s = 86'400, keep = 7;
  bool correct = false, none = false;
};

struct ElasticsearchOptions {
  std::string cluster, confirm, repository, snapshot, location;
  std::vector<std::string> persistent, transient, indices;
  std::uint32_t replicas = 1;
  PolicyOptions policies;
  ChangeOptions change;
};
using Options = std::shared_ptr<ElasticsearchOptions>;

CLI::App* add(CLI::App& parent, const Options& options, const std::string& name, const std::string& what) {
  auto* command = parent.add_subcommand(name, what);
  command->add_option("cluster", options->cluster, "The cluster's name")->required();
  add_change_options(*command, options->change);
  return command;
}

json::array names(const std::vector<std::string>& texts) { return json::array(texts.begin(), texts.end()); }

void add_settings(CLI::App& cluster, Session& session, Action& action) {
  auto options = std::make_shared<ElasticsearchOptions>();
  auto* command = add(cluster, options, "settings", "Change Elasticsearch's cluster settings; it can be undone");
  command->add_option("--persistent,-p", options->persistent, "KEY=VALUE ...; KEY= takes one away");
  command->add_option("--transient,-t", options->transient, "The same; lost when all nodes stop");
  command->callback([options, &session, &action] {
    action = [options, &session] {
      auto persistent = settings_of(options->persistent);
      if (!persistent) return print_error(persistent.error());
      auto transient = settings_of(options->transient);
      if (!transient) return print_error(transient.error());
      return run_change(session, options->change, "PUT", cluster_path(options->cluster, "/settings"),
                        {{"persistent", std::move(*persistent)}, {"transient", std::move(*transient)}});
    };
  });
}

void add_replicas(CLI::App& cluster, Session& session, Action& action) {
  auto options = std::make_shared<ElasticsearchOptions>();
  auto* command = add(cluster, options, "replicas", "Set the number of replicas; it can be undone");
  command->add_option("replicas", options->replicas, "From now on")->required();
  command->add_option("indices", options->indices, "Names or patterns; else all");
  command->add_option("--confirm", options->confirm, "The cluster's name once more, for fewer than one");
  command->callback([options, &session, &action] {
    action = [options, &session] {
      json::object body{{"replicas", options->replicas}, {"indices", names(options->indices)}};
      if (!options->confirm.empty()) body["confirm"] = options->confirm;
      return run_change(session, options->change, "PUT", cluster_path(options->cluster, "/replicas"), body);
    };
  });
}

void add_indices(CLI::App& cluster, Session& session, Action& action) {
  auto* indices = cluster.add_subcommand("indices", "Open and close indices");
  indices->require_subcommand(1);
  for (const auto& [name, what] : {std::pair{"open", "Open indices"},
                                   std::pair{"close", "Close indices: they answer nobody, and keep their data"}}) {
    auto options = std::make_shared<ElasticsearchOptions>();
    auto* command = add(*indices, options, name, what);
    command->add_option("indices", options->indices, "Names or patterns")->required();
    command->callback([options, &session, &action, path = "/indices/" + std::string(name)] {
      action = [options, &session, path] {
        return run_change(session, options->change, "POST", cluster_path(options->cluster, path),
                          {{"indices", names(options->indices)}});
      };
    });
  }
}

std::string snapshot_path(const ElasticsearchOptions& options, std::string_view rest = {}) {
  return cluster_path(options.cluster, "/snapshots/" + http::percent_encode(options.repository) + "/" +
                                           http::percent_encode(options.snapshot) + std::string(rest));
}

/// All of them at once: what Elasticsearch says has no pages.
int print_items(const Session& session, const std::string& target, const std::vector<Column>& columns) {
  const auto object = session.get(target);
  if (!object) return print_error(object.error());
  const auto& items = object->at("items").as_array();
  std::cout << (session.json ? json::serialize(items) + "\n" : table(items, columns));
  if (const auto* unread = object->if_contains("unread_repositories")) {
    std::cerr << "esaas: Elasticsearch could not read these repositories: " << json::serialize(*unread) << "\n";
    return kNoServer;
  }
  return kSuccess;
}

void add_snapshot_lists(CLI::App& snapshot, Session& session, Action& action) {
  auto listed = std::make_shared<ElasticsearchOptions>();
  auto* list = snapshot.add_subcommand("list", "List the snapshots that Elasticsearch has now, newest first");
  list->add_option("cluster", listed->cluster, "The cluster's name")->required();
  list->add_option("--repository", listed->repository, "Only of this repository; else of all");
  list->callback([listed, &session, &action] {
    action = [listed, &session] {
      return print_items(session,
                         with_query(cluster_path(listed->cluster, "/snapshots"), {{"repository", listed->repository}}),
                         {{"REPOSITORY", "repository"},
                          {"SNAPSHOT", "snapshot"},
                          {"STATE", "state"},
                          {"BY", "taken_by.kind"},
                          {"OPERATION", "taken_by.operation_id"},
                          {"STARTED", "started_at"},
                          {"ENDED", "ended_at"},
                          {"SHARDS", "shards"},
                          {"FAILED", "failed_shards"},
                          {"REASON", "reason"}});
    };
  });
  auto known = std::make_shared<ElasticsearchOptions>();
  auto* repositories =
      snapshot.add_subcommand("repositories", "List the snapshot repositories that Elasticsearch has now");
  repositories->add_option("cluster", known->cluster, "The cluster's name")->required();
  repositories->callback([known, &session, &action] {
    action = [known, &session] {
      return print_items(session, cluster_path(known->cluster, "/repositories"),
                         {{"REPOSITORY", "repository"},
                          {"LOCATION", "location"},
                          {"BY", "registered_by.kind"},
                          {"OPERATION", "registered_by.operation_id"}});
    };
  });
}

void add_snapshots(CLI::App& cluster, Session& session, Action& action) {
  auto* snapshot =
      cluster.add_subcommand("snapshot", "Register and list repositories; take, list, delete and restore snapshots");
  snapshot->require_subcommand(1);
  add_snapshot_lists(*snapshot, session, action);
  auto registered = std::make_shared<ElasticsearchOptions>();
  auto* reg = add(*snapshot, registered, "register", "Register a repository on a file system that all nodes share");
  reg->add_option("repository", registered->repository, "Its name")->required();
  reg->add_option("location", registered->location, "An absolute path on the agents")->required();
  reg->callback([registered, &session, &action] {
    action = [registered, &session] {
      return run_change(session, registered->change, "POST", cluster_path(registered->cluster, "/repositories"),
                        {{"repository", registered->repository}, {"location", registered->location}});
    };
  });
  const auto add_one = [&](const std::string& name, const std::string& what, bool takes_indices) {
    auto options = std::make_shared<ElasticsearchOptions>();
    auto* command = add(*snapshot, options, name, what);
    command->add_option("repository", options->repository, "The repository's name")->required();
    command->add_option("snapshot", options->snapshot, "The snapshot's name")->required();
    if (takes_indices) command->add_option("indices", options->indices, "Names or patterns; else all");
    return std::pair{command, options};
  };
  const auto [take, taken] = add_one("take", "Take a snapshot", true);
  take->callback([taken, &session, &action] {
    action = [taken, &session] {
      return run_change(
          session, taken->change, "POST", cluster_path(taken->cluster, "/snapshots"),
          {{"repository", taken->repository}, {"snapshot", taken->snapshot}, {"indices", names(taken->indices)}});
    };
  });
  const auto [remove, removed] = add_one("delete", "Delete a snapshot; there is no way back", false);
  remove->callback([removed, &session, &action] {
    action = [removed, &session] {
      return run_change(session, removed->change, "DELETE", snapshot_path(*removed), {});
    };
  });
  const auto [restore, restored] = add_one("restore", "Restore indices that are closed or not there", true);
  restore->callback([restored, &session, &action] {
    action = [restored, &session] {
      return run_change(session, restored->change, "POST", snapshot_path(*restored, "/restore"),
                        {{"indices", names(restored->indices)}});
    };
  });
}

void add_policy_options(CLI::App& command, PolicyOptions& policies) {
  command.add_option("--replicas-min", policies.replicas_min, "Every index has at least so many replicas");
  command.add_option("--shards-per-node-max", policies.shards_per_node_max, "No node has more shards");
  auto* repository = command.add_option("--snapshots-to", policies.repository, "Take snapshots to this repository");
  command.add_option("--every", policies.every_s, "Seconds from one snapshot to the next")
      ->needs(repository)
      ->capture_default_str();
  command.add_option("--keep", policies.keep, "So many of the newest good snapshots")
      ->needs(repository)
      ->capture_default_str();
  command.add_flag("--correct", policies.correct, "Put right what breaches them; else it is only shown");
  command.add_flag("--none", policies.none, "Ask for nothing any more");
}

/// Null when no policy is named: then they are shown.
std::optional<json::object> policies_of(const PolicyOptions& options) {
  json::object policies;
  if (options.replicas_min) policies["replicas_min"] = *options.replicas_min;
  if (options.shards_per_node_max) policies["shards_per_node_max"] = *options.shards_per_node_max;
  if (!options.repository.empty()) {
    policies["snapshots"] =
        json::object{{"repository", options.repository}, {"every_s", options.every_s}, {"keep", options.keep}};
  }
  if (policies.empty() != options.none) return std::nullopt;
  if (options.correct) policies["correct"] = true;
  return policies;
}

void add_policies(CLI::App& cluster, Session& session, Action& action) {
  auto options = std::make_shared<ElasticsearchOptions>();
  auto* command = add(cluster, options, "policies", "What is kept true of the cluster; shown when none is named");
  add_policy_options(*command, options->policies);
  command->callback([options, &session, &action] {
    action = [options, &session] {
      auto policies = policies_of(options->policies);
      if (!policies) {
        return session.print_object(cluster_path(options->cluster),
                                    {{"policies", "spec.policies"}, {"runs", "policy_runs"}});
      }
      return run_change(session, options->change, "PUT", cluster_path(options->cluster, "/policies"),
                        {{"policies", std::move(*policies)}});
    };
  });
}

}  // namespace

void add_elasticsearch_commands(CLI::App& cluster, Session& session, Action& action) {
  add_settings(cluster, session, action);
  add_replicas(cluster, session, action);
  add_indices(cluster, session, action);
  add_snapshots(cluster, session, action);
  add_policies(cluster, session, action);
}

void add_tenant_policies(CLI::App& tenant, Session& session, Action& action) {
  auto options = std::make_shared<ElasticsearchOptions>();
  auto* command = tenant.add_subcommand(
      "policies",
      "What is kept true of a tenant's clusters that have no policies of their own; shown when none is named");
  command->add_option("tenant", options->cluster, "The tenant")->required();
  command->add_option("--reason", options->change.reason, "Why; kept in the audit");
  command->add_option("--idempotency-key", options->change.idempotency_key,
                      "The same key gives the same answer for 7 days");
  command->add_flag("--dry-run,-n", options->change.dry_run, "Show what would happen, change nothing");
  add_policy_options(*command, options->policies);
  command->callback([options, &session, &action] {
    action = [options, &session] {
      const std::string target = "/v1/tenants/" + http::percent_encode(options->cluster) + "/policies";
      auto policies = policies_of(options->policies);
      if (!policies) return session.print_object(target, {{"tenant", "tenant"}, {"policies", "policies"}});
      if (options->change.dry_run) {
        return run_change(session, options->change, "PUT", target, {{"policies", std::move(*policies)}});
      }
      const auto answer = send_change(session, options->change, "PUT", target, {{"policies", std::move(*policies)}});
      if (!answer) return print_error(answer.error());
      std::cout << (session.json ? json::serialize(*answer) : "accepted") << "\n";
      return static_cast<int>(kSuccess);
    };
  });
}

}  // namespace esaas::api::cli
