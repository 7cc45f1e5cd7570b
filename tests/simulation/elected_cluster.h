#pragma once
// ElectedCluster: what the nodes of one Elasticsearch cluster agree on while they follow a master: members, settings,
// indices, and where each copy of each shard is. The copies themselves live in the members' data directories. It
// outlives the loss of its master (nothing changes then, and nothing is answered but 503) and ends with its last
// member.
//
// ## Where it is not Elasticsearch
// - A primary is only ever given to a copy that holds every acknowledged write (as from 5.0 on). 2.3.3 would also take
// a
//   stale one, and so lose writes by itself; the simulation must see only what the controller loses.
// - Recoveries take a time that grows with the documents; there are no segments, no translog and no throttled bytes.
// - What a master decides is known to all members at once, and from 7 on only when it reaches a majority of the voters.
// - Balance counts copies per node and nothing else.
//
// One thread. Callbacks that are still to come find out that it is gone.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/model/model.pb.h"
#include "tests/simulation/data_directory.h"
#include "tests/support/prng.h"
#include "tests/support/simulation_clock.h"

namespace esaas::simulation {

struct RecoveryTimings {
  Duration store_min = std::chrono::milliseconds{50};
  Duration store_max = std::chrono::milliseconds{300};
  Duration peer_min = std::chrono::milliseconds{200};
  Duration peer_max = std::chrono::milliseconds{1500};
  Duration per_document{100};
  std::uint32_t incoming_max = 2;  ///< recoveries into one node at once
};

struct Member {
  std::string id;
  std::string name;
  std::string transport_address;
  bool master_eligible = false;
  bool holds_data = false;
  DataDirectory* directory = nullptr;  ///< not owned; lives longer than the membership
  model::Version version = {};
};

enum class CopyState : std::uint8_t { kUnassigned, kInitializing, kStarted, kRelocating };

struct RoutedCopy {
  bool primary = false;
  CopyState state = CopyState::kUnassigned;
  std::uint64_t allocation_id = 0;
  std::string node;    ///< a member's id; empty while unassigned
  std::string target;  ///< while relocating
  std::uint64_t target_allocation_id = 0;
  Time delayed_until;  ///< of an unassigned replica whose node may come back

  [[nodiscard]] bool active() const { return state == CopyState::kStarted || state == CopyState::kRelocating; }
  /// Nowhere, with its role kept.
  void unassign() {
    RoutedCopy copy;
    copy.primary = primary;
    *this = std::move(copy);
  }
  /// A move that comes to nothing: it stays where it is.
  void stay() {
    state = CopyState::kStarted;
    target.clear();
  }
};

class ElectedCluster : public std::enable_shared_from_this<ElectedCluster> {
 public:
  using Routing = std::map<ShardKey, std::vector<RoutedCopy>>;

  ElectedCluster(std::string name, std::shared_ptr<const Metadata> metadata, test::SimulationClock& clock,
                 test::Prng prng, RecoveryTimings timings);

  // ---- Members ----
  void set_master(const std::string& id);
  void lose_master() { master_.clear(); }
  void join(Member member);
  /// What its copies become is decided at once; its directory stays as it is.
  void remove(const std::string& id);
  /// An unresponsive member is still listed, but neither writes nor recoveries get through to it.
  void set_responsive(const std::string& id, bool responsive);
  /// From here on it has voters (7.x).
  void begin_voting(const std::set<std::string>& voting);
  /// The gateway has read the state from disk; before that there are no shards.
  void recover_state();

  // ---- What users do. All need a master; false (or nothing) when it is refused or there is none. ----
  bool create_index(const std::string& index, IndexMetadata settings);
  bool close_index(const std::string& index);
  bool open_index(const std::string& index);
  bool set_replicas(const std::string& index, std::uint32_t replicas);
  /// Of all of them or, when one is not there, of none.
  bool set_initial_shards(const std::set<std::string>& indices, const std::string& value);
  /// Writes one document to every active copy of a shard. The shard and the document's number in it.
  std::optional<std::pair<ShardKey, std::uint64_t>> write_document(const std::string& index);
  /// Whether the value is taken (Elasticsearch 2.x ignores what it does not take, and says so only in its log).
  bool put_setting(bool persistent, const std::string& key, const std::string& value);
  bool remove_setting(bool persistent, const std::string& key);
  bool register_repository(const std::string& repository);
  /// Names that are to have no vote: members or not. Their votes are handed over as far as that can be.
  bool exclude_voters(const std::set<std::string>& names);
  /// The same by their ids, from 7.8 on: also the vote of one that is gone.
  bool exclude_voters_by_id(const std::set<std::string>& ids);
  bool clear_voting_exclusions();

  // ---- To look at ----
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& master() const { return master_; }
  [[nodiscard]] bool state_recovered() const { return recovered_; }
  [[nodiscard]] const std::map<std::string, Member>& members() const { return members_; }
  [[nodiscard]] const Routing& routing() const { return routing_; }
  [[nodiscard]] const Metadata& metadata() const { return *metadata_; }
  [[nodiscard]] const std::map<std::string, std::string>& transient_settings() const { return transient_; }
  [[nodiscard]] std::uint32_t master_eligible_count() const;
  /// The oldest and the newest among the members; {} when there is none.
  [[nodiscard]] model::Version oldest_version() const;
  [[nodiscard]] model::Version newest_version() const;
  [[nodiscard]] bool keeps_votes() const { return !metadata_->voting.empty(); }
  /// A master that can have something agreed on.
  [[nodiscard]] bool can_publish() const;
  /// As Elasticsearch's answers lead to it: the id of one that is no member, after reconcile::kById.
  [[nodiscard]] std::string name_of_voter(const std::string& id) const;
  /// Of those that are kept from voting: in the same way, sorted.
  [[nodiscard]] std::vector<std::string> names_of_excluded_voters() const;
  /// The dynamic minimum_master_nodes; 0 when none is set.
  [[nodiscard]] std::uint32_t minimum_master_nodes() const;
  [[nodiscard]] std::set<std::string> excluded_names() const;
  /// Transient cluster.routing.allocation.enable; empty when it is not set.
  [[nodiscard]] std::string allocation_enable() const;
  [[nodiscard]] model::Health health() const;
  [[nodiscard]] std::uint64_t document_count(const std::string& index) const;

 private:
  void update_metadata(const std::function<void(Metadata&)>& change);
  void route_index(const std::string& index);
  void set_in_sync(const ShardKey& key, std::set<std::uint64_t> ids);
  [[nodiscard]] const std::set<std::uint64_t>& in_sync(const ShardKey& key) const;
  void import_dangling(const Member& member);
  [[nodiscard]] bool moves_closed_indices() const;

  // votes.cc
  void reconfigure();
  bool set_voting_exclusions(std::map<std::string, std::string> exclusions);
  void know_excluded(const Member& member);
  [[nodiscard]] std::set<std::string> masters_in_touch() const;
  void lose_copies(const std::string& node, const ShardKey& key, std::vector<RoutedCopy>& copies);

  // allocation.cc
  void reroute();
  void allocate_primary(const ShardKey& key, std::vector<RoutedCopy>& copies);
  void allocate_replicas(const ShardKey& key, std::vector<RoutedCopy>& copies);
  void move_from_excluded();
  void rebalance();
  void remove_unused_copies();
  void relocate(const ShardKey& key, RoutedCopy& copy, const std::string& target);
  void reroute_at(Time when);
  /// `at_least`: a node of an older version can not read what one of a newer one writes.
  [[nodiscard]] const Member* best_node(const std::vector<RoutedCopy>& copies, bool throttled,
                                        const model::Version& at_least) const;
  [[nodiscard]] model::Version version_of(const std::string& node) const;
  [[nodiscard]] bool may_allocate(bool primary) const;
  [[nodiscard]] std::uint32_t load(const std::string& node) const;
  [[nodiscard]] std::uint32_t incoming(const std::string& node) const;

  // recovery.cc
  void begin_recovery(const ShardKey& key, std::uint64_t allocation_id, Duration duration);
  void finish_recovery(const ShardKey& key, std::uint64_t allocation_id);
  void finish_initialization(const ShardKey& key, std::vector<RoutedCopy>& copies, RoutedCopy& copy);
  void finish_relocation(const ShardKey& key, RoutedCopy& copy);
  [[nodiscard]] Duration peer_recovery_time(const RoutedCopy& primary, const ShardKey& key);
  [[nodiscard]] bool responsive(const std::string& node) const { return !unresponsive_.contains(node); }
  [[nodiscard]] std::uint64_t documents_of(const ShardKey& key, const std::string& node) const;

  std::string name_;
  std::shared_ptr<const Metadata> metadata_;
  test::SimulationClock& clock_;
  test::Prng prng_;
  RecoveryTimings timings_;
  std::string master_;
  bool recovered_ = false;
  std::map<std::string, Member> members_;
  std::set<std::string> unresponsive_;
  std::map<std::string, std::string> transient_;
  Routing routing_;
  std::map<std::string, std::uint32_t> next_shard_;  // of an index: where the next document goes
  std::optional<Time> reroute_due_;
};

/// The primary of a shard if it is active, else null.
const RoutedCopy* active_primary(const std::vector<RoutedCopy>& copies);

inline constexpr char kExcludeSetting[] = "cluster.routing.allocation.exclude._name";
inline constexpr char kAllocationSetting[] = "cluster.routing.allocation.enable";
inline constexpr char kQuorumSetting[] = "discovery.zen.minimum_master_nodes";
inline constexpr char kRecoverySpeedSetting[] = "indices.recovery.max_bytes_per_sec";
/// Before the name of a voting exclusion that is no member, and in place of the name of one that was made by its id.
inline constexpr char kAbsent[] = "_absent_";
inline constexpr std::size_t kExclusionsMax = 10;

}  // namespace esaas::simulation
