#include "reconcilers/rules/rollout_rules.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>
#include <utility>

#include "core/model/version.h"
#include "core/state/fleet_state.h"
#include "core/state/launch_inputs.h"
#include "reconcilers/effects/elasticsearch/launch.h"
#include "reconcilers/growth.h"
#include "reconcilers/held.h"
#include "reconcilers/minimum_master_nodes.h"
#include "reconcilers/policies.h"
#include "reconcilers/questions.h"
#include "reconcilers/rules/shard_facts.h"
#include "reconcilers/rules/stop_rules.h"
#include "reconcilers/voting.h"

namespace esaas::reconcile {
namespace {

using state::Node;

std::optional<Refusal> health_known(const View& view, const Node&) { return refuse_unknown_health(view); }

/// Of a node that never joined the cluster has nothing, and may be silent because of it.
std::optional<Refusal> health_known_unless_new(const View& view, const Node& node) {
  return node.ever_joined() ? refuse_unknown_health(view) : std::nullopt;
}

std::optional<Refusal> not_red(const View& view, const Node&) {
  if (view.fresh() == nullptr || view.is_known_and_not_red()) return std::nullopt;
  return Refusal{"The cluster is red: some primary is not active, and this node may be needed for it.",
                 health_basis(view)};
}

/// How long a node that the cluster lost may need to come back by itself: a disconnected one is noticed by the others
/// after three pings of 30 s, and looks for them all the time.
constexpr Duration kComesBackWithin = std::chrono::minutes{2};

/// Of a node that runs and is no member: what is missing may be on it, and it may be on its way back.
std::optional<Refusal> may_come_back(const View& view, const Node& node) {
  if (!node.ever_joined() || !view.holds_data(node)) return std::nullopt;
  if (view.fresh() == nullptr || view.is_known_and_not_red()) return std::nullopt;
  const Time until = from_us(view.cluster().health_since_at_us()) + kComesBackWithin;
  if (view.now() >= until) return std::nullopt;
  return Refusal{"The cluster has just become red, and this node, which left it, may come back with what is missing.",
                 health_basis(view)};
}

/// Is the request's snapshot one that is still being made? Its own operation says when it is not.
bool makes_snapshot(const View& view, const state::ElasticsearchRequest& request) {
  if (request.purpose() != "take_snapshot" || (request.answered() && !request.accepted())) return false;
  return !request.answered() || request.operation() != view.cluster().active_operation();
}

std::optional<Refusal> no_snapshot(const View& view, const Node& node) {
  if (!view.holds_data(node)) return std::nullopt;
  const auto refusal = [](const std::string& name) {
    return Refusal{"Snapshot " + name + " is being taken: the shards on the node would be missing in it.", {}};
  };
  if (view.fresh() != nullptr) {
    const auto& snapshots = view.fresh()->snapshots;
    const auto found = std::ranges::find(snapshots, "IN_PROGRESS", &SnapshotInfo::state);
    if (found != snapshots.end()) return refusal(found->repository + "/" + found->name);
    // Somebody may take one by hand, or have cancelled the operation that takes it.
    for (const std::string& repository : view.fresh()->repositories) {
      if (asks_for_running_snapshots(view.fresh()->asked, repository)) continue;
      return Refusal{"Elasticsearch has not told yet whether a snapshot is being taken into " + repository + ".", {}};
    }
  }
  for (const state::ElasticsearchRequest& request : view.cluster().requests()) {
    if (makes_snapshot(view, request)) return refusal(request.subject());
  }
  // Of a policy that takes one: it began before anybody could see it.
  for (const state::PolicyRun& run : view.cluster().policy_runs()) {
    if (!run.finished() && run.policy() == kPolicySnapshots) return refusal(run.subject());
  }
  return std::nullopt;
}

std::optional<Refusal> versions_work_together(const View& view, const Node& node) {
  const std::string& from = running_version(view.cluster(), node);
  const std::string& to = view.cluster().spec().version();
  if (from == to) return std::nullopt;
  const model::UpgradePath path = model::upgrade_path(from, to);
  // There is no way back, but a node may always be made like the others that it works with.
  if (path.kind != model::UpgradeKind::kFullRestart) return std::nullopt;
  return Refusal{"Nodes of " + from + " and " + to + " do not work together: all have to stop first.", {}};
}

std::string_view busy_with(const View& view, const Node& other) {
  if (other.has_restart()) return " is being restarted";
  if (other.task().kill_intended() && may_run(other)) return " is being stopped";
  if (other.has_growth() && keeps_from_launch(other)) return " is growing";
  if (other.removing() && may_run(other) && !view.keeps_nothing(other)) return " is leaving";
  return {};
}

std::optional<Refusal> one_at_a_time(const View& view, const Node& node) {
  for (const Node& other : view.cluster().nodes()) {
    if (&other == &node || view.is_companion(other)) continue;
    const std::string_view what = busy_with(view, other);
    if (what.empty()) continue;
    return Refusal{other.name() + std::string(what) + ": one node of a cluster goes at a time.", {}};
  }
  return std::nullopt;
}

std::optional<Refusal> others_have_joined(const View& view, const Node& node) {
  for (const Node& other : view.cluster().nodes()) {
    if (&other == &node || other.removing() || other.attempt() == 0 || view.is_companion(other)) continue;
    // One that keeps nothing may be away for long, for want of an offer.
    if (view.keeps_nothing(other) && !may_run(other)) continue;
    if (is_joined(other) && view.is_listed(other)) continue;
    return Refusal{other.name() + " has not joined again: until it has, no other node may be missed.", {}};
  }
  return std::nullopt;
}

std::optional<Refusal> no_primary_starts(const View& view, const Node&) {
  if (view.fresh() == nullptr) return std::nullopt;
  const auto& shards = view.fresh()->shards;
  const auto found = std::ranges::find_if(
      shards, [](const ShardCopy& copy) { return copy.primary && copy.state == ShardState::kInitializing; });
  if (found == shards.end()) return std::nullopt;
  return Refusal{"The primary of shard " + name_of(key_of(*found)) + " is starting.", {shard_figure(key_of(*found))}};
}

std::optional<Refusal> data_before_masters(const View& view, const Node& node) {
  if (!view.is_master_eligible(node)) return std::nullopt;
  const std::string& wanted = view.cluster().spec().version();
  if (running_version(view.cluster(), node) == wanted) return std::nullopt;
  for (const Node& other : view.cluster().nodes()) {
    if (view.is_companion(other) || view.is_master_eligible(other) || !may_run(other)) continue;
    if (running_version(view.cluster(), other) == wanted) continue;
    return Refusal{other.name() + " runs the older version still, and could not join a master of the newer one.", {}};
  }
  return std::nullopt;
}

std::optional<Refusal> plugins_were_installed(const View& view, const Node&) {
  const auto& wanted = view.cluster().spec().plugins();
  if (wanted.empty() || view.fresh() == nullptr) return std::nullopt;
  for (const Node& other : view.cluster().nodes()) {
    if (view.is_companion(other) || !is_joined(other) || !state::runs_as_wanted(view.cluster(), other)) continue;
    if (!other.task().has_inputs() || other.task().inputs().plugins().empty()) continue;
    const auto& infos = view.fresh()->node_infos;
    const auto info = std::ranges::find(infos, other.name(), &NodeInfo::name);
    if (!view.fresh()->asked.nodes || info == infos.end()) {
      return Refusal{other.name() + " has not told which plugins it has.", {}};
    }
    for (const model::Plugin& plugin : wanted) {
      if (std::ranges::find(info->plugins, plugin.name()) != info->plugins.end()) continue;
      const auto words = info->attributes.find(es::kPluginFailure);
      return Refusal{other.name() + " was restarted and lacks the plugin " + plugin.name() + "." +
                         (words == info->attributes.end() ? "" : " It says: " + words->second),
                     {}};
    }
  }
  return std::nullopt;
}

std::optional<Refusal> masters_joined(const View& view, const Node& node) {
  if (!view.is_master_eligible(node)) return std::nullopt;
  for (const Node& other : view.cluster().nodes()) {
    if (&other == &node || other.attempt() == 0 || other.removing() || !view.is_master_eligible(other)) continue;
    if (is_joined(other) && view.is_listed(other) && !other.has_restart()) continue;
    return Refusal{other.name() + " can be elected and is not there: one master goes at a time.", {}};
  }
  return std::nullopt;
}

std::optional<Refusal> quorum_stays(const View& view, const Node& node) {
  if (!view.is_master_eligible(node) || view.fresh() == nullptr) return std::nullopt;
  // Of one or two masters none can be missed, whatever is waited for: there is no master for as long as the restart
  // takes, and nothing is lost.
  if (count_masters(view).planned <= 2) return std::nullopt;
  const VoteCount votes = count_votes(view, node);
  if (votes.needed > 0 && votes.others >= votes.needed) return std::nullopt;
  return Refusal{"Without the node there would be too few masters for an election.",
                 {figure("other_masters", votes.others), figure("needed", votes.needed)}};
}

struct ShardSummary {
  std::uint32_t copies = 0;
  std::uint32_t in_sync = 0;
  std::uint32_t in_sync_here = 0;
};

std::size_t data_nodes_listed(const View& view) {
  return static_cast<std::size_t>(std::ranges::count_if(
      view.cluster().nodes(), [&](const Node& node) { return view.holds_data(node) && view.is_listed(node); }));
}

std::optional<Refusal> another_copy_started(const View& view, const Node& node) {
  if (view.fresh() == nullptr || !view.holds_data(node)) return std::nullopt;
  // No other node can hold a copy of anything, so there is nothing to wait for.
  if (data_nodes_listed(view) <= 1) return std::nullopt;
  std::map<ShardKey, ShardSummary> shards;
  for (const ShardCopy& copy : view.fresh()->shards) {
    ShardSummary& summary = shards[key_of(copy)];
    ++summary.copies;
    if (!is_in_sync(copy)) continue;
    ++summary.in_sync;
    if (copy.node == node.name()) ++summary.in_sync_here;
  }
  for (const auto& [key, summary] : shards) {
    // All its copies are there: one without replicas is not safer later.
    if (summary.in_sync == summary.copies || summary.in_sync_here == 0) continue;
    if (summary.in_sync > summary.in_sync_here) continue;
    Refusal refusal{"The node holds the last started copy of shard " + name_of(key) + ", which shall have more.",
                    health_basis(view)};
    refusal.basis.push_back(shard_figure(key));
    return refusal;
  }
  return std::nullopt;
}

/// One that was started anew follows nothing before it has joined, whatever its node followed.
bool is_serving(const state::Cluster& cluster, const Node& proxy) {
  return proxy.task().state() == model::TASK_STATE_RUNNING && is_joined(proxy) &&
         proxy.servers_applied_seq() == cluster.servers_seq();
}

std::optional<Refusal> companion_at_a_time(const View& view, const Node& node) {
  for (const Node& other : view.cluster().nodes()) {
    if (&other == &node || !view.is_companion(other) || !other.has_restart()) continue;
    return Refusal{other.name() + " is being restarted: one goes at a time.", {}};
  }
  return std::nullopt;
}

std::optional<Refusal> another_proxy_serves(const View& view, const Node& node) {
  const model::NodeGroup* group = state::find_group(view.cluster().spec(), node.group());
  // Where no other shall be, none can serve meanwhile.
  const std::uint32_t counted = node.removing() ? 0 : 1;
  if (group == nullptr || !state::is_proxy(*group) || group->count() <= counted) return std::nullopt;
  const bool other = std::ranges::any_of(view.cluster().nodes(), [&](const Node& proxy) {
    return &proxy != &node && proxy.group() == node.group() && !proxy.removing() && is_serving(view.cluster(), proxy);
  });
  if (other) return std::nullopt;
  return Refusal{"No other proxy serves the cluster's address now.", {}};
}

constexpr NodeRule kKnown{kHealthKnown, "What Elasticsearch does not say, nobody may assume.", health_known};
constexpr NodeRule kKnownUnlessNew{kHealthKnown, "What Elasticsearch does not say, nobody may assume.",
                                   health_known_unless_new};
constexpr NodeRule kNotRed{"cluster_is_not_red", "In a red cluster any node may hold the only copy of something.",
                           not_red};
constexpr NodeRule kComesBack{"left_node_may_come_back",
                              "In a red cluster a node that was lost may hold the only copy of something.",
                              may_come_back};
constexpr NodeRule kTogether{"versions_work_together",
                             "A node that can not join the others is lost to them, and they to it.",
                             versions_work_together};
constexpr NodeRule kNoSnapshot{"no_snapshot_in_progress", "A snapshot loses the shards of a node that stops.",
                               no_snapshot};
constexpr NodeRule kOne{"one_node_at_a_time", "Two that go at once may hold the two copies of a shard.", one_at_a_time};
constexpr NodeRule kOthersJoined{"restarted_nodes_have_joined",
                                 "A node that is not back yet is missed already; no second one may be.",
                                 others_have_joined};
constexpr NodeRule kNoPrimaryStarts{"no_primary_is_starting", "A primary that starts may need what is on this node.",
                                    no_primary_starts};
constexpr NodeRule kDataFirst{"data_nodes_before_masters",
                              "A node of an older version can not join a master of a newer one.", data_before_masters};
constexpr NodeRule kPlugins{"restarted_nodes_have_their_plugins",
                            "A plugin that does not install must not take one node after the other.",
                            plugins_were_installed};
constexpr NodeRule kMasters{"one_master_at_a_time", "Two masters that are away may be one vote too many.",
                            masters_joined};
constexpr NodeRule kQuorum{kKeepsQuorum, "Without a quorum the cluster has no master and does nothing.", quorum_stays};
constexpr NodeRule kLastCopy{kKeepsLastCopy, "While the last started copy of a shard is away, nobody can read it.",
                             another_copy_started};
constexpr NodeRule kCompanionOne{"one_companion_at_a_time", "What stands beside the other must not go with it.",
                                 companion_at_a_time};
constexpr NodeRule kAnotherProxy{"another_proxy_serves", "The cluster's address must answer all the time.",
                                 another_proxy_serves};

constexpr std::array kRollout{kKnown,        kNotRed,          kTogether,  kNoSnapshot, kOne,
                              kOthersJoined, kNoPrimaryStarts, kDataFirst, kPlugins,    kAssignedRule,
                              kMasters,      kQuorum,          kLastCopy};
constexpr std::array kStop{kKnown,           kNotRed,    kTogether, kNoSnapshot, kOne,     kOthersJoined,
                           kNoPrimaryStarts, kDataFirst, kMasters,  kQuorum,     kLastCopy};
constexpr std::array kStranger{kKnownUnlessNew, kComesBack, kTogether, kOne};
constexpr std::array kCompanion{kCompanionOne, kAnotherProxy};
constexpr std::array kCompanionStop{kAnotherProxy};
constexpr std::array kFull{kKnown, kNotRed, kNoSnapshot, kOne, kNoPrimaryStarts};

/// How many copies of one shard are where, and which nodes could take one more.
struct Placement {
  std::set<std::string_view> holders;
  std::string_view primary_on;
  std::uint32_t missing = 0;
};

bool could_take(const View& view, const Placement& shard, const Node& node) {
  if (node.removing() || !view.holds_data(node) || !view.is_listed(node)) return false;
  if (shard.holders.contains(node.name())) return false;
  // A copy is never allocated to a node that is older than its primary's.
  const Node* primary = state::find_node(view.cluster(), shard.primary_on);
  if (primary == nullptr) return true;
  const auto from = model::parse_version(running_version(view.cluster(), *primary));
  const auto to = model::parse_version(running_version(view.cluster(), node));
  return !from || !to || *from <= *to;
}

}  // namespace

const std::span<const NodeRule> kRolloutRules = kRollout;
const std::span<const NodeRule> kRolloutStopRules = kStop;
const std::span<const NodeRule> kStrangerRules = kStranger;
const std::span<const NodeRule> kCompanionRules = kCompanion;
const std::span<const NodeRule> kCompanionStopRules = kCompanionStop;
const std::span<const NodeRule> kFullRestartRules = kFull;

const std::string& running_version(const state::Cluster& cluster, const Node& node) {
  return node.task().has_inputs() ? node.task().inputs().version() : cluster.spec().version();
}

std::optional<Refusal> refuse_unassigned_shards(const View& view) {
  if (view.fresh() == nullptr) return std::nullopt;
  std::map<ShardKey, Placement> shards;
  std::uint32_t starting = 0;
  for (const ShardCopy& copy : view.fresh()->shards) {
    Placement& shard = shards[key_of(copy)];
    if (copy.state == ShardState::kUnassigned) {
      ++shard.missing;
      continue;
    }
    if (copy.state == ShardState::kInitializing) ++starting;
    shard.holders.insert(copy.node);
    if (!copy.relocating_to.empty()) shard.holders.insert(copy.relocating_to);
    if (copy.primary) shard.primary_on = copy.node;
  }
  std::uint32_t waiting = 0;
  std::string_view example;
  for (const auto& [key, shard] : shards) {
    const bool is_waiting = shard.missing > 0 && std::ranges::any_of(view.cluster().nodes(), [&](const Node& node) {
                              return could_take(view, shard, node);
                            });
    if (!is_waiting) continue;
    example = key.first;
    waiting += shard.missing;
  }
  if (starting == 0 && waiting == 0) return std::nullopt;
  std::vector<model::Figure> basis = health_basis(view);
  basis.push_back(figure("copies_starting", starting));
  basis.push_back(figure("copies_waiting", waiting));
  if (!example.empty()) basis.push_back(figure("index", std::string(example)));
  return Refusal{"Copies of shards are not assigned and started again yet.", std::move(basis)};
}

std::optional<Refusal> shards_assigned_again(const View& view, const Node& node) {
  auto refusal = refuse_unassigned_shards(view);
  if (!refusal) return std::nullopt;
  const bool waits_for_a_copy = std::ranges::any_of(
      view.fresh()->shards, [](const ShardCopy& copy) { return copy.state == ShardState::kInitializing; });
  if (!waits_for_a_copy && held_for(view, kShardsAssigned, node) >= view.settings().assignment_patience) {
    return std::nullopt;
  }
  return refusal;
}

}  // namespace esaas::reconcile
