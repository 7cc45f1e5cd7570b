// esaas why ..., esaas undo ...

#include <boost/json/serialize.hpp>

#include <iostream>
#include <memory>

#include "api/cli/change.h"
#include "api/cli/commands.h"
#include "api/http/target.h"

namespace esaas::api::cli {
namespace {

struct WhyOptions {
  std::string name, node, confirm;
  ChangeOptions change;
};

int print_why(const Session& session, const std::string& path) {
  if (session.json) {
    const auto answer = session.get(path);
    if (!answer) return print_error(answer.error());
    std::cout << boost::json::serialize(*answer) << "\n";
    return kSuccess;
  }
  const auto client = session.connect();
  if (!client) return print_error(client.error());
  auto reply = (*client)->send({.target = path + "?format=text"});
  if (!reply) return print_error(reply.error());
  const auto good = expect_success(std::move(*reply));
  if (!good) return print_error(good.error());
  std::cout << good->body;
  return kSuccess;
}

}  // namespace

void add_why_commands(CLI::App& app, Session& session, Action& action) {
  auto* why = app.add_subcommand("why", "What is wanted, what holds it by which rule since when, what is tried next");
  why->require_subcommand(1);
  auto cluster = std::make_shared<WhyOptions>();
  auto* of_cluster = why->add_subcommand("cluster", "Of a cluster");
  of_cluster->add_option("cluster", cluster->name, "The cluster's name")->required();
  of_cluster->callback([cluster, &session, &action] {
    action = [cluster, &session] { return print_why(session, cluster_path(cluster->name, "/why")); };
  });
  auto operation = std::make_shared<WhyOptions>();
  auto* of_operation = why->add_subcommand("operation", "Of an operation, open or over");
  of_operation->add_option("operation", operation->name, "The operation's id, such as op-17")->required();
  of_operation->callback([operation, &session, &action] {
    action = [operation, &session] { return print_why(session, operation_path(operation->name, "/why")); };
  });
  auto node = std::make_shared<WhyOptions>();
  auto* of_node = why->add_subcommand("node", "Of a node of a cluster");
  of_node->add_option("cluster", node->name, "The cluster's name")->required();
  of_node->add_option("node", node->node, "The node's name, such as data-0")->required();
  of_node->callback([node, &session, &action] {
    action = [node, &session] {
      return print_why(session, cluster_path(node->name, "/nodes/" + http::percent_encode(node->node) + "/why"));
    };
  });

  auto options = std::make_shared<WhyOptions>();
  auto* undo = app.add_subcommand("undo", "Take an operation's change back, from what the log says was before it");
  undo->add_option("operation", options->name, "The operation's id, such as op-17")->required();
  undo->add_option("--confirm", options->confirm, "The cluster's name, where what comes back needs it");
  add_change_options(*undo, options->change);
  undo->callback([options, &session, &action] {
    action = [options, &session] {
      boost::json::object body;
      if (!options->confirm.empty()) body["confirm"] = options->confirm;
      return run_change(session, options->change, "POST", operation_path(options->name, "/undo"), body);
    };
  });
}

}  // namespace esaas::api::cli
