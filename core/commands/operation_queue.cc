#include "core/commands/operation_queue.h"

#include <algorithm>
#include <map>

#include "core/commands/admission.h"
#include "core/commands/validate.h"

namespace esaas::command {
namespace {

using Events = std::vector<event::Event>;

event::Event started(const std::string& operation_id) {
  event::Event event;
  event.mutable_operation_started()->set_id(operation_id);
  return event;
}

event::Event finished(const std::string& operation_id, model::OperationStatus status, std::string detail) {
  event::Event event;
  auto& payload = *event.mutable_operation_finished();
  payload.set_id(operation_id);
  payload.set_status(status);
  payload.set_detail(std::move(detail));
  return event;
}

Result<void> must_run(const state::Cluster& cluster) {
  if (cluster.phase() == state::CLUSTER_PHASE_RUNNING) return {};
  return fail(ErrorCode::kConflict, "cluster " + cluster.name() + " is suspended: resume it first", "",
              "cluster_running");
}

Result<const model::NodeGroup*> group_of(const state::Cluster& cluster, const std::string& name) {
  if (const auto* group = state::find_group(cluster.spec(), name)) return group;
  std::string known;
  for (const auto& group : cluster.spec().node_groups()) known += (known.empty() ? "" : ", ") + group.name();
  return fail(ErrorCode::kInvalidArgument, "group: cluster " + cluster.name() + " has " + known + ", not " + name,
              "group", "known_group");
}

Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::ScaleNodeGroup& request) {
  ESAAS_CHECK(must_run(cluster));
  ESAAS_TRY(const model::NodeGroup* group, group_of(cluster, request.group()));
  if (group->count() == request.count()) {
    return fail(ErrorCode::kInvalidArgument,
                "count: group " + group->name() + " has " + std::to_string(group->count()) + " nodes already", "count",
                "changes_something");
  }
  model::ClusterSpec after = cluster.spec();
  for (auto& changed : *after.mutable_node_groups()) {
    if (changed.name() == request.group()) changed.set_count(request.count());
  }
  ESAAS_CHECK(validate_shape(after, "count"));
  event::Event event;
  auto& payload = *event.mutable_node_group_scaled();
  payload.set_group(request.group());
  payload.set_count_before(group->count());
  payload.set_count_after(request.count());
  return Events{started(id), std::move(event)};
}

Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::ResizeNodeGroup& request) {
  ESAAS_CHECK(must_run(cluster));
  ESAAS_TRY(const model::NodeGroup* group, group_of(cluster, request.group()));
  model::Resources after = group->resources();
  const model::Resources& wanted = request.resources();
  if (wanted.cpus_milli() != 0) after.set_cpus_milli(wanted.cpus_milli());
  if (wanted.mem_mib() != 0) after.set_mem_mib(wanted.mem_mib());
  if (wanted.disk_mib() != 0) after.set_disk_mib(wanted.disk_mib());
  if (after.SerializeAsString() == group->resources().SerializeAsString()) {
    return fail(ErrorCode::kInvalidArgument, "resources: group " + group->name() + " has these already", "resources",
                "changes_something");
  }
  event::Event event;
  auto& payload = *event.mutable_node_group_resized();
  payload.set_group(request.group());
  *payload.mutable_before() = group->resources();
  *payload.mutable_after() = after;
  return Events{started(id), std::move(event)};
}

Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::SuspendCluster&) {
  if (cluster.phase() == state::CLUSTER_PHASE_SUSPENDED) {
    return fail(ErrorCode::kConflict, "cluster " + cluster.name() + " is suspended already", "", "changes_something");
  }
  event::Event event;
  event.mutable_cluster_suspended();
  return Events{started(id), std::move(event)};
}

Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::ResumeCluster&) {
  if (cluster.phase() == state::CLUSTER_PHASE_RUNNING) {
    return fail(ErrorCode::kConflict, "cluster " + cluster.name() + " is not suspended", "", "changes_something");
  }
  event::Event event;
  event.mutable_cluster_resumed();
  return Events{started(id), std::move(event)};
}

/// A delete takes the place of whatever else is asked of the cluster.
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::DeleteCluster&) {
  Events events;
  const std::string detail = "superseded by the delete " + id;
  if (!cluster.active_operation().empty()) {
    events.push_back(finished(cluster.active_operation(), model::OPERATION_STATUS_CANCELLED, detail));
  }
  for (const std::string& queued : cluster.queued_operations()) {
    if (queued != id) events.push_back(finished(queued, model::OPERATION_STATUS_CANCELLED, detail));
  }
  events.push_back(started(id));
  event::Event event;
  event.mutable_cluster_deletion_began();
  events.push_back(std::move(event));
  return events;
}

Events begin_create(const std::string& id, const model::CreateCluster& request) {
  event::Event event;
  auto& payload = *event.mutable_cluster_created();
  payload.set_name(request.name());
  payload.set_tenant(request.tenant());
  *payload.mutable_spec() = request.spec();
  *payload.mutable_labels() = request.labels();
  std::ranges::sort(*payload.mutable_labels(), {}, [](const model::Label& label) { return label.key(); });
  Events events{std::move(event)};
  events.push_back(started(id));
  return events;
}

/// The tenant's quota may have become smaller, and its other clusters larger, while the operation waited.
Result<Events> begin_if_admitted(const state::FleetState& state, const state::Cluster& cluster, const std::string& id,
                                 const model::Request& request) {
  ESAAS_CHECK(admit(state, &cluster, request));
  return begin_operation(&cluster, id, request);
}

}  // namespace

Result<Events> begin_operation(const state::Cluster* cluster, const std::string& operation_id,
                               const model::Request& request) {
  if (request.has_create()) return begin_create(operation_id, request.create());
  if (cluster == nullptr) return fail(ErrorCode::kNotFound, "the cluster is gone");
  switch (request.kind_case()) {
    case model::Request::kScale: return begin(*cluster, operation_id, request.scale());
    case model::Request::kResize: return begin(*cluster, operation_id, request.resize());
    case model::Request::kSuspend: return begin(*cluster, operation_id, request.suspend());
    case model::Request::kResume: return begin(*cluster, operation_id, request.resume());
    case model::Request::kDelete: return begin(*cluster, operation_id, request.delete_());
    default: return fail(ErrorCode::kInvalidArgument, "the request names no kind", "request", "required");
  }
}

std::vector<event::Event> start_next_operation(const state::FleetState& state, const state::Cluster& cluster,
                                               const Context& context) {
  Events events;
  for (const std::string& id : cluster.queued_operations()) {
    const state::Operation* operation = state.find_operation(id);
    if (operation == nullptr) continue;
    auto begun = begin_if_admitted(state, cluster, id, operation->request());
    Events more =
        begun ? std::move(*begun) : Events{finished(id, model::OPERATION_STATUS_FAILED, begun.error().detail)};
    for (event::Event& event : more) {
      event.set_operation_id(id);
      event.set_cluster(cluster.name());
      event.set_tenant(cluster.tenant());
      event.set_cause_seq(operation->requested_seq());
      event.mutable_actor()->set_kind(event::ACTOR_KIND_CONTROLLER);
      event.set_time_at_us(to_us(context.now));
      events.push_back(std::move(event));
    }
    if (begun) break;  // one at a time
  }
  return events;
}

}  // namespace esaas::command
