#include "tests/simulation/elected_cluster.h"

#include <algorithm>
#include <charconv>

#include "core/base/assert.h"

namespace esaas::simulation {

const RoutedCopy* active_primary(const std::vector<RoutedCopy>& copies) {
  const auto found = std::ranges::find_if(copies, [](const RoutedCopy& copy) { return copy.primary && copy.active(); });
  return found == copies.end() ? nullptr : &*found;
}

ElectedCluster::ElectedCluster(std::string name, std::shared_ptr<const Metadata> metadata, test::SimulationClock& clock,
                               test::Prng prng, RecoveryTimings timings)
    : name_(std::move(name)), metadata_(std::move(metadata)), clock_(clock), prng_(prng), timings_(timings) {}

void ElectedCluster::update_metadata(const std::function<void(Metadata&)>& change) {
  auto next = std::make_shared<Metadata>(*metadata_);
  change(*next);
  ++next->version;
  metadata_ = std::move(next);
  for (auto& [id, member] : members_) {
    if (responsive(id)) member.directory->metadata = metadata_;
  }
}

void ElectedCluster::set_in_sync(const ShardKey& key, std::set<std::uint64_t> ids) {
  if (in_sync(key) == ids) return;
  update_metadata([&](Metadata& metadata) { metadata.indices.at(key.index).in_sync[key.shard] = std::move(ids); });
}

const std::set<std::uint64_t>& ElectedCluster::in_sync(const ShardKey& key) const {
  return metadata_->indices.at(key.index).in_sync[key.shard];
}

void ElectedCluster::set_master(const std::string& id) {
  ESAAS_ASSERT(members_.contains(id), "a master is a member");
  master_ = id;
  reconfigure();
  reroute();
}

void ElectedCluster::join(Member member) {
  ESAAS_ASSERT(!members_.contains(member.id), "a node joins once");
  if (recovered_) import_dangling(member);
  if (recovered_ || keeps_votes()) member.directory->metadata = metadata_;
  const auto joined = members_.emplace(member.id, std::move(member)).first;
  know_excluded(joined->second);
  reconfigure();
  reroute();
}

void ElectedCluster::import_dangling(const Member& member) {
  const auto known = member.directory->metadata;
  if (known == nullptr || keeps_votes()) return;  // 7.x leaves them where they are
  for (const auto& [index, settings] : known->indices) {
    const bool has_copy =
        std::ranges::any_of(member.directory->copies, [&](const auto& copy) { return copy.first.index == index; });
    if (!has_copy || metadata_->indices.contains(index)) continue;
    update_metadata([&](Metadata& metadata) { metadata.indices.emplace(index, settings); });
    if (!settings.closed) route_index(index);
  }
}

void ElectedCluster::recover_state() {
  if (recovered_) return;
  recovered_ = true;
  for (auto& [id, member] : members_) import_dangling(member);
  update_metadata([](Metadata&) {});
  for (const auto& [index, settings] : metadata_->indices) {
    if (!settings.closed || settings.closed_is_routed) route_index(index);
  }
  reroute();
}

void ElectedCluster::set_responsive(const std::string& id, bool responsive) {
  if (responsive) {
    unresponsive_.erase(id);
    if (!keeps_votes()) return;
    reconfigure();  // what could not be agreed on meanwhile
    reroute();
  } else {
    unresponsive_.insert(id);
  }
}

void ElectedCluster::remove(const std::string& id) {
  members_.erase(id);
  unresponsive_.erase(id);
  if (master_ == id) master_.clear();
  for (auto& [key, copies] : routing_) lose_copies(id, key, copies);
  reconfigure();
  reroute();
}

/// What becomes of one shard when a node is gone: its copies are unassigned, another active copy is promoted, and what
/// was being recovered from (or to) the lost one starts anew.
void ElectedCluster::lose_copies(const std::string& node, const ShardKey& key, std::vector<RoutedCopy>& copies) {
  bool primary_lost = false;
  bool lost = false;
  for (RoutedCopy& copy : copies) {
    if (copy.state == CopyState::kRelocating && copy.target == node) copy.stay();
    if (copy.node != node) continue;
    lost = true;
    primary_lost = primary_lost || copy.primary;
    copy.unassign();
    copy.delayed_until = clock_.now() + metadata_->indices.at(key.index).delayed_timeout;
  }
  if (!lost) return;
  if (primary_lost) {
    for (RoutedCopy& copy : copies) {
      if (copy.state == CopyState::kInitializing) copy.unassign();
      if (copy.state == CopyState::kRelocating) copy.stay();
    }
    const auto promoted = std::ranges::find_if(copies, &RoutedCopy::active);
    if (promoted != copies.end()) {
      for (RoutedCopy& copy : copies) copy.primary = false;
      promoted->primary = true;
    }
  }
}

void ElectedCluster::route_index(const std::string& index) {
  const IndexMetadata& settings = metadata_->indices.at(index);
  for (std::uint32_t shard = 0; shard < settings.shards; ++shard) {
    std::vector<RoutedCopy> copies(1 + settings.replicas);
    copies[0].primary = true;
    routing_[ShardKey{index, shard}] = std::move(copies);
  }
}

bool ElectedCluster::create_index(const std::string& index, IndexMetadata settings) {
  if (master_.empty() || !recovered_ || metadata_->indices.contains(index)) return false;
  if (!can_publish()) return false;
  settings.in_sync.assign(settings.shards, {});
  const model::Version oldest = oldest_version();
  settings.created_version = (oldest.major * 10'000 + oldest.minor * 100 + oldest.patch) * 100 + 99;
  update_metadata([&](Metadata& metadata) { metadata.indices.emplace(index, std::move(settings)); });
  route_index(index);
  reroute();
  return true;
}

bool ElectedCluster::moves_closed_indices() const {
  return oldest_version() >= model::Version{.major = 7, .minor = 2, .patch = 0};
}

bool ElectedCluster::close_index(const std::string& index) {
  const auto found = metadata_->indices.find(index);
  if (!can_publish() || !recovered_ || found == metadata_->indices.end() || found->second.closed) return false;
  const bool stays = moves_closed_indices();
  const auto has_no_primary = [&](const auto& shard) {
    return shard.first.index == index && active_primary(shard.second) == nullptr;
  };
  if (stays && std::ranges::any_of(routing_, has_no_primary)) return false;
  update_metadata([&](Metadata& metadata) {
    metadata.indices.at(index).closed = true;
    metadata.indices.at(index).closed_is_routed = stays;
  });
  if (stays) return true;
  std::erase_if(routing_, [&](const auto& shard) { return shard.first.index == index; });
  return true;
}

bool ElectedCluster::open_index(const std::string& index) {
  const auto found = metadata_->indices.find(index);
  if (!can_publish() || !recovered_ || found == metadata_->indices.end() || !found->second.closed) return false;
  const bool is_routed = found->second.closed_is_routed;
  update_metadata([&](Metadata& metadata) {
    metadata.indices.at(index).closed = false;
    metadata.indices.at(index).closed_is_routed = false;
  });
  if (!is_routed) route_index(index);
  reroute();
  return true;
}

bool ElectedCluster::set_initial_shards(const std::set<std::string>& indices, const std::string& value) {
  if (!can_publish() || !recovered_) return false;
  const auto is_there = [&](const std::string& index) { return metadata_->indices.contains(index); };
  if (indices.empty() || !std::ranges::all_of(indices, is_there)) return false;
  update_metadata([&](Metadata& metadata) {
    for (const std::string& index : indices) metadata.indices.at(index).initial_shards = value;
  });
  reroute();
  return true;
}

bool ElectedCluster::set_replicas(const std::string& index, std::uint32_t replicas) {
  const auto found = metadata_->indices.find(index);
  if (!can_publish() || !recovered_ || found == metadata_->indices.end() || found->second.closed) return false;
  update_metadata([&](Metadata& metadata) { metadata.indices.at(index).replicas = replicas; });
  for (auto& [key, copies] : routing_) {
    if (key.index != index) continue;
    while (copies.size() > replicas + 1) {
      // Those that are nowhere go first, and never the primary.
      auto gone = std::ranges::find_if(
          copies, [](const RoutedCopy& copy) { return !copy.primary && copy.state == CopyState::kUnassigned; });
      if (gone == copies.end()) gone = std::ranges::find(copies, false, &RoutedCopy::primary);
      const std::uint64_t allocation_id = gone->allocation_id;
      copies.erase(gone);
      std::set<std::uint64_t> ids = in_sync(key);
      if (ids.size() > 1 && ids.erase(allocation_id) > 0) set_in_sync(key, std::move(ids));
    }
    while (copies.size() < replicas + 1) copies.emplace_back();
  }
  reroute();
  return true;
}

std::optional<std::pair<ShardKey, std::uint64_t>> ElectedCluster::write_document(const std::string& index) {
  const auto found = metadata_->indices.find(index);
  if (!can_publish() || !recovered_ || found == metadata_->indices.end() || found->second.closed) return std::nullopt;
  const ShardKey key{index, next_shard_[index]++ % found->second.shards};
  const std::vector<RoutedCopy>& copies = routing_.at(key);
  const RoutedCopy* primary = active_primary(copies);
  if (primary == nullptr) return std::nullopt;
  for (const RoutedCopy& copy : copies) {
    if (copy.active() && !responsive(copy.node)) return std::nullopt;
  }
  // Only now are copies that are away behind: a shard that lost all its copies at once may come back with any of them.
  std::set<std::uint64_t> active;
  for (const RoutedCopy& copy : copies) {
    if (copy.active()) active.insert(copy.allocation_id);
  }
  set_in_sync(key, std::move(active));
  const std::uint64_t number = documents_of(key, primary->node) + 1;
  for (const RoutedCopy& copy : copies) {
    if (copy.active()) members_.at(copy.node).directory->copies.at(key).documents = number;
  }
  return std::pair{key, number};
}

bool ElectedCluster::put_setting(bool persistent, const std::string& key, const std::string& value) {
  if (!can_publish()) return false;
  if (key == kQuorumSetting) {
    std::uint32_t quorum = 0;
    const auto end = std::from_chars(value.data(), value.data() + value.size(), quorum);
    if (end.ec != std::errc{} || end.ptr != value.data() + value.size()) return false;
    if (quorum > master_eligible_count() && oldest_version().major < 7) return false;
  } else if (key == kAllocationSetting) {
    constexpr std::string_view kValues[] = {"all", "primaries", "new_primaries", "none"};
    if (std::ranges::find(kValues, value) == std::end(kValues)) return false;
  } else if (key != kExcludeSetting && (key != kRecoverySpeedSetting || oldest_version().major < 5)) {
    return false;
  }
  if (persistent) {
    update_metadata([&](Metadata& metadata) { metadata.persistent_settings[key] = value; });
  } else {
    transient_[key] = value;
  }
  reroute();
  return true;
}

bool ElectedCluster::remove_setting(bool persistent, const std::string& key) {
  if (!can_publish()) return false;
  if (persistent) {
    update_metadata([&](Metadata& metadata) { metadata.persistent_settings.erase(key); });
  } else {
    transient_.erase(key);
  }
  reroute();
  return true;
}

bool ElectedCluster::register_repository(const std::string& repository) {
  if (!can_publish() || !recovered_) return false;
  update_metadata([&](Metadata& metadata) { metadata.repositories.insert(repository); });
  return true;
}

model::Version ElectedCluster::oldest_version() const {
  model::Version oldest;
  for (const auto& [id, member] : members_) {
    if (oldest == model::Version{} || member.version < oldest) oldest = member.version;
  }
  return oldest;
}

model::Version ElectedCluster::newest_version() const {
  model::Version newest;
  for (const auto& [id, member] : members_) newest = std::max(newest, member.version);
  return newest;
}

std::uint32_t ElectedCluster::master_eligible_count() const {
  return static_cast<std::uint32_t>(
      std::ranges::count_if(members_, [](const auto& member) { return member.second.master_eligible; }));
}

std::uint32_t ElectedCluster::minimum_master_nodes() const {
  for (const auto* settings : {&transient_, &metadata_->persistent_settings}) {
    const auto found = settings->find(kQuorumSetting);
    if (found != settings->end()) return static_cast<std::uint32_t>(std::stoul(found->second));
  }
  return 0;
}

std::string ElectedCluster::allocation_enable() const {
  const auto found = transient_.find(kAllocationSetting);
  return found == transient_.end() ? std::string() : found->second;
}

std::set<std::string> ElectedCluster::excluded_names() const {
  std::set<std::string> names;
  const auto* settings = transient_.contains(kExcludeSetting) ? &transient_ : &metadata_->persistent_settings;
  const auto found = settings->find(kExcludeSetting);
  if (found == settings->end()) return names;
  for (std::size_t begin = 0; begin < found->second.size();) {
    const auto end = std::min(found->second.find(',', begin), found->second.size());
    if (end > begin) names.insert(found->second.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

model::Health ElectedCluster::health() const {
  model::Health health;
  bool red = !recovered_;
  std::uint32_t counts[4] = {};
  for (const auto& [key, copies] : routing_) {
    if (active_primary(copies) == nullptr) red = true;
    for (const RoutedCopy& copy : copies) ++counts[static_cast<std::size_t>(copy.state)];
  }
  const auto count = [&](CopyState state) { return counts[static_cast<std::size_t>(state)]; };
  health.set_nodes(static_cast<std::uint32_t>(members_.size()));
  health.set_data_nodes(static_cast<std::uint32_t>(
      std::ranges::count_if(members_, [](const auto& member) { return member.second.holds_data; })));
  health.set_relocating_shards(count(CopyState::kRelocating));
  health.set_active_shards(count(CopyState::kStarted) + count(CopyState::kRelocating));
  health.set_initializing_shards(count(CopyState::kInitializing));
  health.set_unassigned_shards(count(CopyState::kUnassigned));
  const bool whole = health.initializing_shards() + health.unassigned_shards() == 0;
  health.set_status(red ? model::HEALTH_STATUS_RED : whole ? model::HEALTH_STATUS_GREEN : model::HEALTH_STATUS_YELLOW);
  return health;
}

std::uint64_t ElectedCluster::document_count(const std::string& index) const {
  std::uint64_t documents = 0;
  for (const auto& [key, copies] : routing_) {
    const RoutedCopy* primary = active_primary(copies);
    if (key.index == index && primary != nullptr) documents += documents_of(key, primary->node);
  }
  return documents;
}

std::uint64_t ElectedCluster::documents_of(const ShardKey& key, const std::string& node) const {
  return members_.at(node).directory->copies.at(key).documents;
}

}  // namespace esaas::simulation
