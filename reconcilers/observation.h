#pragma once
// What is seen of the world at a moment, as plain values: Elasticsearch's answer and Mesos's
// offers. Never logged as such; what changed against the state becomes events (observe.h).
// Thread-compatible values.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/time.h"
#include "core/model/model.pb.h"

namespace esaas::reconcile {

enum class ShardState : std::uint8_t { kUnassigned, kInitializing, kStarted, kRelocating };

/// One copy of a shard. A relocating copy is in sync at its source until the move is done.
struct ShardCopy {
  std::string index;
  std::uint32_t shard = 0;
  bool primary = false;
  ShardState state = ShardState::kUnassigned;
  std::string node;           ///< the node's name; empty while unassigned
  std::string relocating_to;  ///< the target's name while relocating
};

/// One index, as the cluster's state has it.
struct IndexInfo {
  std::string name;
  bool open = true;
  std::uint32_t shards = 0;
  std::uint32_t replicas = 0;
  std::string auto_expand_replicas;   ///< "0-1", say; empty or "false": `replicas` is what counts
  std::uint32_t created_version = 0;  ///< Elasticsearch's own id of the version that made it: 2030399 is 2.3.3
  /// Its index.recovery.initial_shards; empty: it has none of its own. What an answer to a request may have changed
  /// since is known as of the cluster's settings (requests.h, sees_all_answers).
  std::string initial_shards = {};
};

/// One member, as it tells of itself. Only when it was asked for (Questions).
struct NodeInfo {
  std::string name;
  std::string version;
  std::vector<std::string> plugins;  ///< names, sorted
  std::map<std::string, std::string, std::less<>> attributes;
  std::int64_t disk_total_mib = 0;
  std::int64_t disk_available_mib = 0;
};

/// What one member keeps of open indices. Only when it was asked for (Questions).
struct NodeStore {
  std::string node;
  /// Bytes of all copies that it holds, by index, also of those that are on their way to it.
  std::map<std::string, std::uint64_t, std::less<>> indices;
};

/// One snapshot. Only when it was asked for.
struct SnapshotInfo {
  std::string repository;
  std::string name;
  std::string state;   ///< IN_PROGRESS, SUCCESS, PARTIAL, FAILED, INCOMPATIBLE; MISSING when there is none of that name
  std::string reason;  ///< why it failed, in Elasticsearch's words
  std::int64_t started_at_us = 0;
  std::int64_t ended_at_us = 0;  ///< 0 while it is taken
  std::uint32_t shards = 0;      ///< that it is of
  std::uint32_t failed = 0;      ///< of them
};

/// What is asked besides, because somebody waits for it.
struct Questions {
  bool nodes = false;    ///< versions, plugins, attributes, disks
  bool explain = false;  ///< why a shard is not assigned, from 5.x on
  bool stores = false;   ///< how many bytes each member keeps
  /// Repository and snapshot; an empty snapshot: all of the repository.
  std::vector<std::pair<std::string, std::string>> snapshots;

  friend bool operator==(const Questions&, const Questions&) = default;
};

/// One answer of a cluster. Kept in memory only, the newest per cluster.
struct Observation {
  /// When the question was sent: nothing in the answer is older than this, so a decision that needs
  /// to see what came after a moment may compare with it. (The moment of the answer would not do:
  /// an answer can be on its way for long.)
  Time observed_at;
  model::Health health;  ///< UNKNOWN when it did not answer; then all below is empty
  std::string master;    ///< name of the elected master
  std::vector<std::string> nodes;
  std::vector<ShardCopy> shards;
  /// Their shards stay on disk where they are: 2.x to 6.x show no copy of them and do not move
  /// them.
  std::vector<std::string> closed_indices;
  /// What `cluster.routing.allocation.exclude._name` is in truth, sorted; nothing when it was not
  /// asked.
  std::optional<std::vector<std::string>> excluded_nodes;
  /// The dynamic `discovery.zen.minimum_master_nodes`; 0 when none is set, nothing when it was not
  /// asked.
  std::optional<std::uint32_t> minimum_master_nodes;
  /// Transient `cluster.routing.allocation.enable`, empty when it is not set; nothing when it was not asked.
  std::optional<std::string> allocation_enable;
  std::vector<IndexInfo> indices;  ///< sorted by name
  /// The cluster's settings, flat, sorted by key; nothing when they were not asked.
  std::optional<std::vector<model::Setting>> persistent_settings;
  std::optional<std::vector<model::Setting>> transient_settings;
  /// 7.x: the masters whose votes count, and those kept from voting: names, or ids (voter_id.h). Nothing before 7.
  std::optional<std::vector<std::string>> voting_configuration;
  std::optional<std::vector<std::string>> voting_exclusions;
  std::vector<std::string> repositories;  ///< registered snapshot repositories, sorted
  Questions asked;                        ///< what below was asked for
  std::vector<NodeInfo> node_infos;       ///< sorted by name
  std::vector<NodeStore> stores;          ///< sorted by name
  std::vector<SnapshotInfo> snapshots;
  std::string allocation_explanation;  ///< one sentence; empty when all is assigned, or it was not asked
};

/// Quantities as Mesos counts them: thousandths.
struct Quantities {
  std::int64_t cpus_milli = 0;
  std::int64_t mem_mib = 0;
  std::int64_t disk_mib = 0;
};

struct PortRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;  ///< inclusive
};

/// What is already reserved for us within an offer, by its labels.
struct ReservedPart {
  std::string cluster;
  std::string node;
  std::string place;      ///< equals the volume id
  std::string role = {};  ///< that it is reserved to
  Quantities quantities;
  std::vector<PortRange> ports;
  bool has_volume = false;      ///< the persistent volume `place` exists
  std::int64_t volume_mib = 0;  ///< its size, which is in `quantities` too
};

/// A disk of an agent beside its root disk, as far as it is free. A "path" disk can be divided; a "mount" disk is taken
/// whole or not at all.
struct OfferedDisk {
  model::DiskSource source;
  std::int64_t mib = 0;
};

/// A maintenance window of an agent.
struct Unavailability {
  Time begins_at;
  std::optional<Duration> lasts;  ///< nothing: for good
};

/// An offer of one agent to one role.
struct Offer {
  std::string id;
  std::string agent_id;
  std::string hostname;
  std::string role;
  std::map<std::string, std::string, std::less<>> attributes;
  std::string zone;  ///< of the agent's fault domain, or else the master's; empty: neither has one
  std::string region;
  bool is_remote = false;          ///< in another region than the master
  std::vector<OfferedDisk> disks;  ///< unreserved, and not in `unreserved`
  Quantities unreserved;
  Quantities revocable = {};     ///< unreserved too, beside `unreserved`: only for what may be taken away at any moment
  std::vector<PortRange> ports;  ///< unreserved
  std::vector<ReservedPart> reserved;  ///< ours (labels and principal match)
  std::optional<Unavailability> unavailability;
};

}  // namespace esaas::reconcile
