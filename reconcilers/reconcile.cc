#include "reconcilers/reconcile.h"

#include <algorithm>

#include "reconcilers/allocation.h"
#include "reconcilers/companions.h"
#include "reconcilers/exclusions.h"
#include "reconcilers/full_restart.h"
#include "reconcilers/growth.h"
#include "reconcilers/launching.h"
#include "reconcilers/leaving.h"
#include "reconcilers/minimum_master_nodes.h"
#include "reconcilers/node_set.h"
#include "reconcilers/phase.h"
#include "reconcilers/placement.h"
#include "reconcilers/plugins.h"
#include "reconcilers/policies.h"
#include "reconcilers/progress.h"
#include "reconcilers/recovery.h"
#include "reconcilers/recovery_guard.h"
#include "reconcilers/refused_settings.h"
#include "reconcilers/release.h"
#include "reconcilers/rollout.h"
#include "reconcilers/servers.h"
#include "reconcilers/side_operations.h"
#include "reconcilers/upgrade.h"
#include "reconcilers/voting.h"

namespace esaas::reconcile {
namespace {

using state::Node;

void reconcile_running(const View& view, Draft& draft) {
  reconcile_steps(view, draft);
  reconcile_node_set(view, draft);
  reconcile_recovery(view, draft);
  reconcile_growth(view, draft);
  reconcile_upgrade(view, draft);
  reconcile_full_restart(view, draft);
  reconcile_launches(view, draft, choose_places(view, draft));
  reconcile_minimum_master_nodes(view, draft);
  reconcile_exclusions(view, draft);
  reconcile_voting(view, draft);
  reconcile_leaving(view, draft);
  reconcile_plugins(view, draft);
  reconcile_rollout(view, draft);
  reconcile_allocation(view, draft);
  reconcile_recovery_guard(view, draft);
  reconcile_servers(view, draft);
  reconcile_companions(view, draft);
  reconcile_release(view, draft);
  if (!draft.has_action("take_plugins_back") && !draft.has_action("finish_operation")) reconcile_outcome(view, draft);
  reconcile_side_operations(view, draft);
  reconcile_policies(view, draft);
}

void reconcile_suspended(const View& view, Draft& draft) {
  reconcile_steps(view, draft);
  reconcile_recovery(view, draft);
  reconcile_suspension(view, draft);
  reconcile_full_restart(view, draft);
  reconcile_rollout(view, draft);
  reconcile_release(view, draft);
  reconcile_outcome(view, draft);
  reconcile_side_operations(view, draft);
}

void reconcile_deleting(const View& view, Draft& draft) {
  reconcile_steps(view, draft);
  reconcile_recovery(view, draft);
  reconcile_deletion(view, draft);
}

/// Some node is on its way (in, out, or back): without anything else to wait for, look again after
/// a poll.
bool is_under_way(const View& view) {
  if (view.input().operation != nullptr) return true;
  return std::ranges::any_of(view.cluster().nodes(), [&](const Node& node) {
    if (node.removing()) return true;
    if (view.cluster().phase() != state::CLUSTER_PHASE_RUNNING) return !is_stopped(node);
    return node.has_growth() || node.has_restart() || !is_joined(node);
  });
}

}  // namespace

Plan reconcile(const Input& input) {
  const View view(input);
  Draft draft(input);
  switch (input.cluster.phase()) {
    case state::CLUSTER_PHASE_SUSPENDED: reconcile_suspended(view, draft); break;
    case state::CLUSTER_PHASE_DELETING: reconcile_deleting(view, draft); break;
    default: reconcile_running(view, draft); break;
  }
  hold_refused_settings(view, draft);
  if (is_under_way(view)) draft.check_soon();
  return draft.take();
}

bool wants_offers(const state::Cluster& cluster, Time now) {
  if (wants_offer_to_grow(cluster)) return true;
  return std::ranges::any_of(cluster.nodes(), [&](const Node& node) {
    const bool may_try = to_us(now) >= node.not_before_at_us();
    if (wants_place(cluster, node)) return may_try;
    // Its machine may come back as another agent, which only an offer shows.
    if (has_place(node) && is_out_of_sight(node)) return true;
    if (!is_reserved(node) || !is_stopped(node)) return false;
    if (node.removing() || cluster.phase() == state::CLUSTER_PHASE_DELETING) return true;
    return cluster.phase() == state::CLUSTER_PHASE_RUNNING && may_try;
  });
}

bool wants_observation(const state::Cluster& cluster) {
  if (!cluster.active_operation().empty() || !cluster.exclusions_intended().empty()) return true;
  if (!cluster.side_operations().empty()) return true;
  const auto is_open = [](const state::ElasticsearchRequest& request) { return !request.answered(); };
  if (std::ranges::any_of(cluster.requests(), is_open)) return true;
  const auto takes_snapshot = [](const state::PolicyRun& run) {
    return !run.finished() && run.policy() == kPolicySnapshots;
  };
  if (std::ranges::any_of(cluster.policy_runs(), takes_snapshot)) return true;
  if (cluster.has_full_restart() || !cluster.allocation_intended().empty()) return true;
  if (!cluster.allocation_applied().empty() || !cluster.voting_exclusions_intended().empty()) return true;
  if (cluster.health().status() != model::HEALTH_STATUS_GREEN) return true;
  return std::ranges::any_of(cluster.nodes(), [&](const Node& node) {
    const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
    if (group != nullptr && state::is_companion(*group)) return false;
    return node.removing() || node.has_growth() || node.has_restart() || (may_run(node) && !node.task().joined());
  });
}

}  // namespace esaas::reconcile
