#include "reconcilers/policies.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "reconcilers/effects/elasticsearch/requests.h"
#include "reconcilers/index_replicas.h"
#include "reconcilers/policy_snapshots.h"
#include "reconcilers/requests.h"

namespace esaas::reconcile {
namespace {

constexpr std::string_view kReplicasPurpose = "policy_set_replicas";
constexpr std::string_view kShardsPurpose = "policy_shards_per_node";
constexpr std::string_view kShardsSetting = "cluster.routing.allocation.total_shards_per_node";
/// What Elasticsearch refused is not asked again before.
constexpr Duration kRefusedPause = std::chrono::minutes{10};

/// Sends what puts a breach right. Its refusal is told by the hold: the words are added to `why`.
void correct(const View& view, Draft& draft, const WantedRequest& wanted, std::string& why) {
  const auto* known = find_request(view.cluster(), {}, wanted.purpose, {}, wanted.subject);
  if (known == nullptr || !known->answered()) {
    ask(view, draft, wanted);
    return;
  }
  why += " Elasticsearch refused to change it: " + known->why();
  const Time again = from_us(known->answered_at_us()) + kRefusedPause;
  if (view.now() >= again) {
    draft.act("ask_elasticsearch", intent_of(wanted));
  } else {
    draft.check_at(again);
  }
}

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
      correct(view, draft, wanted, why);
    }
  }
  draft.hold(kPolicyReplicasMin, "",
             {std::move(why),
              {figure("replicas_min", minimum), figure("indices", breaches.size()), figure("data_nodes", data_nodes)}});
}

std::string persistent_value(const Observation& seen, std::string_view key) {
  const auto found = std::ranges::find(*seen.persistent_settings, key, &model::Setting::key);
  return found == seen.persistent_settings->end() ? std::string{} : found->value();
}

void limit_shards(const View& view, Draft& draft, const model::Policies& policies) {
  const std::uint32_t limit = policies.shards_per_node_max();
  const std::string value = std::to_string(limit);
  const std::string before = persistent_value(*view.fresh(), kShardsSetting);
  std::string why;
  if (before != value) {
    why = fmt::format("Elasticsearch does not keep a limit of {} shards on a node.", limit);
    if (!policies.correct()) why += " The policies only show it.";
  }
  if (before != value && policies.correct()) {
    model::Setting setting;
    setting.set_key(std::string(kShardsSetting));
    setting.set_value(value);
    event::SettingChange change;
    change.set_scope("persistent");
    change.set_key(setting.key());
    change.set_before(before);
    change.set_unset_before(before.empty());
    change.set_after(value);
    correct(view, draft,
            {.purpose = std::string(kShardsPurpose),
             .subject = value,
             .method = "PUT",
             .path = "/_cluster/settings?flat_settings=true&master_timeout=10s&timeout=10s",
             .body = es::settings_body({setting}, {}),
             .changes = {change}},
            why);
  }
  std::map<std::string_view, std::uint32_t> copies;
  for (const ShardCopy& copy : view.fresh()->shards) {
    if (!copy.node.empty()) ++copies[copy.node];
  }
  std::vector<std::string> nodes;
  std::uint32_t most = 0;
  for (const auto& [node, count] : copies) {
    if (count <= limit) continue;
    nodes.emplace_back(node);
    most = std::max(most, count);
  }
  if (!nodes.empty()) {
    why += (why.empty() ? "" : " ") + fmt::format("More than {} shards: {}.", limit, listed(nodes));
  }
  if (why.empty()) return;
  draft.hold(
      kPolicyShardsPerNodeMax, "",
      {std::move(why), {figure("shards_per_node_max", limit), figure("nodes", nodes.size()), figure("most", most)}});
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
  if (policies != nullptr && policies->has_shards_per_node_max()) limit_shards(view, draft, *policies);
  keep_snapshots(view, draft, policies != nullptr && policies->has_snapshots() ? &policies->snapshots() : nullptr);
}

}  // namespace esaas::reconcile
