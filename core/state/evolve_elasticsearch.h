#pragma once
// What events do to a cluster's record of what is asked of its Elasticsearch and of its proxies: settings that follow
// from the nodes, restarts of all, requests and their answers, policies. Pure; part of evolve.

#include <string_view>

#include "core/events/event.pb.h"
#include "core/state/state.pb.h"

namespace esaas::state {

/// The purpose of a request that writes out what a node, or without one all of them, is about to lose from memory.
inline constexpr std::string_view kFlush = "flush";

void apply(Cluster& cluster, const event::ExclusionsIntended& payload, const event::Event& event);
void apply(Cluster& cluster, const event::ExclusionsApplied& payload, const event::Event& event);
void apply(Cluster& cluster, const event::MinimumMasterNodesIntended& payload, const event::Event& event);
void apply(Cluster& cluster, const event::MinimumMasterNodesApplied& payload, const event::Event& event);
void apply(Cluster& cluster, const event::AllocationIntended& payload, const event::Event& event);
void apply(Cluster& cluster, const event::AllocationApplied& payload, const event::Event& event);
void apply(Cluster& cluster, const event::VotingExclusionsIntended& payload, const event::Event& event);
void apply(Cluster& cluster, const event::VotingExclusionsApplied& payload, const event::Event& event);
/// Whatever became of the flush before the restart, nobody asks for it any more.
void apply(Cluster& cluster, const event::NodeRestartPrepared& payload, const event::Event& event);
void apply(Cluster& cluster, const event::NodeRestartEnded& payload, const event::Event& event);
void apply(Cluster& cluster, const event::FullRestartBegan& payload, const event::Event& event);
void apply(Cluster& cluster, const event::FullRestartPrepared& payload, const event::Event& event);
void apply(Cluster& cluster, const event::FullRestartStopped& payload, const event::Event& event);
void apply(Cluster& cluster, const event::FullRestartEnded& payload, const event::Event& event);
void apply(Cluster& cluster, const event::ServersIntended& payload, const event::Event& event);

/// The newest request for one thing takes the place of the one that was answered before it.
void apply(Cluster& cluster, const event::ElasticsearchRequestIntended& payload, const event::Event& event);
/// An operation's answered requests stay until it is over, and a flush until the restart that it is for goes on. Any
/// other of the controller's own stays only when it was refused, so that the reason can be told.
void apply(Cluster& cluster, const event::ElasticsearchRequestAnswered& payload, const event::Event& event);
/// The operation is over: its requests are of no use.
void forget_requests(Cluster& cluster, const std::string& operation);

void apply(Cluster& cluster, const event::PolicyRunBegan& payload, const event::Event& event);
void apply(Cluster& cluster, const event::PolicyRunFinished& payload, const event::Event& event);

}  // namespace esaas::state
