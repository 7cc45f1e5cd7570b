#pragma once
// How an operation of each kind takes hold of its cluster: the events that say what is wanted from now on, or why the
// cluster does not allow it. Pure; part of operation_queue, which calls them.

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/events/event.pb.h"
#include "core/model/model.pb.h"
#include "core/state/fleet_state.h"

namespace esaas::command {

using Events = std::vector<event::Event>;

event::Event started(const std::string& operation_id);
event::Event finished(const std::string& operation_id, model::OperationStatus status, std::string detail);

/// kConflict while the cluster is suspended.
Result<void> must_run(const state::Cluster& cluster);
/// kInvalidArgument naming the groups that there are. A companion is no group to scale, resize or configure.
Result<const model::NodeGroup*> group_of(const state::Cluster& cluster, const std::string& name);
Result<const model::NodeGroup*> elasticsearch_group_of(const state::Cluster& cluster, const std::string& name);

/// `before` with what `wanted` names; a field that is 0 stays.
model::Resources with(model::Resources before, const model::Resources& wanted);
bool same(const model::Resources& left, const model::Resources& right);

event::Event scaled(const std::string& group, std::uint32_t before, std::uint32_t after);
event::Event resized(const std::string& group, const model::Resources& before, const model::Resources& after);

Events begin_create(const std::string& id, const model::CreateCluster& request);
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::SuspendCluster& request);
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::ResumeCluster& request);
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::DeleteCluster& request);
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::ScaleNodeGroup& request);
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::ResizeNodeGroup& request);
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::RestartCluster& request);
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::UpgradeCluster& request);
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::ConfigureNodeGroup& request);
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::InstallPlugin& request);
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::RemovePlugin& request);
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::SetProxies& request);
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::InstallKibana& request);
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::RemoveKibana& request);
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::SetReplicas& request);
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::SetPolicies& request);

/// One that only asks something of Elasticsearch: the reconciler of requests does the rest.
Result<Events> begin_asking(const state::Cluster& cluster, const std::string& id);

/// The proxies' group as a SetProxies makes it from `before` (null: there is none yet), and Kibana's.
model::NodeGroup proxy_group(const model::NodeGroup* before, const model::SetProxies& request);
model::NodeGroup kibana_group(const model::NodeGroup* before, const model::InstallKibana& request);

}  // namespace esaas::command
