#include "reconcilers/policies.h"

#include <fmt/format.h>

#include <algorithm>

#include "reconcilers/index_replicas.h"
#include "reconcilers/policy_requests.h"
#include "reconcilers/policy_shards.h"
#include "reconcilers/policy_snapshots.h"

namespace esaas::reconcile {
namespace {

constexpr std::string_view kReplicasPurpose = "policy_set_replicas";

/// A running operation sets replicas: what it does is on purpose, and no policy works against it meanwhile.
const state::Operation* sets_replicas(const View& view) {
  const auto& operations = view.input().side_operations;
  const auto found = std::ranges::find_if(
      operations, [](const state::Operation* operation) { return operation->request().has_replicas(); });
  return found == operations.end() ? nullptr : *found;
}

void keep_replicas(const View& view, Draft& draft, const model::Policies& policies) {
  const std::uint32_t minimum = policies.replicas_min();
  std::vector<const IndexInfo*> breaches;
  std::vector<std::string> names;
  for (const IndexInfo& index : view.fresh()->indices) {
    if (!index.open || expands_by_itself(index) || index.replicas >= minimum) continue;
    breaches.push_back(&index);
    names.push_back(index.name);
  }
  if (breaches.empty()) return;
  std::string why = fmt::format("Fewer than {} replicas: {}.", minimum, listed(names));
  const std::uint32_t data_nodes = view.fresh()->health.data_nodes();
  const state::Operation* operation = sets_replicas(view);
  if (operation != nullptr) {
    why += " " + operation->id() + " is setting replicas.";
  } else if (!policies.correct()) {
    why += " The policies only show it.";
  } else if (data_nodes <= minimum) {
    why +=
        fmt::format(" It is not put right: {} data nodes can not hold {} copies of a shard.", data_nodes, minimum + 1);
  } else {
    for (const WantedRequest& wanted : replicas_requests(kReplicasPurpose, breaches, minimum)) {
      put_right(view, draft, wanted, why);
    }
  }
  draft.hold(kPolicyReplicasMin, "",
             {std::move(why),
              {figure("replicas_min", minimum), figure("indices", breaches.size()), figure("data_nodes", data_nodes)}});
}

void say_again(const View& view, Draft& draft) {
  for (const state::Hold& hold : view.cluster().holds()) {
    if (!hold.rule().starts_with("policy_")) continue;
    draft.hold(hold.rule(), hold.node(), {hold.why(), {hold.basis().begin(), hold.basis().end()}});
  }
  draft.check_soon();
}

}  // namespace

const model::Policies* effective_policies(const state::Cluster& cluster, const state::Tenant* tenant) {
  if (cluster.spec().has_policies()) return &cluster.spec().policies();
  return tenant != nullptr && tenant->has_policies() ? &tenant->policies() : nullptr;
}

bool has_policies(const state::Cluster& cluster, const state::Tenant* tenant) {
  if (std::ranges::any_of(cluster.policy_runs(), [](const state::PolicyRun& run) { return !run.finished(); })) {
    return true;
  }
  const model::Policies* policies = effective_policies(cluster, tenant);
  return policies != nullptr &&
         (policies->has_replicas_min() || policies->has_shards_per_node_max() || policies->has_snapshots());
}

void reconcile_policies(const View& view, Draft& draft) {
  if (!has_policies(view.cluster(), view.input().tenant)) return;
  // What an answer has overtaken would be put right twice; what was a breach is one until the cluster is seen again.
  if (!sees_all_answers(view)) return say_again(view, draft);
  const model::Policies* policies = effective_policies(view.cluster(), view.input().tenant);
  if (policies != nullptr && policies->has_replicas_min()) keep_replicas(view, draft, *policies);
  keep_shards_per_node(view, draft, policies);
  keep_snapshots(view, draft, policies != nullptr && policies->has_snapshots() ? &policies->snapshots() : nullptr);
}

}  // namespace esaas::reconcile
