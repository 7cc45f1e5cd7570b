#pragma once
// FleetState: all that decisions need, as a fold of the log. Owned by the controller's thread; not thread-safe. Copies
// of single clusters are what other threads read (reconcilers/loop/published_state.h).

#include <map>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "core/events/event.pb.h"
#include "core/state/state.pb.h"

namespace esaas::state {

struct FleetState {
  Fleet head;
  std::map<std::string, Cluster, std::less<>> clusters;      ///< by name; the deleted are gone
  std::map<std::string, Operation, std::less<>> operations;  ///< by id; queued and running ones only

  /// The last event folded; 0 before any.
  [[nodiscard]] std::uint64_t seq() const { return head.seq(); }
  [[nodiscard]] const Cluster* find_cluster(std::string_view name) const;
  [[nodiscard]] const Operation* find_operation(std::string_view id) const;
  [[nodiscard]] const Tenant* find_tenant(std::string_view name) const;
  [[nodiscard]] const Token* find_token(std::string_view token_id) const;
};

/// The node with this name, or null.
const Node* find_node(const Cluster& cluster, std::string_view name);
Node* find_node(Cluster& cluster, std::string_view name);
/// The node whose latest task has this id, or null.
const Node* find_node_by_task(const Cluster& cluster, std::string_view task_id);
/// The group with this name, or null.
const model::NodeGroup* find_group(const model::ClusterSpec& spec, std::string_view name);
/// True when nodes of the group may be elected master (or hold data).
bool is_master_eligible(const model::NodeGroup& group);
bool holds_data(const model::NodeGroup& group);
/// True when the group's nodes are no Elasticsearch: proxies, or Kibana.
bool is_companion(const model::NodeGroup& group);
bool is_proxy(const model::NodeGroup& group);
bool is_kibana(const model::NodeGroup& group);

/// Applies one event. Total and pure: it never refuses, and takes time only from the event. Events about what is no
/// longer there (a late status of an old task) change nothing but the head. Precondition: event.seq() == seq() + 1.
void evolve(FleetState& state, const event::Event& event);

/// The state's bytes: equal states give equal bytes (for one version of the state schema).
std::string encode(const FleetState& state);
/// kDataLoss when the bytes are not what `encode` writes.
Result<FleetState> decode_fleet(std::string_view bytes);

}  // namespace esaas::state
