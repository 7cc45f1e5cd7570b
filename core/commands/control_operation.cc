// decide for what is done to an operation: cancel, pause, continue, override, force.

#include <algorithm>

#include "core/commands/attribution.h"
#include "core/commands/cancel.h"
#include "core/commands/checks.h"
#include "core/commands/decide_operation.h"
#include "core/commands/operation_holds.h"
#include "core/commands/overridable.h"
#include "core/commands/validate.h"
#include "core/model/request.h"

namespace esaas::command {
namespace {

using Holds = std::vector<const state::Hold*>;

Result<void> check_overrider(const state::Operation& operation, const ControlOperation& command,
                             const Context& context) {
  if (context.caller.role != model::TOKEN_ROLE_ADMIN) {
    return fail(ErrorCode::kPermissionDenied, "only an administrator puts a rule out of force", "",
                "administrator_overrides");
  }
  if (command.why.empty())
    return refuse("why", "is missing: the log keeps why a rule was put out of force", "required");
  if (command.why.size() > kReasonLengthMax) {
    return refuse("why", "has more than " + std::to_string(kReasonLengthMax) + " characters", "length");
  }
  if (operation.status() == model::OPERATION_STATUS_RUNNING) return {};
  return fail(ErrorCode::kConflict, operation.id() + " has not begun: no rule holds it", "", "operation_running");
}

bool is_overridden(const state::Operation& operation, const std::string& rule, const std::string& node) {
  return std::ranges::any_of(operation.overrides(), [&](const state::RuleOverride& one) {
    return one.rule() == rule && (one.node().empty() || one.node() == node);
  });
}

std::string told(const Holds& holds) {
  std::string text;
  for (const state::Hold* hold : holds) {
    text += (text.empty() ? "" : ", ") + hold->rule() + (hold->node().empty() ? "" : " on " + hold->node());
  }
  return text.empty() ? "nothing" : text;
}

/// What holds the operation on this node, and on the cluster as a whole; with no node all of it.
Holds holds_on(const state::Operation& operation, const state::Cluster& cluster, const std::string& node) {
  Holds holds;
  for (const state::Hold& hold : cluster.holds()) {
    if (!holds_operation(hold, operation, cluster)) continue;
    if (node.empty() || hold.node().empty() || hold.node() == node) holds.push_back(&hold);
  }
  return holds;
}

event::Event overridden(const ControlOperation& command, const std::string& rule, const std::string& node) {
  event::Event event;
  auto& payload = *event.mutable_rule_overridden();
  payload.set_id(command.operation_id);
  payload.set_rule(rule);
  payload.set_node(node);
  payload.set_why(command.why);
  return event;
}

/// A rule that does not hold the operation now is refused: its name may be misspelt, it may hold another, and an
/// override must not lie in wait.
Result<Events> override_rule(const state::Operation& operation, const state::Cluster& cluster,
                             const ControlOperation& command) {
  ESAAS_CHECK(validate_word(command.rule, "rule", "_", 100));
  if (is_overridden(operation, command.rule, command.node)) {
    return refuse("rule", command.rule + " is out of force for " + operation.id() + " already", "changes_something");
  }
  const Holds all = holds_on(operation, cluster, "");
  const bool holds = std::ranges::any_of(all, [&](const state::Hold* hold) {
    return hold->rule() == command.rule && (command.node.empty() || hold->node() == command.node);
  });
  const std::string_view never = why_never_overridden(command.rule);
  if (holds && !never.empty()) {
    return refuse("rule", command.rule + " binds everybody: " + std::string(never), "rule_can_be_overridden");
  }
  if (holds) return Events{overridden(command, command.rule, command.node)};
  return refuse("rule",
                command.rule + (command.node.empty() ? "" : " on " + command.node) + " does not hold " +
                    operation.id() + " now; what holds it is " + told(all),
                "rule_holds_now");
}

Result<Events> force(const state::Operation& operation, const state::Cluster& cluster,
                     const ControlOperation& command) {
  if (!command.node.empty() && state::find_node(cluster, command.node) == nullptr) {
    return refuse("node", "cluster " + cluster.name() + " has no node " + command.node, "known_node");
  }
  Events events;
  Holds binding;
  for (const state::Hold* hold : holds_on(operation, cluster, command.node)) {
    if (is_overridden(operation, hold->rule(), hold->node())) continue;
    if (!why_never_overridden(hold->rule()).empty()) {
      binding.push_back(hold);
      continue;
    }
    events.push_back(overridden(command, hold->rule(), hold->node()));
  }
  if (!events.empty()) return events;
  if (!binding.empty()) {
    return fail(ErrorCode::kConflict,
                "what holds " + operation.id() + " binds everybody: " + told(binding) + "; " +
                    std::string(why_never_overridden(binding.front()->rule())),
                "", "rule_can_be_overridden");
  }
  return fail(ErrorCode::kConflict,
              "no rule holds " + operation.id() + (command.node.empty() ? "" : " on node " + command.node) +
                  " now: there is nothing to force",
              "", "something_is_held");
}

Result<Events> control(const state::FleetState& state, const state::Operation& operation,
                       const ControlOperation& command, const Context& context) {
  event::Event event;
  switch (command.verb) {
    case OperationVerb::kCancel: return cancel(state, operation, context);
    case OperationVerb::kPause:
      if (operation.paused()) {
        return fail(ErrorCode::kConflict, operation.id() + " is paused already", "", "changes_something");
      }
      event.mutable_operation_paused()->set_id(operation.id());
      break;
    case OperationVerb::kContinue:
      if (!operation.paused()) {
        return fail(ErrorCode::kConflict, operation.id() + " is not paused", "", "changes_something");
      }
      event.mutable_operation_continued()->set_id(operation.id());
      break;
    case OperationVerb::kOverride:
    case OperationVerb::kForce: {
      ESAAS_CHECK(check_overrider(operation, command, context));
      const state::Cluster* cluster = state.find_cluster(operation.cluster());
      if (cluster == nullptr) return fail(ErrorCode::kNotFound, "there is no cluster " + operation.cluster());
      if (command.verb == OperationVerb::kForce) return force(operation, *cluster, command);
      return override_rule(operation, *cluster, command);
    }
  }
  return Events{std::move(event)};
}

}  // namespace

Result<Events> decide(const state::FleetState& state, const ControlOperation& command, const Context& context) {
  const state::Operation* operation = state.find_operation(command.operation_id);
  if (operation == nullptr || !may_see(context.caller, operation->tenant())) {
    return fail(ErrorCode::kNotFound, "there is no open operation " + command.operation_id);
  }
  ESAAS_TRY(Events events, control(state, *operation, command, context));
  attribute(events, operation->id(), operation->tenant(), operation->cluster(), context);
  attribute_with_request(events.front(), context);
  for (event::Event& event : events) event.set_cause_seq(operation->requested_seq());
  return events;
}

}  // namespace esaas::command
