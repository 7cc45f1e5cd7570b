#include "core/commands/decide_operation.h"

#include "core/commands/admission.h"
#include "core/commands/attribution.h"
#include "core/commands/checks.h"
#include "core/commands/fulfil.h"
#include "core/commands/kibana_versions.h"
#include "core/commands/operation_queue.h"
#include "core/commands/validate.h"
#include "core/model/ids.h"
#include "core/model/request.h"

namespace esaas::command {
namespace {

Result<void> check_version(const std::string& version, const std::string& field, const Context& context) {
  if (context.versions == nullptr || context.versions->contains(version)) return {};
  const std::string known = joined(*context.versions);
  return refuse(field, "the catalogue has " + (known.empty() ? "no version" : known) + ", not " + version,
                "version_in_catalogue");
}

Result<void> validate_request(const model::Request& request, const Context& context) {
  switch (request.kind_case()) {
    case model::Request::kCreate:
      ESAAS_CHECK(validate(request.create()));
      return check_version(request.create().spec().version(), "spec.version", context);
    case model::Request::kUpgrade:
      ESAAS_CHECK(validate(request.upgrade()));
      return check_version(request.upgrade().version(), "version", context);
    case model::Request::kScale: return validate(request.scale());
    case model::Request::kResize: return validate(request.resize());
    case model::Request::kLabel: return validate(request.label());
    case model::Request::kRestart: return validate(request.restart());
    case model::Request::kConfigure: return validate(request.configure());
    case model::Request::kSettings: return validate(request.settings());
    case model::Request::kReplicas: return validate(request.replicas());
    case model::Request::kOpenIndices: return validate(request.open_indices());
    case model::Request::kCloseIndices: return validate(request.close_indices());
    case model::Request::kInstallPlugin: return validate(request.install_plugin());
    case model::Request::kRemovePlugin: return validate(request.remove_plugin());
    case model::Request::kRegisterRepository: return validate(request.register_repository());
    case model::Request::kTakeSnapshot: return validate(request.take_snapshot());
    case model::Request::kDeleteSnapshot: return validate(request.delete_snapshot());
    case model::Request::kRestoreSnapshot: return validate(request.restore_snapshot());
    case model::Request::kPolicies: return validate(request.policies());
    case model::Request::kProxies: return validate(request.proxies());
    case model::Request::kInstallKibana: return validate(request.install_kibana());
    case model::Request::kDelete:
    case model::Request::kSuspend:
    case model::Request::kResume:
    case model::Request::kRemoveKibana: return {};
    case model::Request::KIND_NOT_SET: return refuse("request", "name one of " + model::kind_names(), "required");
  }
  return {};
}

/// A cluster uses no other cluster's passwords: their ids name it.
Result<void> check_secrets(const model::ProxyAccess& access, const std::string& cluster, const std::string& field) {
  const std::string own = "proxy/" + cluster + "/";
  for (int i = 0; i < access.users_size(); ++i) {
    if (access.users(i).secret_id().starts_with(own)) continue;
    return refuse(field + ".users[" + std::to_string(i) + "].secret_id", "is no secret of cluster " + cluster,
                  "secret_of_the_cluster");
  }
  return {};
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
  return check_secrets(request.spec().access(), request.name(), "spec.access");
}

/// What is known of plugins before Elasticsearch is asked. `cluster` is null for a create.
Result<void> check_plugins(const state::Cluster* cluster, const model::Request& request, const Context& context) {
  if (context.plugins == nullptr) return {};
  switch (request.kind_case()) {
    case model::Request::kCreate: {
      const model::ClusterSpec& spec = request.create().spec();
      return check_plugins_fit(spec.plugins(), spec.version(), *context.plugins, "spec.plugins");
    }
    case model::Request::kInstallPlugin: {
      Plugins one;
      *one.Add() = request.install_plugin().plugin();
      return check_plugins_fit(one, cluster->spec().version(), *context.plugins, "plugin");
    }
    case model::Request::kUpgrade:
      return check_plugins_fit(cluster->spec().plugins(), request.upgrade().version(), *context.plugins, "version",
                               true);
    default: return {};
  }
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
  if (command.request.has_proxies()) {
    ESAAS_CHECK(check_secrets(command.request.proxies().access(), cluster.name(), "access"));
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

}  // namespace

bool may_see(const Caller& caller, std::string_view tenant) { return caller.tenant.empty() || caller.tenant == tenant; }

void attribute(Events& events, const std::string& operation_id, const std::string& tenant, const std::string& cluster,
               const Context& context) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    event::Event& event = events[i];
    const bool other = event.has_operation_finished() && event.operation_finished().id() != operation_id;
    event.set_operation_id(other ? event.operation_finished().id() : operation_id);
    event.set_tenant(tenant);
    event.set_cluster(cluster);
    if (i > 0) event.set_cause_seq(context.next_seq);
    attribute(event, context);
  }
}

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
    ESAAS_CHECK(check_kibana(state, *cluster, command.request, context));
  }
  ESAAS_CHECK(check_plugins(cluster, command.request, context));
  const std::string id = model::operation_id(context.next_seq);
  Events events{requested(command, id)};
  if (is_fulfilled_at_once(command.request)) {
    ESAAS_TRY(*events.front().mutable_operation_requested()->mutable_fulfilment(), fulfil(*cluster, command.request));
    attribute(events, id, cluster->tenant(), cluster->name(), context);
    return events;
  }
  ESAAS_CHECK(admit(state, cluster, command.request));
  const bool waits = cluster != nullptr && must_wait(state, *cluster, command.request);
  if (!waits) {
    ESAAS_TRY(Events begun, begin_operation(cluster, id, command.request));
    for (event::Event& event : begun) events.push_back(std::move(event));
  }
  attribute(events, id, create ? command.request.create().tenant() : cluster->tenant(),
            create ? command.request.create().name() : cluster->name(), context);
  return events;
}

}  // namespace esaas::command
