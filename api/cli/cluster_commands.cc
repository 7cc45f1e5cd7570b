// esaas cluster ...

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <tuple>

#include "api/cli/change.h"
#include "api/cli/commands.h"
#include "core/base/proto_json.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;

/// A command's options live as long as the parser: CLI11 keeps references to them.
struct ClusterOptions {
  std::string cluster;
  ChangeOptions change;
  std::string tenant, version = "2.3.3", file, group = "data", confirm, phase, health, label, text, disk_type;
  std::uint32_t nodes = 3, masters = 0, coordinating = 0, count = 0, cpus_milli = 0, mem_mib = 0, disk_mib = 0;
  std::vector<std::string> labels, constraints;
  bool preemptible = false;
  std::size_t limit = 0;
};
using Options = std::shared_ptr<ClusterOptions>;

CLI::App* add(CLI::App& parent, const Options& options, const std::string& name, const std::string& what,
              bool changes) {
  auto* command = parent.add_subcommand(name, what);
  command->add_option("cluster", options->cluster, "The cluster's name")->required();
  if (changes) add_change_options(*command, options->change);
  return command;
}

json::object resources_of(const ClusterOptions& options) {
  json::object resources;
  if (options.cpus_milli != 0) resources["cpus_milli"] = options.cpus_milli;
  if (options.mem_mib != 0) resources["mem_mib"] = options.mem_mib;
  if (options.disk_mib != 0) resources["disk_mib"] = options.disk_mib;
  return resources;
}

void add_resource_options(CLI::App* command, const Options& options) {
  command->add_option("--cpus-milli", options->cpus_milli, "Thousandths of a core, per node");
  command->add_option("--mem-mib", options->mem_mib, "Memory of the whole task, per node");
  command->add_option("--disk-mib", options->disk_mib, "The persistent volume, per node");
}

Result<json::array> labels_of(const std::vector<std::string>& texts) {
  json::array labels;
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(ErrorCode::kInvalidArgument, "\"" + text + "\" is not KEY=VALUE", "label");
    }
    labels.push_back(json::object{{"key", text.substr(0, equals)}, {"value", text.substr(equals + 1)}});
  }
  return labels;
}

/// "ATTRIBUTE OPERATOR [VALUE]"; the value is all the rest, spaces too. The server knows the operators.
Result<json::array> constraints_of(const std::vector<std::string>& texts) {
  json::array constraints;
  for (const auto& text : texts) {
    const auto attribute_end = text.find(' ');
    if (attribute_end == std::string::npos || attribute_end == 0 || attribute_end + 1 == text.size()) {
      return fail(ErrorCode::kInvalidArgument, "\"" + text + "\" is not \"ATTRIBUTE OPERATOR [VALUE]\"", "constraint");
    }
    const auto operator_end = std::min(text.find(' ', attribute_end + 1), text.size());
    json::object constraint{{"attribute", text.substr(0, attribute_end)},
                            {"operator", text.substr(attribute_end + 1, operator_end - attribute_end - 1)}};
    if (operator_end < text.size()) constraint["value"] = text.substr(operator_end + 1);
    constraints.push_back(std::move(constraint));
  }
  return constraints;
}

json::object group_of(std::string_view name, json::array roles, std::uint32_t count, json::object resources) {
  return json::object{
      {"name", name}, {"roles", std::move(roles)}, {"count", count}, {"resources", std::move(resources)}};
}

/// The body of a create: from a file, or from the options of a common shape.
Result<json::object> create_body(const ClusterOptions& options) {
  if (!options.file.empty()) {
    std::ifstream stream(options.file);
    std::ostringstream text;
    text << stream.rdbuf();
    if (!stream.is_open()) return fail(ErrorCode::kInvalidArgument, "cannot read " + options.file, "file");
    ESAAS_TRY(auto value, parse_json(text.str()));
    if (!value.is_object()) return fail(ErrorCode::kInvalidArgument, options.file + " is not a JSON object", "file");
    auto object = std::move(value.get_object());
    object["name"] = options.cluster;
    if (!options.tenant.empty()) object["tenant"] = options.tenant;
    return object;
  }
  ESAAS_TRY(auto labels, labels_of(options.labels));
  ESAAS_TRY(const auto constraints, constraints_of(options.constraints));
  json::array groups;
  const json::object small{{"cpus_milli", 500}, {"mem_mib", 512}, {"disk_mib", 1024}};
  if (options.masters > 0) groups.push_back(group_of("master", {"master"}, options.masters, small));
  json::array roles{"data"};
  if (options.masters == 0) roles = {"master", "data"};
  groups.push_back(group_of("data", std::move(roles), options.nodes, resources_of(options)));
  if (!options.disk_type.empty()) groups.back().get_object()["disk_type"] = options.disk_type;
  if (options.coordinating > 0) {
    groups.push_back(group_of("coordinating", {"coordinating"}, options.coordinating, small));
    groups.back().get_object()["preemptible"] = options.preemptible;
  }
  for (auto& group : groups) group.get_object()["constraints"] = constraints;
  json::object body{{"name", options.cluster}, {"labels", std::move(labels)}};
  if (!options.tenant.empty()) body["tenant"] = options.tenant;
  body["spec"] = json::object{{"version", options.version}, {"node_groups", std::move(groups)}};
  return body;
}

void add_create(CLI::App& parent, Session& session, Action& action) {
  auto options = std::make_shared<ClusterOptions>();
  options->cpus_milli = 1000;
  options->mem_mib = 1024;
  options->disk_mib = 10'240;
  auto* command = add(parent, options, "create", "Create a cluster", true);
  command->add_option("--tenant", options->tenant, "Whose it is; else the token's tenant");
  command->add_option("--version", options->version, "Of Elasticsearch, from the catalogue")->capture_default_str();
  command->add_option("--nodes", options->nodes, "Data nodes; they elect the master unless --masters is given")
      ->capture_default_str();
  command->add_option("--masters", options->masters, "Dedicated master nodes besides, of 0.5 cores and 512 MiB");
  auto* coordinating =
      command->add_option("--coordinating", options->coordinating,
                          "Nodes besides that only take requests and keep nothing, of 0.5 cores and 512 MiB");
  command
      ->add_flag("--preemptible", options->preemptible,
                 "The coordinating nodes may run on revocable resources, and lose them")
      ->needs(coordinating);
  add_resource_options(command, options);
  command->add_option("--label", options->labels, "KEY=VALUE; may be repeated");
  command->add_option(
      "--constraint", options->constraints,
      "Where all its nodes go: \"ATTRIBUTE OPERATOR [VALUE]\", as \"@zone group_by 3\"; may be repeated");
  command->add_option("--disk-type", options->disk_type, "Of the data nodes' volumes: path, mount or a profile");
  command->add_option("--file,-f", options->file, "JSON as POST /v1/clusters takes it, for any other shape");
  command->callback([options, &session, &action] {
    action = [options, &session] {
      const auto body = create_body(*options);
      if (!body) return print_error(body.error());
      return run_change(session, options->change, "POST", "/v1/clusters", *body);
    };
  });
}

void add_list(CLI::App& parent, Session& session, Action& action) {
  auto options = std::make_shared<ClusterOptions>();
  auto* command = parent.add_subcommand("list", "List the clusters");
  command->add_option("--tenant", options->tenant, "Only this tenant's");
  command->add_option("--phase", options->phase, "running, suspended or deleting");
  command->add_option("--health", options->health, "green, yellow, red or unknown");
  command->add_option("--label", options->label, "KEY or KEY:VALUE");
  command->add_option("--text", options->text, "Found in the name");
  add_limit(*command, options->limit);
  command->callback([options, &session, &action] {
    action = [options, &session] {
      const auto target = with_query("/v1/clusters", {{"tenant", options->tenant},
                                                      {"phase", options->phase},
                                                      {"health", options->health},
                                                      {"label", options->label},
                                                      {"text", options->text}});
      return session.print_list(target, options->limit,
                                {{"NAME", "name"},
                                 {"TENANT", "tenant"},
                                 {"VERSION", "version"},
                                 {"PHASE", "phase"},
                                 {"HEALTH", "health"},
                                 {"JOINED", "nodes_joined"},
                                 {"WANTED", "nodes_wanted"},
                                 {"HOLDS", "holds"},
                                 {"OPERATION", "active_operation"},
                                 {"LABELS", "labels"}});
    };
  });
}

/// Holds with what their basis counts in one line: "offers=4 lacks_mem=3".
json::array with_figures(json::array holds) {
  for (auto& hold : holds) {
    std::string figures;
    for (const auto& figure : hold.at("basis").as_array()) {
      if (!figures.empty()) figures += " ";
      figures += cell(figure.as_object(), "name") + "=" + cell(figure.as_object(), "value");
    }
    hold.as_object()["figures"] = figures;
  }
  return holds;
}

void add_reads(CLI::App& parent, Session& session, Action& action) {
  auto shown = std::make_shared<ClusterOptions>();
  add(parent, shown, "show", "Show one cluster", false)->callback([shown, &session, &action] {
    action = [shown, &session] {
      return session.print_object(cluster_path(shown->cluster), {{"name", "name"},
                                                                 {"tenant", "tenant"},
                                                                 {"version", "spec.version"},
                                                                 {"phase", "phase"},
                                                                 {"health", "health.status"},
                                                                 {"nodes", "health.nodes"},
                                                                 {"active shards", "health.active_shards"},
                                                                 {"unassigned shards", "health.unassigned_shards"},
                                                                 {"revision", "revision"},
                                                                 {"created", "created_at"},
                                                                 {"operation", "active_operation"},
                                                                 {"beside it", "side_operations"},
                                                                 {"queued", "queued_operations"},
                                                                 {"labels", "labels"},
                                                                 {"groups", "spec.node_groups"},
                                                                 {"plugins", "spec.plugins"},
                                                                 {"policies", "spec.policies"},
                                                                 {"holds", "holds"}});
    };
  });
  auto nodes = std::make_shared<ClusterOptions>();
  add(parent, nodes, "nodes", "List a cluster's nodes", false)->callback([nodes, &session, &action] {
    action = [nodes, &session] {
      // One cluster's nodes come at once; the list of all nodes comes in pages and takes the same filter.
      return session.print_list(with_query("/v1/nodes", {{"cluster", nodes->cluster}}), 0,
                                {{"NODE", "name"},
                                 {"GROUP", "group"},
                                 {"STATE", "task.state"},
                                 {"JOINED", "task.joined"},
                                 {"ADDRESS", "place.hostname"},
                                 {"HTTP", "place.http_port"},
                                 {"TRANSPORT", "place.transport_port"},
                                 {"ATTEMPT", "attempt"},
                                 {"LEAVES", "removing"},
                                 {"TRANSIENT", "place.transient"},
                                 {"AGENT", "place.agent_id"}});
    };
  });
  auto holds = std::make_shared<ClusterOptions>();
  add(parent, holds, "holds", "Show what is held back, and by which rule", false)->callback([holds, &session, &action] {
    action = [holds, &session] {
      const auto object = session.get(cluster_path(holds->cluster, "/holds"));
      if (!object) return print_error(object.error());
      const auto& items = object->at("items").as_array();
      std::cout << (session.json ? json::serialize(items) + "\n"
                                 : table(with_figures(items), {{"RULE", "rule"},
                                                               {"NODE", "node"},
                                                               {"SINCE", "since_at"},
                                                               {"WHY", "why"},
                                                               {"FIGURES", "figures"}}));
      return static_cast<int>(kSuccess);
    };
  });
}

void add_changes(CLI::App& parent, Session& session, Action& action) {
  auto scale = std::make_shared<ClusterOptions>();
  auto* scaled = add(parent, scale, "scale", "Change how many nodes a group has", true);
  scaled->add_option("count", scale->count, "Nodes from now on")->required();
  scaled->add_option("--group", scale->group, "The node group")->capture_default_str();
  scaled->callback([scale, &session, &action] {
    action = [scale, &session] {
      return run_change(session, scale->change, "POST", cluster_path(scale->cluster, "/scale"),
                        {{"group", scale->group}, {"count", scale->count}});
    };
  });

  auto resize = std::make_shared<ClusterOptions>();
  auto* resized =
      add(parent, resize, "resize", "Give the nodes of a group other resources, one node after the other", true);
  resized->add_option("--group", resize->group, "The node group")->capture_default_str();
  resized->add_option("--count", resize->count, "How many there are from then on, in the same operation");
  add_resource_options(resized, resize);
  resized->callback([resize, &session, &action] {
    action = [resize, &session] {
      json::object body{{"group", resize->group}};
      auto resources = resources_of(*resize);
      if (resize->count != 0) body["count"] = resize->count;
      if (resize->count == 0 || !resources.empty()) body["resources"] = std::move(resources);
      return run_change(session, resize->change, "POST", cluster_path(resize->cluster, "/resize"), body);
    };
  });

  // The switch has two names: the platform's users open and close a cluster.
  for (const auto& [name, alias, what] :
       {std::tuple{"suspend", "close", "Stop the tasks, keep places and data (also: close)"},
        std::tuple{"resume", "open", "Start the tasks of a suspended cluster again (also: open)"}}) {
    auto options = std::make_shared<ClusterOptions>();
    auto* command = add(parent, options, name, what, true);
    command->alias(alias);
    command->callback([options, &session, &action, path = "/" + std::string(name)] {
      action = [options, &session, path] {
        return run_change(session, options->change, "POST", cluster_path(options->cluster, path), {});
      };
    });
  }

  auto label = std::make_shared<ClusterOptions>();
  auto* labelled = add(parent, label, "label", "Set labels; an empty value removes one", true);
  labelled->add_option("labels", label->labels, "KEY=VALUE ...")->required();
  labelled->callback([label, &session, &action] {
    action = [label, &session] {
      auto labels = labels_of(label->labels);
      if (!labels) return print_error(labels.error());
      return run_change(session, label->change, "PATCH", cluster_path(label->cluster, "/labels"),
                        {{"labels", std::move(*labels)}});
    };
  });

  auto gone = std::make_shared<ClusterOptions>();
  auto* deleted = add(parent, gone, "delete", "Delete a cluster and all its data", true);
  deleted->add_option("--confirm", gone->confirm, "The cluster's name once more")->required();
  deleted->callback([gone, &session, &action] {
    action = [gone, &session] {
      return run_change(session, gone->change, "DELETE", cluster_path(gone->cluster), {{"confirm", gone->confirm}});
    };
  });
}

}  // namespace

void add_cluster_commands(CLI::App& app, Session& session, Action& action) {
  auto* cluster = app.add_subcommand("cluster", "Create, look at, change and delete clusters");
  cluster->require_subcommand(1);
  add_create(*cluster, session, action);
  add_list(*cluster, session, action);
  add_reads(*cluster, session, action);
  add_changes(*cluster, session, action);
  add_rollout_commands(*cluster, session, action);
  add_elasticsearch_commands(*cluster, session, action);
  add_companion_commands(*cluster, session, action);
}

}  // namespace esaas::api::cli
