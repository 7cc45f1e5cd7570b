#pragma once
// What events do to one cluster as a whole. Pure; part of evolve.

#include "core/events/event.pb.h"
#include "core/state/state.pb.h"

namespace esaas::state {

/// The cluster that ClusterCreated begins.
Cluster begin_cluster(const event::ClusterCreated& payload, const event::Event& event);

void apply(Cluster& cluster, const event::NodeGroupScaled& payload, const event::Event& event);
void apply(Cluster& cluster, const event::NodeGroupResized& payload, const event::Event& event);
void apply(Cluster& cluster, const event::NodeGroupConfigured& payload, const event::Event& event);
void apply(Cluster& cluster, const event::NodeGroupAdded& payload, const event::Event& event);
void apply(Cluster& cluster, const event::RestartRequested& payload, const event::Event& event);
void apply(Cluster& cluster, const event::ClusterVersionChanged& payload, const event::Event& event);
void apply(Cluster& cluster, const event::PluginsChanged& payload, const event::Event& event);
void apply(Cluster& cluster, const event::PoliciesChanged& payload, const event::Event& event);
void apply(Cluster& cluster, const event::ProxyAccessChanged& payload, const event::Event& event);
void apply(Cluster& cluster, const event::ClusterSuspended& payload, const event::Event& event);
void apply(Cluster& cluster, const event::ClusterResumed& payload, const event::Event& event);
void apply(Cluster& cluster, const event::ClusterDeletionBegan& payload, const event::Event& event);
void apply(Cluster& cluster, const event::ClusterHealthChanged& payload, const event::Event& event);
void apply(Cluster& cluster, const event::ClusterBootstrapped& payload, const event::Event& event);
void apply(Cluster& cluster, const event::NodeAdded& payload, const event::Event& event);
void apply(Cluster& cluster, const event::NodeRemoved& payload, const event::Event& event);
void apply(Cluster& cluster, const event::HoldBegan& payload, const event::Event& event);
void apply(Cluster& cluster, const event::HoldEnded& payload, const event::Event& event);

}  // namespace esaas::state
