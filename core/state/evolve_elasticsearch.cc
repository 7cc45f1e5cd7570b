#include "core/state/evolve_elasticsearch.h"

#include <algorithm>

#include "core/state/fleet_state.h"

namespace esaas::state {
namespace {

template <typename Items, typename Matches>
void erase_where(Items& items, Matches matches) {
  items.erase(std::remove_if(items.begin(), items.end(), matches), items.end());
}

constexpr std::int64_t kRefusalKeptUs = std::int64_t{3600} * 1'000'000;

/// A policy's refused request waits to be tried anew. What it is about (a snapshot by its moment, the indices that
/// there were) may never be asked for again, and refusals must not pile up.
void forget_old_refusals(Cluster& cluster, const event::ElasticsearchRequestIntended& payload,
                         const event::Event& event) {
  if (!event.operation_id().empty() || payload.purpose() == kFlush) return;
  erase_where(*cluster.mutable_requests(), [&](const ElasticsearchRequest& old) {
    return old.answered() && old.operation().empty() && old.purpose() == payload.purpose() &&
           event.time_at_us() - old.answered_at_us() >= kRefusalKeptUs;
  });
}

/// Of one node, or of all when it is empty.
void forget_flush(Cluster& cluster, const std::string& node) {
  erase_where(*cluster.mutable_requests(), [&](const ElasticsearchRequest& request) {
    return request.purpose() == kFlush && request.node() == node;
  });
}

}  // namespace

void apply(Cluster& cluster, const event::ExclusionsIntended& payload, const event::Event&) {
  *cluster.mutable_exclusions_intended() = payload.nodes();
}

void apply(Cluster& cluster, const event::ExclusionsApplied& payload, const event::Event&) {
  *cluster.mutable_exclusions_applied() = payload.nodes();
}

void apply(Cluster& cluster, const event::MinimumMasterNodesIntended& payload, const event::Event&) {
  cluster.set_minimum_master_nodes_intended(payload.value());
}

void apply(Cluster& cluster, const event::MinimumMasterNodesApplied& payload, const event::Event&) {
  cluster.set_minimum_master_nodes_applied(payload.value());
}

void apply(Cluster& cluster, const event::AllocationIntended& payload, const event::Event&) {
  cluster.set_allocation_intended(payload.enable());
}

void apply(Cluster& cluster, const event::AllocationApplied& payload, const event::Event&) {
  cluster.set_allocation_applied(payload.enable());
}

void apply(Cluster& cluster, const event::VotingExclusionsIntended& payload, const event::Event&) {
  *cluster.mutable_voting_exclusions_intended() = payload.nodes();
}

void apply(Cluster& cluster, const event::VotingExclusionsApplied& payload, const event::Event&) {
  *cluster.mutable_voting_exclusions_applied() = payload.nodes();
}

void apply(Cluster& cluster, const event::FullRestartBegan& payload, const event::Event& event) {
  FullRestart restart;
  restart.set_seq(event.seq());
  restart.set_since_at_us(event.time_at_us());
  restart.set_why(payload.why());
  *cluster.mutable_full_restart() = std::move(restart);
}

void apply(Cluster& cluster, const event::NodeRestartPrepared& payload, const event::Event&) {
  forget_flush(cluster, payload.node());
  Node* node = find_node(cluster, payload.node());
  if (node != nullptr && node->has_restart()) node->mutable_restart()->set_prepared(true);
}

void apply(Cluster& cluster, const event::NodeRestartEnded& payload, const event::Event&) {
  forget_flush(cluster, payload.node());
  if (Node* node = find_node(cluster, payload.node())) node->clear_restart();
}

void apply(Cluster& cluster, const event::FullRestartPrepared&, const event::Event&) {
  forget_flush(cluster, "");
  if (cluster.has_full_restart()) cluster.mutable_full_restart()->set_prepared(true);
}

void apply(Cluster& cluster, const event::FullRestartStopped&, const event::Event&) {
  if (cluster.has_full_restart()) cluster.mutable_full_restart()->set_stopped(true);
}

void apply(Cluster& cluster, const event::FullRestartEnded&, const event::Event&) {
  forget_flush(cluster, "");
  cluster.clear_full_restart();
}

void apply(Cluster& cluster, const event::ServersIntended& payload, const event::Event& event) {
  *cluster.mutable_servers() = payload.servers();
  cluster.set_servers_seq(event.seq());
}

void apply(Cluster& cluster, const event::ElasticsearchRequestIntended& payload, const event::Event& event) {
  erase_where(*cluster.mutable_requests(), [&](const ElasticsearchRequest& old) {
    return old.answered() && old.operation() == event.operation_id() && old.purpose() == payload.purpose() &&
           old.node() == payload.node() && old.subject() == payload.subject();
  });
  forget_old_refusals(cluster, payload, event);
  ElasticsearchRequest& request = *cluster.add_requests();
  request.set_seq(event.seq());
  request.set_operation(event.operation_id());
  request.set_purpose(payload.purpose());
  request.set_node(payload.node());
  request.set_subject(payload.subject());
  request.set_method(payload.method());
  request.set_path(payload.path());
  request.set_body(payload.body());
  request.set_intended_at_us(event.time_at_us());
}

void apply(Cluster& cluster, const event::ElasticsearchRequestAnswered& payload, const event::Event& event) {
  auto& requests = *cluster.mutable_requests();
  const auto found = std::ranges::find(requests, payload.request_seq(), &ElasticsearchRequest::seq);
  if (found == requests.end()) return;
  if (found->operation().empty() && payload.accepted() && found->purpose() != kFlush) {
    requests.erase(found);
    return;
  }
  found->set_answered(true);
  found->set_accepted(payload.accepted());
  found->set_why(payload.why());
  found->set_answered_at_us(event.time_at_us());
  found->clear_body();  // sent, and in its intent for whoever wants to read it
}

void forget_requests(Cluster& cluster, const std::string& operation) {
  erase_where(*cluster.mutable_requests(),
              [&](const ElasticsearchRequest& request) { return request.operation() == operation; });
}

void apply(Cluster& cluster, const event::PolicyRunBegan& payload, const event::Event& event) {
  auto& runs = *cluster.mutable_policy_runs();
  auto found = std::ranges::find(runs, payload.policy(), &PolicyRun::policy);
  if (found == runs.end()) {
    runs.Add()->set_policy(payload.policy());
    std::ranges::sort(runs, {}, [](const PolicyRun& run) { return run.policy(); });
    found = std::ranges::find(runs, payload.policy(), &PolicyRun::policy);
  }
  found->set_subject(payload.subject());
  found->set_began_at_us(event.time_at_us());
  found->set_finished(false);
  found->clear_failure();
}

void apply(Cluster& cluster, const event::PolicyRunFinished& payload, const event::Event&) {
  auto& runs = *cluster.mutable_policy_runs();
  const auto found = std::ranges::find(runs, payload.policy(), &PolicyRun::policy);
  if (found == runs.end() || found->subject() != payload.subject()) return;
  found->set_finished(true);
  found->set_failure(payload.failure());
}

}  // namespace esaas::state
