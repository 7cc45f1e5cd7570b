#include "reconcilers/rules/stop_rules.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "reconcilers/rules/rollout_rules.h"
#include "reconcilers/rules/shard_facts.h"
#include "reconcilers/voting.h"

namespace esaas::reconcile {
namespace {

using state::Node;

std::optional<Refusal> health_known(const View& view, const Node&) { return refuse_unknown_health(view); }

std::optional<Refusal> not_red(const View& view, const Node&) {
  if (view.is_known_and_not_red()) return std::nullopt;
  return Refusal{"The cluster is red: some primary is not active, so no node may leave.", health_basis(view)};
}

std::optional<Refusal> no_closed_indices(const View& view, const Node& node) {
  if (view.fresh() == nullptr || !view.holds_data(node) || view.fresh()->closed_indices.empty()) return std::nullopt;
  const auto& closed = view.fresh()->closed_indices;
  return Refusal{
      "Closed indices do not move away from a node that leaves: open or delete them, " + closed.front() + " first.",
      {figure("closed_indices", closed.size())}};
}

/// Data nodes that stay and could take copies.
std::set<std::string_view> staying_data_nodes(const View& view) {
  std::set<std::string_view> names;
  for (const Node& node : view.cluster().nodes()) {
    if (!node.removing() && view.holds_data(node) && view.is_listed(node)) names.insert(node.name());
  }
  return names;
}

/// A copy can leave only to a node that stays and has no copy of the same shard.
std::optional<Refusal> room_for_all_copies(const View& view, const Node& node) {
  if (view.fresh() == nullptr || !view.holds_data(node)) return std::nullopt;
  const std::set<std::string_view> staying = staying_data_nodes(view);
  const auto stays = [&](std::string_view name) { return staying.contains(name); };
  std::map<ShardKey, std::size_t> copies_that_stay;
  for (const ShardCopy& copy : view.fresh()->shards) {
    copies_that_stay[key_of(copy)] += (stays(copy.node) ? 1u : 0u) + (stays(copy.relocating_to) ? 1u : 0u);
  }
  std::size_t stuck = 0;
  std::string_view example;
  for (const ShardCopy& copy : view.fresh()->shards) {
    if (copy.node != node.name() || copies_that_stay[key_of(copy)] < staying.size()) continue;
    if (stays(copy.relocating_to)) continue;
    example = stuck++ == 0 ? std::string_view(copy.index) : example;
  }
  if (stuck == 0) return std::nullopt;
  return Refusal{
      "The data nodes that stay can not hold all copies: each may have one copy of a shard. Lower "
      "the number "
      "of replicas of " +
          std::string(example) + ", or keep more nodes.",
      {figure("data_nodes_that_stay", staying.size()), figure("copies_without_a_node", stuck)}};
}

/// Elasticsearch's own: above it a node is given no shards (cluster.routing.allocation.disk.watermark.low), and above
/// the high one it is to lose some.
constexpr std::int64_t kHighWatermarkPercent = 90;

const NodeInfo* disk_of(const View& view, const Node& node) {
  const auto& infos = view.fresh()->node_infos;
  const auto found = std::ranges::find(infos, node.name(), &NodeInfo::name);
  return found == infos.end() || found->disk_total_mib <= 0 ? nullptr : &*found;
}

/// What the node has of the cluster fits on the others below the high watermark, as far as their disks tell. Disks are
/// asked for while some node leaves (questions.h). A disk may be shared with others, so no more is counted as the
/// node's than its volume holds. What only some of them could take is Elasticsearch's matter: it does not move it.
std::optional<Refusal> room_on_disks(const View& view, const Node& node) {
  if (view.fresh() == nullptr || !view.holds_data(node) || !node.ever_joined() || view.copies_on(node) == 0) {
    return std::nullopt;
  }
  const NodeInfo* own = view.fresh()->asked.nodes ? disk_of(view, node) : nullptr;
  if (own == nullptr) return Refusal{"The node has not told how much of its disk is used.", {}};
  const std::int64_t used =
      std::min(own->disk_total_mib - own->disk_available_mib, std::int64_t{node.place().resources().disk_mib()});
  std::int64_t room = 0;
  for (const Node& other : view.cluster().nodes()) {
    if (&other == &node || other.removing() || !view.holds_data(other) || !view.is_listed(other)) continue;
    const NodeInfo* disk = disk_of(view, other);
    if (disk == nullptr) return Refusal{other.name() + " has not told how much of its disk is free.", {}};
    const std::int64_t taken = disk->disk_total_mib - disk->disk_available_mib;
    room += std::max<std::int64_t>(disk->disk_total_mib * kHighWatermarkPercent / 100 - taken, 0);
  }
  if (used <= room) return std::nullopt;
  return Refusal{"What is on the node does not fit on the disks of the others: make them larger, or delete indices.",
                 {figure("used_mib", static_cast<std::uint64_t>(std::max<std::int64_t>(used, 0))),
                  figure("room_mib", static_cast<std::uint64_t>(room))}};
}

std::optional<Refusal> no_copy_left(const View& view, const Node& node) {
  if (!view.holds_data(node)) return std::nullopt;
  const std::uint32_t copies = view.copies_on(node);
  if (copies > 0) {
    return Refusal{"Copies of shards are still moving away from the node.", {figure("copies_on_the_node", copies)}};
  }
  // An older list that was long on its way may have come last.
  if (view.fresh() == nullptr || !view.fresh()->excluded_nodes) return std::nullopt;
  if (std::ranges::find(*view.fresh()->excluded_nodes, node.name()) != view.fresh()->excluded_nodes->end()) {
    return std::nullopt;
  }
  return Refusal{"The node is not excluded from allocation any more: shards may be moving back to it.", {}};
}

std::optional<Refusal> not_the_last_copy(const View& view, const Node& node) {
  if (view.fresh() == nullptr) return std::nullopt;
  const auto& shards = view.fresh()->shards;
  for (const ShardCopy& copy : shards) {
    if (copy.node != node.name() || !is_in_sync(copy)) continue;
    const bool elsewhere = std::ranges::any_of(shards, [&](const ShardCopy& other) {
      return key_of(other) == key_of(copy) && other.node != node.name() && is_in_sync(other);
    });
    if (elsewhere) continue;
    Refusal refusal{"The node holds the last started copy of shard " + name_of(key_of(copy)) + ".", health_basis(view)};
    refusal.basis.push_back(shard_figure(key_of(copy)));
    return refusal;
  }
  return std::nullopt;
}

std::optional<Refusal> quorum_stays(const View& view, const Node& node) {
  if (!view.is_master_eligible(node)) return std::nullopt;
  const VoteCount votes = count_votes(view, node);
  if (votes.needed > 0 && votes.others >= votes.needed) return std::nullopt;
  return Refusal{"Without the node there would be too few masters for an election.",
                 {figure("other_masters", votes.others), figure("needed", votes.needed)}};
}

std::optional<Refusal> vote_is_handed_over(const View& view, const Node& node) {
  if (!may_have_vote(view, node)) return std::nullopt;
  return Refusal{"The node's vote counts still: others have to be given it before it leaves.", {}};
}

std::optional<Refusal> one_at_a_time(const View& view, const Node& node) {
  for (const Node& other : view.cluster().nodes()) {
    if (&other == &node || !other.ever_joined() || !may_run(other) || view.keeps_nothing(other)) continue;
    const bool is_leaving = other.task().kill_intended();
    const bool is_coming = !other.removing() && !is_joined(other);
    if (!is_leaving && !is_coming && !other.has_restart()) continue;
    return Refusal{other.name() +
                       (is_leaving  ? " is being stopped"
                        : is_coming ? " has not joined again"
                                    : " is being restarted") +
                       ": one node of a cluster goes at a time.",
                   {}};
  }
  return std::nullopt;
}

std::optional<Refusal> masters_have_joined(const View& view, const Node& node) {
  if (!view.is_master_eligible(node)) return std::nullopt;
  for (const Node& other : view.cluster().nodes()) {
    if (&other == &node || other.attempt() == 0 || !view.is_master_eligible(other)) continue;
    if (is_out_of_sight(other) || (other.removing() && !may_run(other))) continue;
    if (is_joined(other) && view.is_listed(other)) continue;
    return Refusal{other.name() + " has not joined again, and may need this node's vote until it has.", {}};
  }
  return std::nullopt;
}

constexpr NodeRule kKnown{kHealthKnown, "What Elasticsearch does not say, nobody may assume.", health_known};
constexpr NodeRule kNotRed{"cluster_is_not_red", "In a red cluster any node may hold the only copy of something.",
                           not_red};
constexpr NodeRule kNoClosed{"closed_indices_do_not_move",
                             "Elasticsearch before 7.2 neither shows nor moves the shards of closed indices.",
                             no_closed_indices};
constexpr NodeRule kRoom{"too_few_nodes_for_replicas", "A drain that can never end must not begin.",
                         room_for_all_copies};
constexpr NodeRule kDiskRoom{"too_little_disk_for_shards", "Disks that fill up stop every index on them.",
                             room_on_disks};
constexpr NodeRule kNoCopy{kDrainWaits, "A node leaves only when it is empty.", no_copy_left};
constexpr NodeRule kLastCopy{kKeepsLastCopy, "Stopping the last started copy of a shard loses its data.",
                             not_the_last_copy};
constexpr NodeRule kHandsVote{kHandsVoteOver, "A voter that vanishes is one that the majority is still counted with.",
                              vote_is_handed_over};
constexpr NodeRule kQuorum{kKeepsQuorum, "Without a quorum the cluster has no master and does nothing.", quorum_stays};
constexpr NodeRule kOne{"one_node_at_a_time", "Two that go at once may hold the two copies of a shard.", one_at_a_time};
constexpr NodeRule kMastersJoined{
    "masters_have_joined_first",
    "A master that starts was told how many votes there are; one of them must not vanish meanwhile.",
    masters_have_joined};

constexpr std::array kRemoval{kKnown, kNotRed};
constexpr std::array kRelease{kKnown, kNotRed, kNoClosed, kMastersJoined};
constexpr std::array kDrain{kKnown, kNotRed, kNoClosed, kRoom};
constexpr std::array kExclusion{kKnown, kNotRed, kNoClosed, kRoom, kDiskRoom};
constexpr std::array kAbsence{kKnown, kNotRed, kQuorum};
constexpr std::array kRestart{kKnown, kNotRed, kOne, kQuorum, kLastCopy, kAssignedRule};
constexpr std::array kStop{kKnown, kNotRed, kNoClosed, kLastCopy, kNoCopy, kOne, kHandsVote, kQuorum};
constexpr std::array kLateStop{kKnown, kNotRed, kNoClosed, kLastCopy, kNoCopy, kHandsVote, kQuorum};

}  // namespace

const std::span<const NodeRule> kRemovalRules = kRemoval;
const std::span<const NodeRule> kReleaseRules = kRelease;
const std::span<const NodeRule> kDrainRules = kDrain;
const std::span<const NodeRule> kExclusionRules = kExclusion;
const std::span<const NodeRule> kRestartRules = kRestart;
const std::span<const NodeRule> kStopRules = kStop;
const std::span<const NodeRule> kLateStopRules = kLateStop;
const std::span<const NodeRule> kAbsenceRules = kAbsence;

std::optional<Refusal> refuse_last_copy(const View& view, const Node& node) { return not_the_last_copy(view, node); }

std::optional<Refusal> refuse_unknown_health(const View& view) {
  if (view.fresh() != nullptr) return std::nullopt;
  return Refusal{"Elasticsearch does not answer, so the cluster's health is unknown.", {}};
}

std::vector<model::Figure> health_basis(const View& view) {
  if (view.fresh() == nullptr) return {figure("health", "unknown")};
  const model::Health& health = view.fresh()->health;
  std::string status = model::HealthStatus_Name(health.status());
  return {figure("health", std::move(status)),
          figure("observed_at_us", static_cast<std::uint64_t>(to_us(view.fresh()->observed_at))),
          figure("nodes", health.nodes()),
          figure("active_shards", health.active_shards()),
          figure("relocating_shards", health.relocating_shards()),
          figure("unassigned_shards", health.unassigned_shards())};
}

}  // namespace esaas::reconcile
