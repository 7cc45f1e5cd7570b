#include "store/views/span_keys.h"

#include "core/events/visit.h"
#include "core/model/task_state.h"

namespace esaas::store {
namespace {

using Keys = SpanKeys;

std::string key(std::string_view what, const std::string& first, const std::string& second = {}) {
  return std::string(what) + " " + first + " " + second;
}

/// Everything else happens at one moment.
template <typename Payload>
Keys keys_of(const Payload&) {
  return {};
}

Keys begin(std::string text) { return {.begins = {std::move(text)}, .ends = {}, .passes = {}, .milestone = {}}; }
Keys end(std::string text, bool failed = false) {
  return {.begins = {}, .ends = {std::move(text)}, .passes = {}, .milestone = {}, .failed = failed};
}

// Operations. One waits in its queue, and then runs.
Keys keys_of(const event::OperationRequested& e) {
  return e.has_fulfilment() ? Keys{} : begin(key("operation", e.id()));
}
Keys keys_of(const event::OperationStarted& e) {
  Keys keys = begin(key("running", e.id()));
  keys.passes = key("operation", e.id());
  keys.milestone = "started";
  return keys;
}
Keys keys_of(const event::OperationFinished& e) {
  Keys keys = end(key("operation", e.id()), e.status() == model::OPERATION_STATUS_FAILED);
  keys.ends.push_back(key("running", e.id()));
  keys.ends.push_back(key("paused", e.id()));
  return keys;
}
Keys keys_of(const event::OperationPaused& e) { return begin(key("paused", e.id())); }
Keys keys_of(const event::OperationContinued& e) { return end(key("paused", e.id())); }

// Holds.
Keys keys_of(const event::HoldBegan& e) { return begin(key("hold", e.rule(), e.node())); }
Keys keys_of(const event::HoldEnded& e) { return end(key("hold", e.rule(), e.node())); }

// Places. A failed growth gives back what was reserved for it.
Keys keys_of(const event::PlaceIntended& e) { return begin(key("place", e.node())); }
Keys keys_of(const event::PlaceReserved& e) { return end(key("place", e.node())); }
Keys keys_of(const event::PlaceFailed& e) { return end(key("place", e.node()), true); }
Keys keys_of(const event::PlaceReleaseIntended& e) { return begin(key("release", e.node())); }
Keys keys_of(const event::PlaceReleased& e) { return end(key("release", e.node())); }
Keys keys_of(const event::PlaceReleaseFailed& e) { return end(key("release", e.node()), true); }
Keys keys_of(const event::PlaceGrowthIntended& e) { return begin(key("growth", e.node())); }
Keys keys_of(const event::PlaceGrowthReserved& e) {
  Keys keys;
  keys.passes = key("growth", e.node());
  keys.milestone = "reserved";
  return keys;
}
Keys keys_of(const event::VolumeGrowthIntended& e) { return begin(key("volume", e.node())); }
Keys keys_of(const event::PlaceGrown& e) {
  Keys keys = end(key("growth", e.node()));
  keys.ends.push_back(key("volume", e.node()));
  return keys;
}
Keys keys_of(const event::PlaceGrowthFailed& e) {
  Keys keys = end(key("growth", e.node()), true);
  keys.ends.push_back(key("volume", e.node()));
  return keys;
}

// Tasks. One that runs has still to join.
Keys keys_of(const event::TaskLaunchIntended& e) { return begin(key("launch", e.node(), e.task_id())); }
Keys keys_of(const event::TaskKillIntended& e) { return begin(key("kill", e.node(), e.task_id())); }
Keys keys_of(const event::TaskStatusChanged& e) {
  Keys keys;
  if (e.state() == model::TASK_STATE_RUNNING) {
    keys.begins = {key("joining", e.node(), e.task_id())};
    keys.passes = key("launch", e.node(), e.task_id());
    keys.milestone = "running";
    return keys;
  }
  if (!model::is_terminal(e.state())) return keys;
  keys.ends = {key("kill", e.node(), e.task_id()), key("launch", e.node(), e.task_id()),
               key("joining", e.node(), e.task_id())};
  keys.failed = e.state() != model::TASK_STATE_KILLED && e.state() != model::TASK_STATE_FINISHED;
  return keys;
}
Keys keys_of(const event::NodeJoined& e) {
  Keys keys = end(key("launch", e.node(), e.task_id()));
  keys.ends.push_back(key("joining", e.node(), e.task_id()));
  return keys;
}

// Nodes on their way.
Keys keys_of(const event::NodeRemovalBegan& e) { return begin(key("removal", e.node())); }
Keys keys_of(const event::NodeRemoved& e) {
  Keys keys = end(key("removal", e.node()));
  keys.ends.push_back(key("drain", e.node()));
  return keys;
}
Keys keys_of(const event::DrainBegan& e) { return begin(key("drain", e.node())); }
Keys keys_of(const event::DrainFinished& e) { return end(key("drain", e.node())); }
Keys keys_of(const event::NodeRestartBegan& e) { return begin(key("restart", e.node())); }
Keys keys_of(const event::NodeRestartPrepared& e) {
  Keys keys;
  keys.passes = key("restart", e.node());
  keys.milestone = "prepared";
  return keys;
}
Keys keys_of(const event::NodeRestartEnded& e) { return end(key("restart", e.node())); }
Keys keys_of(const event::NodeShielded& e) { return begin(key("shield", e.node())); }
Keys keys_of(const event::NodeUnshielded& e) { return end(key("shield", e.node())); }
Keys keys_of(const event::FullRestartBegan&) { return begin("full_restart"); }
Keys keys_of(const event::FullRestartPrepared&) {
  Keys keys;
  keys.passes = "full_restart";
  keys.milestone = "prepared";
  return keys;
}
Keys keys_of(const event::FullRestartStopped&) {
  Keys keys;
  keys.passes = "full_restart";
  keys.milestone = "stopped";
  return keys;
}
Keys keys_of(const event::FullRestartEnded&) { return end("full_restart"); }

// What Elasticsearch and the proxies are told.
Keys keys_of(const event::ExclusionsIntended&) { return begin("exclusions"); }
Keys keys_of(const event::ExclusionsApplied&) { return end("exclusions"); }
Keys keys_of(const event::MinimumMasterNodesIntended&) { return begin("minimum_master_nodes"); }
Keys keys_of(const event::MinimumMasterNodesApplied&) { return end("minimum_master_nodes"); }
Keys keys_of(const event::AllocationIntended&) { return begin("allocation"); }
Keys keys_of(const event::AllocationApplied&) { return end("allocation"); }
Keys keys_of(const event::VotingExclusionsIntended&) { return begin("voting_exclusions"); }
Keys keys_of(const event::VotingExclusionsApplied&) { return end("voting_exclusions"); }
Keys keys_of(const event::ElasticsearchRequestAnswered& e) {
  return end(key("request", std::to_string(e.request_seq())), !e.accepted());
}
Keys keys_of(const event::PolicyRunBegan& e) { return begin(key("policy", e.policy())); }
Keys keys_of(const event::PolicyRunFinished& e) { return end(key("policy", e.policy()), !e.failure().empty()); }

// Clusters and tenants.
Keys keys_of(const event::ClusterDeletionBegan&) { return begin("deletion"); }
Keys keys_of(const event::ClusterDeleted&) { return end("deletion"); }
Keys keys_of(const event::TenantQuotaIntended& e) { return begin(key("quota", e.name())); }
Keys keys_of(const event::TenantQuotaApplied& e) { return end(key("quota", e.name())); }
Keys keys_of(const event::TenantQuotaRefused& e) { return end(key("quota", e.name()), true); }

}  // namespace

SpanKeys span_keys(const event::Event& event) {
  // Its answer knows it by its seq, which is not in its payload.
  if (event.has_elasticsearch_request_intended()) return begin(key("request", std::to_string(event.seq())));
  SpanKeys keys;
  event::visit(event, [&](const auto& payload) { keys = keys_of(payload); });
  return keys;
}

}  // namespace esaas::store
