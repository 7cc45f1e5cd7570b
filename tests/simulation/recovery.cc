// How a copy of a shard comes to be started: from its own store (a primary), or from the primary (all others).

#include <algorithm>

#include "tests/simulation/elected_cluster.h"

namespace esaas::simulation {
namespace {

constexpr Duration kAskAgain = std::chrono::seconds{1};

}  // namespace

void ElectedCluster::begin_recovery(const ShardKey& key, std::uint64_t allocation_id, Duration duration) {
  clock_.after(duration, [weak = weak_from_this(), key, allocation_id] {
    if (const auto self = weak.lock()) self->finish_recovery(key, allocation_id);
  });
}

Duration ElectedCluster::peer_recovery_time(const RoutedCopy& primary, const ShardKey& key) {
  const auto documents = static_cast<std::int64_t>(documents_of(key, primary.node));
  return prng_.between(timings_.peer_min, timings_.peer_max) + timings_.per_document * documents;
}

void ElectedCluster::finish_recovery(const ShardKey& key, std::uint64_t allocation_id) {
  const auto shard = routing_.find(key);
  if (shard == routing_.end()) return;
  const auto copy = std::ranges::find_if(shard->second, [&](const RoutedCopy& candidate) {
    return (candidate.state == CopyState::kInitializing && candidate.allocation_id == allocation_id) ||
           (candidate.state == CopyState::kRelocating && candidate.target_allocation_id == allocation_id);
  });
  if (copy == shard->second.end()) return;  // given up in the meantime
  const RoutedCopy* primary = active_primary(shard->second);
  const bool all_here = responsive(copy->node) && responsive(copy->target) && can_publish() &&
                        (primary == nullptr || responsive(primary->node));
  if (!all_here) {
    begin_recovery(key, allocation_id, kAskAgain);
  } else if (copy->state == CopyState::kRelocating) {
    finish_relocation(key, *copy);
    reroute();
  } else {
    finish_initialization(key, shard->second, *copy);
    reroute();
  }
}

void ElectedCluster::finish_initialization(const ShardKey& key, std::vector<RoutedCopy>& copies, RoutedCopy& copy) {
  StoredCopy& stored = members_.at(copy.node).directory->copies[key];
  if (copy.primary) {
    stored.allocation_id = copy.allocation_id;
    copy.state = CopyState::kStarted;
    std::set<std::uint64_t> ids = in_sync(key);
    ids.insert(copy.allocation_id);
    set_in_sync(key, std::move(ids));
    return;
  }
  const RoutedCopy* primary = active_primary(copies);
  if (primary == nullptr) {  // nothing to copy from: lose_copies has not seen it yet
    copy.unassign();
    return;
  }
  stored = {copy.allocation_id, documents_of(key, primary->node)};
  copy.state = CopyState::kStarted;
  std::set<std::uint64_t> ids = in_sync(key);
  ids.insert(copy.allocation_id);
  set_in_sync(key, std::move(ids));
}

void ElectedCluster::finish_relocation(const ShardKey& key, RoutedCopy& copy) {
  const std::uint64_t documents = documents_of(key, copy.node);
  members_.at(copy.target).directory->copies[key] = {copy.target_allocation_id, documents};
  members_.at(copy.node).directory->copies.erase(key);
  std::set<std::uint64_t> ids = in_sync(key);
  ids.erase(copy.allocation_id);
  ids.insert(copy.target_allocation_id);
  copy.node = copy.target;
  copy.allocation_id = copy.target_allocation_id;
  copy.stay();
  set_in_sync(key, std::move(ids));
}

}  // namespace esaas::simulation
