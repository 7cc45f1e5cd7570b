#include "core/commands/decide_operation.h"

#include "core/commands/admission.h"
#include "core/commands/fulfil.h"
#include "core/commands/operation_queue.h"
#include "core/commands/validate.h"
#include "core/model/ids.h"

namespace esaas::command {
namespace {

using Events = std::vector<event::Event>;

bool may_see(const Caller& caller, std::string_view tenant) { return caller.tenant.empty() || caller.tenant == tenant; }

Result<void> validate_request(const model::Request& request, const Context& context) {
  switch (request.kind_case()) {
    case model::Request::kCreate:
      ESAAS_CHECK(validate(request.create()));
      if (context.versions != nullptr && !context.versions->contains(request.create().spec().version())) {
        std::string known;
        for (const std::string& version : *context.versions) known += (known.empty() ? "" : ", ") + version;
        return fail(ErrorCode::kInvalidArgument,
                    "spec.version: the catalogue has " + (known.empty() ? "no version" : known) + ", not " +
                        request.create().spec().version(),
                    "spec.version", "version_in_catalogue");
      }
      return {};
    case model::Request::kScale: return validate(request.scale());
    case model::Request::kResize: return validate(request.resize());
    case model::Request::kLabel: return validate(request.label());
    case model::Request::KIND_NOT_SET:
      return fail(ErrorCode::kInvalidArgument,
                  "request: name one of create, scale, resize, delete, suspend, resume, label", "request", "required");
    default: return {};
  }
}

Result<void> check_create(const state::FleetState& state, const model::CreateCluster& request, const Context& context) {
  if (!may_see(context.caller, request.tenant())) {
    return fail(ErrorCode::kPermissionDenied, "tenant: this token belongs to tenant " + context.caller.tenant, "tenant",
                "own_tenant");
  }
  if (state.find_tenant(request.tenant()) == nullptr) {
    return fail(ErrorCode::kInvalidArgument, "tenant: there is no tenant " + request.tenant(), "tenant",
                "known_tenant");
  }
  if (state.find_cluster(request.name()) != nullptr) {
    return fail(ErrorCode::kAlreadyExists, "name: cluster " + request.name() + " exists", "name", "unique");
  }
  return {};
}

Result<const state::Cluster*> find_visible(const state::FleetState& state, const SubmitOperation& command,
                                           const Context& context) {
  const state::Cluster* cluster = state.find_cluster(command.cluster);
  if (cluster == nullptr || !may_see(context.caller, cluster->tenant())) {
    return fail(ErrorCode::kNotFound, "there is no cluster " + command.cluster);
  }
  return cluster;
}

Result<void> check_existing(const state::Cluster& cluster, const SubmitOperation& command) {
  if (command.if_match && *command.if_match != cluster.revision()) {
    return fail(ErrorCode::kConflict,
                "cluster " + cluster.name() + " is at revision " + std::to_string(cluster.revision()) + ", not " +
                    std::to_string(*command.if_match),
                "If-Match", "revision_matches");
  }
  if (cluster.phase() == state::CLUSTER_PHASE_DELETING) {
    return fail(ErrorCode::kConflict,
                "cluster " + cluster.name() + " is being deleted by " + cluster.active_operation(), "",
                "cluster_not_deleting");
  }
  if (command.request.has_delete_() && command.request.delete_().confirm() != cluster.name()) {
    return fail(ErrorCode::kInvalidArgument, "confirm: repeat the cluster's name to delete it with all its data",
                "confirm", "confirm_names_the_cluster");
  }
  const bool may_queue = !is_fulfilled_at_once(command.request) && !command.request.has_delete_();
  if (may_queue && cluster.queued_operations_size() >= static_cast<int>(kQueuedOperationsMax)) {
    return fail(ErrorCode::kResourceExhausted,
                std::to_string(kQueuedOperationsMax) + " operations wait on cluster " + cluster.name() + " already", "",
                "queued_operations_max");
  }
  return {};
}

event::Event requested(const SubmitOperation& command, const std::string& id) {
  event::Event event;
  auto& payload = *event.mutable_operation_requested();
  payload.set_id(id);
  *payload.mutable_request() = command.request;
  payload.set_method(command.method);
  payload.set_url(command.url);
  payload.set_reason(command.reason);
  return event;
}

/// Fills in whom and what the events are about. Their cause is the request, which has `context.next_seq`.
void attribute(Events& events, const std::string& operation_id, const std::string& tenant, const std::string& cluster,
               const Context& context) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    event::Event& event = events[i];
    const bool other = event.has_operation_finished() && event.operation_finished().id() != operation_id;
    event.set_operation_id(other ? event.operation_finished().id() : operation_id);
    event.set_tenant(tenant);
    event.set_cluster(cluster);
    if (i > 0) event.set_cause_seq(context.next_seq);
    event.mutable_actor()->set_kind(event::ACTOR_KIND_USER);
    event.mutable_actor()->set_name(context.caller.token_id);
    event.mutable_actor()->set_address(context.caller.address);
  }
}

Result<void> check_control(const state::Operation& operation, OperationVerb verb) {
  const bool queued = operation.status() == model::OPERATION_STATUS_QUEUED;
  switch (verb) {
    case OperationVerb::kCancel:
      if (queued) return {};
      return fail(
          ErrorCode::kConflict,
          operation.id() + " has begun: only a queued operation can be cancelled; pause it, or submit the opposite", "",
          "only_queued_operations_cancel");
    case OperationVerb::kPause:
      if (!operation.paused()) return {};
      return fail(ErrorCode::kConflict, operation.id() + " is paused already", "", "changes_something");
    case OperationVerb::kContinue:
      if (operation.paused()) return {};
      return fail(ErrorCode::kConflict, operation.id() + " is not paused", "", "changes_something");
  }
  return {};
}

}  // namespace

Result<Events> decide(const state::FleetState& state, const SubmitOperation& command, const Context& context) {
  ESAAS_CHECK(validate_request(command.request, context));
  if (command.reason.size() > kReasonLengthMax) {
    return fail(ErrorCode::kInvalidArgument,
                "reason: has more than " + std::to_string(kReasonLengthMax) + " characters", "reason", "length");
  }
  const bool create = command.request.has_create();
  const state::Cluster* cluster = nullptr;
  if (create) {
    ESAAS_CHECK(check_create(state, command.request.create(), context));
  } else {
    ESAAS_TRY(cluster, find_visible(state, command, context));
    ESAAS_CHECK(check_existing(*cluster, command));
  }
  const std::string id = model::operation_id(context.next_seq);
  Events events{requested(command, id)};
  if (is_fulfilled_at_once(command.request)) {
    ESAAS_TRY(*events.front().mutable_operation_requested()->mutable_fulfilment(), fulfil(*cluster, command.request));
    attribute(events, id, cluster->tenant(), cluster->name(), context);
    return events;
  }
  ESAAS_CHECK(admit(state, cluster, command.request));
  const bool waits = cluster != nullptr && !command.request.has_delete_() && !cluster->active_operation().empty();
  if (!waits) {
    ESAAS_TRY(Events begun, begin_operation(cluster, id, command.request));
    for (event::Event& event : begun) events.push_back(std::move(event));
  }
  attribute(events, id, create ? command.request.create().tenant() : cluster->tenant(),
            create ? command.request.create().name() : cluster->name(), context);
  return events;
}

Result<Events> decide(const state::FleetState& state, const ControlOperation& command, const Context& context) {
  const state::Operation* operation = state.find_operation(command.operation_id);
  if (operation == nullptr || !may_see(context.caller, operation->tenant())) {
    return fail(ErrorCode::kNotFound, "there is no open operation " + command.operation_id);
  }
  ESAAS_CHECK(check_control(*operation, command.verb));
  event::Event event;
  switch (command.verb) {
    case OperationVerb::kCancel: {
      auto& payload = *event.mutable_operation_finished();
      payload.set_id(operation->id());
      payload.set_status(model::OPERATION_STATUS_CANCELLED);
      payload.set_detail("cancelled by " + context.caller.token_id);
      break;
    }
    case OperationVerb::kPause: event.mutable_operation_paused()->set_id(operation->id()); break;
    case OperationVerb::kContinue: event.mutable_operation_continued()->set_id(operation->id()); break;
  }
  Events events{std::move(event)};
  attribute(events, operation->id(), operation->tenant(), operation->cluster(), context);
  events[0].set_cause_seq(operation->requested_seq());
  return events;
}

}  // namespace esaas::command
