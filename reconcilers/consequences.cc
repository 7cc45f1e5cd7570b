#include "reconcilers/consequences.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "core/model/version.h"
#include "core/state/fleet_state.h"
#include "reconcilers/rules/rollout_rules.h"
#include "reconcilers/rules/stop_rules.h"

namespace esaas::reconcile {
namespace {

using Sentences = std::vector<std::string>;

/// Not by an initializer list: GCC 12 sees memory overrun in one that is not.
template <typename... Texts>
Sentences told(const Texts&... texts) {
  Sentences sentences;
  sentences.reserve(sizeof...(texts));
  (sentences.emplace_back(std::string_view(texts)), ...);
  return sentences;
}

void add(Sentences& sentences, std::string_view text) { sentences.emplace_back(text); }

constexpr std::string_view kNoWayBack = "There is no way back.";

std::string nodes(std::uint64_t count) { return count == 1 ? "1 node" : fmt::format("{} nodes", count); }
std::string restart(std::uint64_t count) { return nodes(count) + (count == 1 ? " restarts" : " restart"); }

std::string names(std::span<const NodeRule> rules) {
  std::string text;
  for (const NodeRule& rule : rules) text += (text.empty() ? "" : ", ") + std::string(rule.name);
  return text;
}

/// Nodes of Elasticsearch; of one group when it is named.
std::uint64_t nodes_of(const state::Cluster& cluster, const std::string& group = {}) {
  std::uint64_t count = 0;
  for (const model::NodeGroup& one : cluster.spec().node_groups()) {
    if (group.empty() ? !state::is_companion(one) : one.name() == group) count += one.count();
  }
  return count;
}

std::uint64_t data_nodes_of(const state::Cluster& cluster) {
  std::uint64_t count = 0;
  for (const model::NodeGroup& one : cluster.spec().node_groups()) count += state::holds_data(one) ? one.count() : 0;
  return count;
}

const model::NodeGroup& group_of(const state::Cluster& cluster, const std::string& name) {
  const model::NodeGroup* group = state::find_group(cluster.spec(), name);
  return group == nullptr ? model::NodeGroup::default_instance() : *group;
}

Sentences rolling(std::uint64_t count) {
  return told(restart(count) + ", one at a time, each with its own data; the cluster answers meanwhile.",
              "Each restart waits for the rules " + names(kRolloutRules) + ".");
}

Sentences all_at_once(std::uint64_t count) {
  return told(restart(count) + ", all at once: the cluster answers nobody until enough of them are back.",
              "It waits for the rules " + names(kFullRestartRules) + ".");
}

Sentences of_count(std::uint64_t before, std::uint64_t after) {
  if (after > before) {
    return told(nodes(after - before) + (after - before == 1 ? " is" : " are") +
                " added; no other one restarts, and shards move to what is new.");
  }
  if (after == before) return {};
  return told(nodes(before - after) + (before - after == 1 ? " leaves" : " leave") +
                  ", one at a time: first all that it holds moves to those that stay.",
              "Each departure waits for the rules " + names(kExclusionRules) + ", and then " + names(kStopRules) + ".");
}

Sentences of(const state::Cluster& cluster, const model::ResizeNodeGroup& request) {
  const model::NodeGroup& group = group_of(cluster, request.group());
  const std::uint32_t count = request.count() == 0 ? group.count() : request.count();
  Sentences sentences;
  if (request.has_resources()) {
    const std::uint32_t kept = std::min(group.count(), count);
    add(sentences, restart(kept) +
                       ", one at a time, each where it is with its own data when its agent has room for it to grow. "
                       "Where that is not so, a new one takes its place, and all that it holds moves there first.");
    add(sentences, "Each restart waits for the rules " + names(kRestartRules) + ".");
  }
  for (std::string& sentence : of_count(group.count(), count)) sentences.push_back(std::move(sentence));
  return sentences;
}

Sentences of(const state::Cluster& cluster, const model::RestartCluster& request) {
  return request.full() ? all_at_once(nodes_of(cluster)) : rolling(nodes_of(cluster, request.group()));
}

Sentences of(const state::Cluster& cluster, const model::UpgradeCluster& request) {
  const model::UpgradePath path = model::upgrade_path(cluster.spec().version(), request.version());
  if (path.kind == model::UpgradeKind::kRefused) return {};
  Sentences sentences =
      path.kind == model::UpgradeKind::kRolling ? rolling(nodes_of(cluster)) : all_at_once(nodes_of(cluster));
  sentences.insert(sentences.begin(), fmt::format("Elasticsearch {} becomes {}: {}.", cluster.spec().version(),
                                                  request.version(), path.why));
  add(sentences, "First every index is looked at: one that the new version cannot open refuses the upgrade.");
  if (request.repository().empty()) {
    add(sentences, "No snapshot is taken: name a repository to have one.");
  } else {
    add(sentences,
        "Then all goes into a snapshot in the repository " + request.repository() + "; without it nothing restarts.");
  }
  add(sentences, kNoWayBack);
  add(sentences,
      "What a newer version has written, an older one cannot read: only a snapshot, restored into a cluster "
      "of the old version, leads back.");
  return sentences;
}

/// For fewer than one, and for more than there are nodes for.
Sentences of(const state::Cluster& cluster, const model::SetReplicas& request) {
  const std::string whose = request.indices().empty() ? "Every index" : "Each index named";
  Sentences sentences = told(fmt::format("{} gets {} replica{}; nothing restarts.", whose, request.replicas(),
                                         request.replicas() == 1 ? "" : "s"));
  const std::uint64_t data = data_nodes_of(cluster);
  if (request.replicas() < 1) {
    add(sentences,
        "Fewer than one replica means that each shard is on one node only: while that node restarts nobody can read "
        "it, "
        "and when it is lost the data is lost.");
    add(sentences, "The rule keeps_last_started_copy will then hold every restart of a node with data.");
  } else if (request.replicas() + 1 > data) {
    add(sentences, fmt::format("{} can hold {} only, so the cluster stays yellow.", nodes(data),
                               data == 1 ? "no replica" : fmt::format("{} of them", data - 1)));
  }
  if (request.replicas() > 0) add(sentences, "Copies that are new are filled over the network.");
  return sentences;
}

Sentences of(const state::Cluster&, const model::PutClusterSettings& request) {
  const int count = request.persistent_size() + request.transient_size();
  Sentences sentences =
      told(fmt::format("{} setting{} at once; nothing restarts. The values before are kept in the log, so "
                       "that it can be undone.",
                       count, count == 1 ? " changes" : "s change"));
  if (request.transient_size() > 0) add(sentences, "What is transient is lost when all nodes stop.");
  return sentences;
}

Sentences of(const state::Cluster&, const model::CloseIndices&) {
  return told("Closed indices answer nobody until they are opened again; their data stays.",
              "Before Elasticsearch 7.2 their shards do not move: the rule closed_indices_do_not_move holds what would "
              "drain a node.");
}

Sentences of(const state::Cluster& cluster, const model::SetProxies& request) {
  if (request.count() == 0) return told("The cluster has no stable address any more: clients must follow its nodes.");
  Sentences sentences = told(fmt::format("The cluster is reached through {} prox{}; no node of Elasticsearch restarts.",
                                         request.count(), request.count() == 1 ? "y" : "ies"));
  if (request.count() == 1) add(sentences, "One proxy is one address: when its agent is lost, nobody gets in.");
  const model::ProxyAccess& access = request.has_access() ? request.access() : cluster.spec().access();
  if (access.users().empty()) add(sentences, "No password is asked for.");
  if (access.allowed().empty()) add(sentences, "Every network may reach it.");
  return sentences;
}

Sentences of(const state::Cluster& cluster, const model::DeleteCluster&) {
  return told(fmt::format("All {} stop, and their volumes are destroyed with all data.", nodes(nodes_of(cluster))),
              std::string(kNoWayBack));
}

Sentences of(const state::Cluster& cluster, const model::SuspendCluster&) {
  return told(fmt::format("All {} stop; the cluster answers nobody until it is resumed.", nodes(nodes_of(cluster))),
              "Places and data are kept, and are paid for.");
}

}  // namespace

std::vector<std::string> consequences(const state::Cluster* before, const model::Request& request) {
  if (request.has_create()) {
    std::uint64_t count = 0;
    for (const model::NodeGroup& group : request.create().spec().node_groups()) count += group.count();
    return told(nodes(count) + " get places and start.");
  }
  if (before == nullptr) return {};
  const state::Cluster& cluster = *before;
  switch (request.kind_case()) {
    case model::Request::kScale:
      return of_count(group_of(cluster, request.scale().group()).count(), request.scale().count());
    case model::Request::kResize: return of(cluster, request.resize());
    case model::Request::kRestart: return of(cluster, request.restart());
    case model::Request::kUpgrade: return of(cluster, request.upgrade());
    case model::Request::kConfigure: return rolling(nodes_of(cluster, request.configure().group()));
    case model::Request::kInstallPlugin:
    case model::Request::kRemovePlugin: return rolling(nodes_of(cluster));
    case model::Request::kSettings: return of(cluster, request.settings());
    case model::Request::kReplicas: return of(cluster, request.replicas());
    case model::Request::kCloseIndices: return of(cluster, request.close_indices());
    case model::Request::kDeleteSnapshot:
      return told("What is only in this snapshot is lost.", std::string(kNoWayBack));
    case model::Request::kRestoreSnapshot:
      return told("Indices of the same names must be closed or not there: Elasticsearch refuses what would overwrite.");
    case model::Request::kProxies: return of(cluster, request.proxies());
    case model::Request::kInstallKibana: return told("1 node of Kibana starts; no node of Elasticsearch restarts.");
    case model::Request::kSuspend: return of(cluster, request.suspend());
    case model::Request::kDelete: return of(cluster, request.delete_());
    default: return {};
  }
}

}  // namespace esaas::reconcile
