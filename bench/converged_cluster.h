#pragma once
// A cluster as it is most of the time: all its nodes run, have joined, and nothing is wanted of them.

#include <string>

#include "core/model/ids.h"
#include "core/state/fleet_state.h"

namespace esaas::bench {

/// `count` nodes of tenant "shop", node i on agent-i.
inline state::Cluster converged_cluster(const std::string& name, std::uint32_t count) {
  state::Cluster cluster;
  cluster.set_name(name);
  cluster.set_tenant("shop");
  cluster.set_phase(state::CLUSTER_PHASE_RUNNING);
  cluster.set_bootstrapped(true);
  cluster.mutable_spec()->set_version("2.3.3");
  auto& group = *cluster.mutable_spec()->add_node_groups();
  group.set_name("data");
  group.add_roles(model::NODE_ROLE_MASTER);
  group.add_roles(model::NODE_ROLE_DATA);
  group.set_count(count);
  group.mutable_resources()->set_cpus_milli(1000);
  group.mutable_resources()->set_mem_mib(1024);
  group.mutable_resources()->set_disk_mib(1024);
  cluster.add_next_ordinals(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    auto& node = *cluster.add_nodes();
    node.set_name(model::node_name("data", i));
    node.set_group("data");
    *node.mutable_resources() = group.resources();
    node.mutable_place()->set_agent_id("agent-" + std::to_string(i));
    node.mutable_place()->set_hostname("10.0.0." + std::to_string(i + 1));
    node.mutable_place()->set_volume_id(model::volume_id(name, node.name(), 1));
    *node.mutable_place()->mutable_resources() = group.resources();
    node.set_place_status(state::PLACE_STATUS_RESERVED);
    node.mutable_task()->set_task_id(model::task_id(name, node.name(), 1));
    node.mutable_task()->set_agent_id(node.place().agent_id());
    node.mutable_task()->set_state(model::TASK_STATE_RUNNING);
    node.mutable_task()->set_joined(true);
    node.set_ever_joined(true);
  }
  cluster.set_minimum_master_nodes_intended(count / 2 + 1);
  cluster.set_minimum_master_nodes_applied(count / 2 + 1);
  cluster.mutable_health()->set_status(model::HEALTH_STATUS_GREEN);
  cluster.mutable_health()->set_nodes(count);
  cluster.mutable_health()->set_data_nodes(count);
  return cluster;
}

}  // namespace esaas::bench
