#pragma once
// What Elasticsearch keeps in a node's data directory: copies of shards and the last cluster state that the node has
// seen. It belongs to the volume and not to the process, so it survives a restart and is lost with the volume.

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/base/time.h"
#include "core/model/version.h"

namespace esaas::simulation {

struct ShardKey {
  std::string index;
  std::uint32_t shard = 0;
  friend auto operator<=>(const ShardKey&, const ShardKey&) = default;
};

/// One copy of a shard on disk. Documents of a shard are numbered 1, 2, 3, ...; a copy holds a prefix of them.
struct StoredCopy {
  std::uint64_t allocation_id = 0;
  std::uint64_t documents = 0;
};

struct IndexMetadata {
  std::uint32_t shards = 1;
  std::uint32_t replicas = 1;
  std::string initial_shards = {};  ///< index.recovery.initial_shards; empty: the default
  bool closed = false;
  bool closed_is_routed = false;      ///< closed by 7.2 or later: its copies are where they were, and move like others
  std::uint32_t created_version = 0;  ///< Elasticsearch's own id: 2030399 is 2.3.3
  Duration delayed_timeout = std::chrono::minutes{1};
  /// Per shard: the allocation ids of the copies that hold every acknowledged document. Empty: never allocated.
  std::vector<std::set<std::uint64_t>> in_sync;
};

/// The part of a cluster state that is kept on disk. Immutable once it is shared.
struct Metadata {
  std::uint64_t uuid = 0;
  std::uint64_t version = 0;
  std::map<std::string, IndexMetadata> indices;
  std::map<std::string, std::string> persistent_settings;
  std::set<std::string> repositories;  ///< of snapshots
  /// From 7 on: ids of the nodes whose votes count, and of those that shall have none, with their names. No voter: the
  /// cluster counts its masters (before 7).
  std::set<std::string> voting;
  std::map<std::string, std::string> voting_exclusions;
};

struct DataDirectory {
  std::map<ShardKey, StoredCopy> copies;
  std::shared_ptr<const Metadata> metadata;  ///< null: never joined a cluster
  std::string node_id;                       ///< from 5 on: of every process on it
  model::Version version;                    ///< that ran on it last
};

}  // namespace esaas::simulation
