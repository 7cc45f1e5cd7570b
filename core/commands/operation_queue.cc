#include "core/commands/operation_queue.h"

#include <algorithm>
#include <set>

#include "core/commands/admission.h"
#include "core/commands/begin.h"
#include "core/model/request.h"

namespace esaas::command {
namespace {

/// What takes back the active operation takes its place: behind it, it would wait for what it is to end.
bool supersedes_active(const state::Cluster& cluster, const model::Request& request) {
  return !request.undoes().empty() && request.undoes() == cluster.active_operation() && !model::runs_alongside(request);
}

/// The events of each kind.
Result<Events> begin_kind(const state::Cluster& cluster, const std::string& operation_id,
                          const model::Request& request) {
  switch (request.kind_case()) {
    case model::Request::kScale: return begin(cluster, operation_id, request.scale());
    case model::Request::kResize: return begin(cluster, operation_id, request.resize());
    case model::Request::kSuspend: return begin(cluster, operation_id, request.suspend());
    case model::Request::kResume: return begin(cluster, operation_id, request.resume());
    case model::Request::kDelete: return begin(cluster, operation_id, request.delete_());
    case model::Request::kRestart: return begin(cluster, operation_id, request.restart());
    case model::Request::kUpgrade: return begin(cluster, operation_id, request.upgrade());
    case model::Request::kConfigure: return begin(cluster, operation_id, request.configure());
    case model::Request::kInstallPlugin: return begin(cluster, operation_id, request.install_plugin());
    case model::Request::kRemovePlugin: return begin(cluster, operation_id, request.remove_plugin());
    case model::Request::kProxies: return begin(cluster, operation_id, request.proxies());
    case model::Request::kInstallKibana: return begin(cluster, operation_id, request.install_kibana());
    case model::Request::kRemoveKibana: return begin(cluster, operation_id, request.remove_kibana());
    case model::Request::kReplicas: return begin(cluster, operation_id, request.replicas());
    case model::Request::kPolicies: return begin(cluster, operation_id, request.policies());
    case model::Request::kSettings:
    case model::Request::kOpenIndices:
    case model::Request::kCloseIndices:
    case model::Request::kRegisterRepository:
    case model::Request::kTakeSnapshot:
    case model::Request::kDeleteSnapshot:
    case model::Request::kRestoreSnapshot: return begin_asking(cluster, operation_id);
    default: return fail(ErrorCode::kInvalidArgument, "the request names no kind", "request", "required");
  }
}

}  // namespace

Result<Events> begin_operation(const state::Cluster* cluster, const std::string& operation_id,
                               const model::Request& request) {
  if (request.has_create()) return begin_create(operation_id, request.create());
  if (cluster == nullptr) return fail(ErrorCode::kNotFound, "the cluster is gone");
  ESAAS_TRY(Events events, begin_kind(*cluster, operation_id, request));
  if (supersedes_active(*cluster, request)) {
    events.insert(events.begin(),
                  finished(request.undoes(), model::OPERATION_STATUS_CANCELLED, "taken back by " + operation_id));
  }
  return events;
}

bool must_wait(const state::FleetState& state, const state::Cluster& cluster, const model::Request& request) {
  if (request.has_delete_()) return false;
  if (supersedes_active(cluster, request)) return false;
  if (!model::runs_alongside(request)) return !cluster.active_operation().empty();
  const auto is_of_the_kind = [&](const std::string& id) {
    const state::Operation* other = state.find_operation(id);
    return other != nullptr && other->request().kind_case() == request.kind_case();
  };
  return std::ranges::any_of(cluster.side_operations(), is_of_the_kind) ||
         std::ranges::any_of(cluster.queued_operations(), is_of_the_kind);
}

Events start_next_operation(const state::FleetState& state, const state::Cluster& cluster, const Context& context) {
  Events events;
  std::set<int> running;
  for (const std::string& id : cluster.side_operations()) {
    if (const auto* operation = state.find_operation(id)) running.insert(operation->request().kind_case());
  }
  const auto may_start = [&running](const state::Cluster& seen, const state::Operation* operation) {
    if (operation == nullptr) return false;
    if (!model::runs_alongside(operation->request())) return seen.active_operation().empty();
    return !running.contains(operation->request().kind_case());
  };
  const auto& queued = cluster.queued_operations();
  const auto may_start_now = [&](const std::string& id) { return may_start(cluster, state.find_operation(id)); };
  if (std::ranges::none_of(queued, may_start_now)) return events;  // the usual case, without a copy

  // One that starts changes what those behind it find.
  state::FleetState after;
  after.head = state.head;
  const state::Cluster& now = after.clusters.emplace(cluster.name(), cluster).first->second;
  for (const std::string& id : queued) {
    const state::Operation* operation = state.find_operation(id);
    if (!may_start(now, operation)) continue;
    Result<void> admitted = admit(state, &cluster, operation->request());
    auto begun = admitted ? begin_operation(&now, id, operation->request()) : std::unexpected(admitted.error());
    Events more =
        begun ? std::move(*begun) : Events{finished(id, model::OPERATION_STATUS_FAILED, begun.error().detail)};
    if (begun && model::runs_alongside(operation->request())) running.insert(operation->request().kind_case());
    after.operations.emplace(id, *operation);
    for (event::Event& event : more) {
      event.set_operation_id(id);
      event.set_cluster(cluster.name());
      event.set_tenant(cluster.tenant());
      event.set_cause_seq(operation->requested_seq());
      event.mutable_actor()->set_kind(event::ACTOR_KIND_CONTROLLER);
      event.set_time_at_us(to_us(context.now));
      event::Event folded = event;
      folded.set_seq(after.seq() + 1);
      state::evolve(after, folded);
      events.push_back(std::move(event));
    }
  }
  return events;
}

}  // namespace esaas::command
