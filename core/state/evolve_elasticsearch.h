#pragma once
// What events do to a cluster's record of what is asked of its Elasticsearch and of its proxies: settings that follow
// from the nodes, restarts of all, requests and their answers, policies. Pure; part of evolve.

#include "core/events/event.pb.h"
#include "core/state/state.pb.h"

namespace esaas::state {

void apply(Cluster& cluster, const event::ExclusionsIntended& payload, const event::Event& event);
void apply(Cluster& cluster, const event::ExclusionsApplied& payload, const event::Event& event);
void apply(Cluster& cluster, const event::MinimumMasterNodesIntended& payload, const event::Event& event);
void apply(Cluster& cluster, const event::MinimumMasterNodesApplied& payload, const event::Event& event);
void apply(Cluster& cluster, const event::AllocationIntended& payload, const event::Event& event);
void apply(Cluster& cluster, const event::AllocationApplied& payload, const event::Event& event);
void apply(Cluster& cluster, const event::VotingExclusionsIntended& payload, const event::Event& event);
void apply(Cluster& cluster, const event::VotingExclusionsApplied& payload, const event::Event& event);
void apply(Cluster& cluster, const event::FullRestartBegan& payload, const event::Event& event);
void apply(Cluster& cluster, const event::FullRestartPrepared& payload, const event::Event& event);
void apply(Cluster& cluster, const event::FullRestartStopped& payload, const event::Event& event);
void apply(Cluster& cluster, const event::FullRestartEnded& payload, const event::Event& event);
void apply(Cluster& cluster, const event::ServersIntended& payload, const event::Event& event);

/// The newest request for one thing takes the place of the one that was answered before it.
void apply(Cluster& cluster, const event::ElasticsearchRequestIntended& payload, const event::Event& event);
/// An operation's answered requests stay until it is over. One of the controller's own stays only when it was refused,
/// so that the reason can be told.
void apply(Cluster& cluster, const event::ElasticsearchRequestAnswered& payload, const event::Event& event);
/// The operation is over: its requests are of no use.
void forget_requests(Cluster& cluster, const std::string& operation);

void apply(Cluster& cluster, const event::PolicyRunBegan& payload, const event::Event& event);
void apply(Cluster& cluster, const event::PolicyRunFinished& payload, const event::Event& event);

}  // namespace esaas::state
