// Where copies of shards go: primaries to where their data is, replicas beside them, away from excluded nodes, evenly.

#include <algorithm>

#include "tests/simulation/elected_cluster.h"

namespace esaas::simulation {
namespace {

bool has_copy(const std::vector<RoutedCopy>& copies, const std::string& node) {
  return std::ranges::any_of(copies, [&](const RoutedCopy& copy) { return copy.node == node || copy.target == node; });
}

}  // namespace

void ElectedCluster::reroute() {
  if (!can_publish() || !recovered_) return;
  for (auto& [key, copies] : routing_) {
    allocate_primary(key, copies);
    allocate_replicas(key, copies);
  }
  move_from_excluded();
  rebalance();
  remove_unused_copies();
}

void ElectedCluster::reroute_at(Time when) {
  if (reroute_due_ && *reroute_due_ <= when && *reroute_due_ > clock_.now()) return;
  reroute_due_ = when;
  clock_.at(when, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->reroute_due_.reset();
      self->reroute();
    }
  });
}

/// cluster.routing.allocation.enable. It holds back moves of what is there too.
bool ElectedCluster::may_allocate(bool primary) const {
  const std::string enable = allocation_enable();
  if (enable.empty() || enable == "all") return true;
  return primary && enable == "primaries";
}

void ElectedCluster::allocate_primary(const ShardKey& key, std::vector<RoutedCopy>& copies) {
  if (!may_allocate(true)) return;
  const auto primary = std::ranges::find_if(copies, &RoutedCopy::primary);
  if (primary == copies.end() || primary->state != CopyState::kUnassigned) return;
  const std::set<std::uint64_t>& wanted = in_sync(key);
  if (wanted.empty()) {
    const Member* node = best_node(copies, false, {});
    if (node == nullptr) return;
    primary->node = node->id;
    primary->allocation_id = prng_.next();
  } else {
    // Also on an excluded node: what exists is better than nothing (a forced allocation).
    for (const auto& [id, member] : members_) {
      const auto stored = member.directory->copies.find(key);
      if (!member.holds_data || stored == member.directory->copies.end()) continue;
      if (!wanted.contains(stored->second.allocation_id)) continue;
      primary->node = id;
      primary->allocation_id = stored->second.allocation_id;
      break;
    }
    if (primary->node.empty()) return;
  }
  primary->state = CopyState::kInitializing;
  begin_recovery(key, primary->allocation_id, prng_.between(timings_.store_min, timings_.store_max));
}

void ElectedCluster::allocate_replicas(const ShardKey& key, std::vector<RoutedCopy>& copies) {
  const RoutedCopy* primary = active_primary(copies);
  if (primary == nullptr || !may_allocate(false)) return;
  const std::set<std::string> excluded = excluded_names();
  const model::Version at_least = version_of(primary->node);
  for (RoutedCopy& copy : copies) {
    if (copy.state != CopyState::kUnassigned || copy.primary) continue;
    const Member* node = nullptr;
    for (const auto& [id, member] : members_) {  // one that has an older copy needs only what is new
      if (member.holds_data && member.directory->copies.contains(key) && !has_copy(copies, id) &&
          !excluded.contains(member.name) && member.version >= at_least) {
        node = &member;
      }
    }
    if (node == nullptr && copy.delayed_until > clock_.now()) {
      reroute_at(copy.delayed_until);
      continue;
    }
    if (node == nullptr) node = best_node(copies, true, at_least);
    if (node == nullptr) continue;
    copy.node = node->id;
    copy.allocation_id = prng_.next();
    copy.state = CopyState::kInitializing;
    begin_recovery(key, copy.allocation_id, peer_recovery_time(*primary, key));
  }
}

void ElectedCluster::move_from_excluded() {
  const std::set<std::string> excluded = excluded_names();
  if (excluded.empty()) return;
  for (auto& [key, copies] : routing_) {
    for (RoutedCopy& copy : copies) {
      if (copy.state != CopyState::kStarted || !excluded.contains(members_.at(copy.node).name)) continue;
      const RoutedCopy* primary = active_primary(copies);
      if (primary == nullptr || !may_allocate(copy.primary)) continue;
      if (const Member* node = best_node(copies, true, version_of(primary->node))) relocate(key, copy, node->id);
    }
  }
}

/// One move at a time, and only while everything is active, as `allow_rebalance: indices_all_active` has it.
void ElectedCluster::rebalance() {
  if (!may_allocate(false)) return;
  std::string least;
  std::string most;
  const std::set<std::string> excluded = excluded_names();
  for (const auto& [id, member] : members_) {
    if (!member.holds_data || excluded.contains(member.name)) continue;
    if (least.empty() || load(id) < load(least)) least = id;
    if (most.empty() || load(id) > load(most)) most = id;
  }
  if (least.empty() || load(most) < load(least) + 2) return;
  for (const auto& [key, copies] : routing_) {
    if (!std::ranges::all_of(copies, [](const RoutedCopy& copy) { return copy.state == CopyState::kStarted; })) return;
  }
  for (auto& [key, copies] : routing_) {
    if (has_copy(copies, least)) continue;
    const auto copy = std::ranges::find(copies, most, &RoutedCopy::node);
    if (copy == copies.end() || version_of(least) < version_of(active_primary(copies)->node)) continue;
    relocate(key, *copy, least);
    return;
  }
}

/// A copy on disk that the routing does not name goes when the shard is whole without it.
void ElectedCluster::remove_unused_copies() {
  for (const auto& [key, copies] : routing_) {
    if (!std::ranges::all_of(copies, [](const RoutedCopy& copy) { return copy.state == CopyState::kStarted; }))
      continue;
    for (auto& [id, member] : members_) {
      if (!has_copy(copies, id) && responsive(id)) member.directory->copies.erase(key);
    }
  }
}

void ElectedCluster::relocate(const ShardKey& key, RoutedCopy& copy, const std::string& target) {
  copy.state = CopyState::kRelocating;
  copy.target = target;
  copy.target_allocation_id = prng_.next();
  begin_recovery(key, copy.target_allocation_id, peer_recovery_time(copy, key));
}

model::Version ElectedCluster::version_of(const std::string& node) const { return members_.at(node).version; }

const Member* ElectedCluster::best_node(const std::vector<RoutedCopy>& copies, bool throttled,
                                        const model::Version& at_least) const {
  const std::set<std::string> excluded = excluded_names();
  const Member* best = nullptr;
  std::uint32_t best_load = 0;
  for (const auto& [id, member] : members_) {
    if (!member.holds_data || excluded.contains(member.name) || has_copy(copies, id)) continue;
    if (member.version < at_least) continue;
    if (throttled && incoming(id) >= timings_.incoming_max) continue;
    const std::uint32_t its_load = load(id);
    if (best == nullptr || its_load < best_load) {
      best = &member;
      best_load = its_load;
    }
  }
  return best;
}

std::uint32_t ElectedCluster::load(const std::string& node) const {
  std::uint32_t copies_there = 0;
  for (const auto& [key, copies] : routing_) {
    for (const RoutedCopy& copy : copies) {
      const std::string& ends_at = copy.state == CopyState::kRelocating ? copy.target : copy.node;
      if (ends_at == node) ++copies_there;
    }
  }
  return copies_there;
}

std::uint32_t ElectedCluster::incoming(const std::string& node) const {
  std::uint32_t recoveries = 0;
  for (const auto& [key, copies] : routing_) {
    for (const RoutedCopy& copy : copies) {
      if (copy.target == node || (copy.state == CopyState::kInitializing && copy.node == node)) ++recoveries;
    }
  }
  return recoveries;
}

}  // namespace esaas::simulation
