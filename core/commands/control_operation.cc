// decide for what is done to an operation: cancel, pause, continue, override, force.

#include <algorithm>

#include "core/commands/checks.h"
#include "core/commands/decide_operation.h"
#include "core/commands/overridable.h"
#include "core/commands/validate.h"
#include "core/model/request.h"

namespace esaas::command {
namespace {

using Holds = std::vector<const state::Hold*>;

/// What can be done about an operation that has begun, since it can not be cancelled.
std::string instead_of_cancel(const state::Operation& operation) {
  const std::string id = operation.id();
  switch (operation.request().kind_case()) {
    case model::Request::kRestart:
      return "pause it: the nodes that it has not reached run on as they are, and there is nothing to take back";
    case model::Request::kUpgrade: return "it has changed the version: there is no way back, and it can only go on";
    case model::Request::kScale:
    case model::Request::kResize:
    case model::Request::kConfigure:
    case model::Request::kInstallPlugin:
    case model::Request::kRemovePlugin:
    case model::Request::kProxies:
      return "undo it (POST /v1/operations/" + id + "/undo), which takes its place at once, or pause it";
    case model::Request::kSettings:
    case model::Request::kReplicas:
    case model::Request::kPolicies: return "undo it (POST /v1/operations/" + id + "/undo) when it is over";
    case model::Request::kSuspend: return "resume the cluster";
    case model::Request::kResume: return "suspend the cluster";
    case model::Request::kOpenIndices: return "close the indices when they are open";
    case model::Request::kCloseIndices: return "open the indices when they are closed";
    case model::Request::kTakeSnapshot: return "delete the snapshot when it is taken";
    default: return "pause it, or submit the opposite";
  }
}

/// An upgrade looks at the indices and takes a snapshot first. Until it has changed the version nothing is different
/// from before, and what it waits for may never come.
bool has_changed_nothing(const state::FleetState& state, const state::Operation& operation) {
  if (!operation.request().has_upgrade()) return false;
  const state::Cluster* cluster = state.find_cluster(operation.cluster());
  return cluster != nullptr && cluster->spec().version() != operation.request().upgrade().version();
}

Result<void> check_cancel(const state::FleetState& state, const state::Operation& operation) {
  if (operation.status() == model::OPERATION_STATUS_QUEUED || has_changed_nothing(state, operation)) return {};
  return fail(
      ErrorCode::kConflict,
      operation.id() + " has begun, and only a queued operation can be cancelled: " + instead_of_cancel(operation), "",
      "only_queued_operations_cancel");
}

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

/// The holds on this node, and those on the cluster as a whole; with no node all of them.
Holds holds_on(const state::Cluster& cluster, const std::string& node) {
  Holds holds;
  for (const state::Hold& hold : cluster.holds()) {
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

/// A rule that does not hold now is refused: its name may be misspelt, and an override must not lie in wait.
Result<Events> override_rule(const state::Operation& operation, const state::Cluster& cluster,
                             const ControlOperation& command) {
  ESAAS_CHECK(validate_word(command.rule, "rule", "_", 100));
  if (is_overridden(operation, command.rule, command.node)) {
    return refuse("rule", command.rule + " is out of force for " + operation.id() + " already", "changes_something");
  }
  const Holds all = holds_on(cluster, "");
  const bool holds = std::ranges::any_of(all, [&](const state::Hold* hold) {
    return hold->rule() == command.rule && (command.node.empty() || hold->node() == command.node);
  });
  const std::string_view never = why_never_overridden(command.rule);
  if (holds && !never.empty()) {
    return refuse("rule", command.rule + " binds everybody: " + std::string(never), "rule_can_be_overridden");
  }
  if (holds) return Events{overridden(command, command.rule, command.node)};
  return refuse("rule",
                command.rule + (command.node.empty() ? "" : " on " + command.node) +
                    " holds nothing now; what holds cluster " + cluster.name() + " is " + told(all),
                "rule_holds_now");
}

Result<Events> force(const state::Operation& operation, const state::Cluster& cluster,
                     const ControlOperation& command) {
  if (!command.node.empty() && state::find_node(cluster, command.node) == nullptr) {
    return refuse("node", "cluster " + cluster.name() + " has no node " + command.node, "known_node");
  }
  Events events;
  Holds binding;
  for (const state::Hold* hold : holds_on(cluster, command.node)) {
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
              "no rule holds " + (command.node.empty() ? "cluster " + cluster.name() : "node " + command.node) +
                  " now: there is nothing to force",
              "", "something_is_held");
}

Result<Events> control(const state::FleetState& state, const state::Operation& operation,
                       const ControlOperation& command, const Context& context) {
  event::Event event;
  switch (command.verb) {
    case OperationVerb::kCancel:
      ESAAS_CHECK(check_cancel(state, operation));
      event.mutable_operation_finished()->set_id(operation.id());
      event.mutable_operation_finished()->set_status(model::OPERATION_STATUS_CANCELLED);
      event.mutable_operation_finished()->set_detail("cancelled by " + context.caller.token_id);
      break;
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
  for (event::Event& event : events) event.set_cause_seq(operation->requested_seq());
  return events;
}

}  // namespace esaas::command
