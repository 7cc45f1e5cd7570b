// esaas operation ...

#include <boost/json/serialize.hpp>

#include <iostream>
#include <memory>

#include "api/cli/change.h"
#include "api/cli/commands.h"

namespace esaas::api::cli {
namespace {

struct OperationOptions {
  std::string operation, tenant, cluster, status, rule, node, why;
  ChangeOptions change;
  std::size_t limit = 50;
  std::uint32_t timeout_s = 1800;
};
using Options = std::shared_ptr<OperationOptions>;

CLI::App* add(CLI::App& parent, const Options& options, const std::string& name, const std::string& what) {
  auto* command = parent.add_subcommand(name, what);
  command->add_option("operation", options->operation, "The operation's id, such as op-17")->required();
  return command;
}

void add_list(CLI::App& parent, Session& session, Action& action) {
  auto options = std::make_shared<OperationOptions>();
  auto* command = parent.add_subcommand("list", "List operations: the open ones, then the finished, newest first");
  command->add_option("--tenant", options->tenant, "Only this tenant's");
  command->add_option("--cluster", options->cluster, "Only on this cluster");
  command->add_option("--status", options->status, "open, queued, running, succeeded, failed or cancelled");
  add_limit(*command, options->limit);
  command->callback([options, &session, &action] {
    action = [options, &session] {
      const auto target = with_query(
          "/v1/operations", {{"tenant", options->tenant}, {"cluster", options->cluster}, {"status", options->status}});
      return session.print_list(target, options->limit,
                                {{"ID", "id"},
                                 {"CLUSTER", "cluster"},
                                 {"TENANT", "tenant"},
                                 {"STATUS", "status"},
                                 {"BY", "requested_by"},
                                 {"REQUESTED", "requested_at"},
                                 {"FINISHED", "finished_at"},
                                 {"DETAIL", "detail"}});
    };
  });
}

/// POST to the operation's path, which answers at once.
int control(const Session& session, const OperationOptions& options, const std::string& path,
            const boost::json::object& body) {
  const std::string target = operation_path(options.operation, path);
  if (options.change.dry_run) return run_change(session, options.change, "POST", target, body);
  const auto answer = send_change(session, options.change, "POST", target, body);
  if (!answer) return print_error(answer.error());
  std::cout << (session.json ? boost::json::serialize(*answer)
                             : options.operation + ": " + path.substr(1) + " accepted")
            << "\n";
  return kSuccess;
}

void add_control_options(CLI::App& command, ChangeOptions& change) {
  command.add_option("--idempotency-key", change.idempotency_key, "The same key gives the same answer for 7 days");
  command.add_flag("--dry-run,-n", change.dry_run, "Show what would happen, change nothing");
}

void add_override_options(CLI::App& command, OperationOptions& options) {
  command.add_option("--node", options.node, "Only for this node");
  command.add_option("--why,--reason", options.why, "Why; kept in the audit")->required();
  add_control_options(command, options.change);
}

}  // namespace

void add_operation_commands(CLI::App& app, Session& session, Action& action) {
  auto* operation = app.add_subcommand("operation", "Look at, wait for and control operations");
  operation->require_subcommand(1);
  add_list(*operation, session, action);

  auto shown = std::make_shared<OperationOptions>();
  add(*operation, shown, "show", "Show one operation")->callback([shown, &session, &action] {
    action = [shown, &session] {
      return session.print_object(operation_path(shown->operation), {{"id", "id"},
                                                                     {"cluster", "cluster"},
                                                                     {"tenant", "tenant"},
                                                                     {"status", "status"},
                                                                     {"paused", "paused"},
                                                                     {"waits for", "waits_for"},
                                                                     {"requested by", "requested_by"},
                                                                     {"requested", "requested_at"},
                                                                     {"started", "started_at"},
                                                                     {"finished", "finished_at"},
                                                                     {"detail", "detail"},
                                                                     {"request", "request"},
                                                                     {"steps", "steps"},
                                                                     {"undoes", "undoes"},
                                                                     {"overridden", "overrides"},
                                                                     {"holds", "holds"}});
    };
  });

  auto waited = std::make_shared<OperationOptions>();
  auto* wait = add(*operation, waited, "wait", "Show progress until the operation is over; the exit code tells how");
  wait->add_option("--timeout", waited->timeout_s, "Seconds")->capture_default_str();
  wait->callback([waited, &session, &action] {
    action = [waited, &session] { return wait_for_operation(session, waited->operation, waited->timeout_s); };
  });

  for (const auto& [name, what] : {std::pair{"cancel", "Cancel an operation that waits, or whose change can still be stopped"},
                                   std::pair{"pause", "Hold a running operation before its next step"},
                                   std::pair{"continue", "Let a paused operation go on"}}) {
    auto options = std::make_shared<OperationOptions>();
    auto* command = add(*operation, options, name, what);
    add_control_options(*command, options->change);
    command->callback([options, &session, &action, path = "/" + std::string(name)] {
      action = [options, &session, path] { return control(session, *options, path, {}); };
    });
  }

  auto overridden = std::make_shared<OperationOptions>();
  auto* one = add(*operation, overridden, "override", "Put a rule that holds now out of force for this operation");
  one->add_option("rule", overridden->rule, "The rule's name, as `esaas why operation` shows it")->required();
  add_override_options(*one, *overridden);
  one->callback([overridden, &session, &action] {
    action = [overridden, &session] {
      return control(session, *overridden, "/override",
                     {{"rule", overridden->rule}, {"node", overridden->node}, {"why", overridden->why}});
    };
  });
  auto forced = std::make_shared<OperationOptions>();
  auto* force = add(*operation, forced, "force", "Put every rule out of force that holds it now, or holds one node");
  add_override_options(*force, *forced);
  force->callback([forced, &session, &action] {
    action = [forced, &session] {
      return control(session, *forced, "/force", {{"node", forced->node}, {"why", forced->why}});
    };
  });
}

}  // namespace esaas::api::cli
