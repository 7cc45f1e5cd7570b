// How operations on a cluster as a whole begin: create, suspend, resume, delete.

#include <algorithm>

#include "core/commands/begin.h"
#include "core/commands/validate_settings.h"

namespace esaas::command {

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
  for (const std::string& beside : cluster.side_operations()) {
    events.push_back(finished(beside, model::OPERATION_STATUS_CANCELLED, detail));
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
  for (model::NodeGroup& group : *payload.mutable_spec()->mutable_node_groups()) {
    *group.mutable_settings() = merged({}, group.settings());
  }
  std::ranges::sort(*payload.mutable_spec()->mutable_plugins(), {},
                    [](const model::Plugin& one) { return one.name(); });
  if (request.spec().has_access()) {
    std::ranges::sort(*payload.mutable_spec()->mutable_access()->mutable_users(), {},
                      [](const model::ProxyUser& user) { return user.name(); });
  }
  std::ranges::sort(*payload.mutable_labels(), {}, [](const model::Label& label) { return label.key(); });
  Events events{std::move(event)};
  events.push_back(started(id));
  return events;
}

}  // namespace esaas::command
