#pragma once
// UsageFold: from events to intervals of use. For one node:
//
//   cpu, memory, node   from the first RUNNING of a task to its terminal status. A task that Mesos cannot see
//   (unreachable)
//                       may run on, and is metered on. A new task of the node that runs ends what came before it.
//   disk                from PlaceReserved to PlaceReleased or PlaceFailed, whether or not a task runs on it. Of a
//                       transient place, whose disk is the task's sandbox: as long as cpu and memory.
//
// and of a cluster, whether or not it is suspended:
//
//   cluster             from ClusterCreated to ClusterDeleted
//
// A lost place, a removed node and a deleted cluster end whatever is open. Intervals of one node and kind therefore
// never overlap. Amounts are integers: thousandths of a core, MiB, MiB, 1. Holds the live nodes only. Pure; not
// thread-safe.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/events/event.pb.h"

namespace esaas::store {

enum class UsageKind : std::uint8_t { kCpu, kMemory, kDisk, kNode, kCluster };

/// cpu, memory, disk, node, cluster; and what the amount counts: milli_cpu, mib, mib, node, cluster.
std::string_view name_of(UsageKind kind);
std::string_view unit_of(UsageKind kind);

struct UsageInterval {
  std::string tenant = {};
  std::string cluster = {};
  std::string node = {};  ///< empty for the cluster's own
  UsageKind kind = UsageKind::kCpu;
  std::uint64_t amount = 0;
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;
  std::uint64_t from_seq = 0;  ///< the event that opened it
  std::uint64_t to_seq = 0;    ///< the event that closed it; 0 while it is open
  bool revocable = false;      ///< cpu and memory that Mesos only lent
  std::string disk_type = {};  ///< of a disk: as its node group asks for; empty: the agent's root disk
  std::string zone = {};       ///< where the node is; empty: not known
  bool holds_data = false;
  bool dedicated_master = false;

  friend bool operator==(const UsageInterval&, const UsageInterval&) = default;
};

class UsageFold {
 public:
  /// Takes the next event (those that are not about usage change nothing) and appends the intervals that it closes.
  void apply(const event::Event& event, std::vector<UsageInterval>& closed);

  /// Appends what is open, as if it were closed at that time; in the order of cluster and node.
  void append_open(std::int64_t to_us, std::vector<UsageInterval>& open) const;

 private:
  struct Running {
    std::string task_id;
    std::uint64_t cpus_milli = 0;
    std::uint64_t mem_mib = 0;
    std::uint64_t disk_mib = 0;  ///< of the sandbox; 0: the node has a volume
    std::int64_t since_us = 0;
    std::uint64_t seq = 0;
    model::Resources revocable = {};  ///< how much of them is
    std::string zone = {};            ///< as it was then: the next place may be in another one
  };
  struct Reserved {
    std::string volume_id;
    std::uint64_t disk_mib = 0;
    std::int64_t since_us = 0;
    std::uint64_t seq = 0;
    std::string zone = {};
  };
  /// Of a node; the texts live as long as it is looked at.
  struct Key {
    const std::string& cluster;
    const std::string& node;
  };
  /// What a node group says of how its nodes are metered.
  struct Group {
    std::string disk_type;
    bool holds_data = false;
    bool dedicated_master = false;
  };
  struct Meter {
    std::string tenant;
    Group group;
    std::string zone;            // of the place
    model::Resources resources;  // of the place once there is one
    model::Resources revocable;  // of those
    std::string intended_volume;
    bool transient = false;  // so is the place
    std::string latest_task;
    bool latest_task_ended = false;
    std::optional<Running> running;
    std::optional<Reserved> reserved;
  };
  struct ClusterMeter {
    std::string tenant;
    std::map<std::string, Group, std::less<>> groups;  // by name
    bool exists = false;                               // it is known to be created, and when
    std::int64_t since_us = 0;
    std::uint64_t seq = 0;
    std::map<std::string, Meter, std::less<>> nodes;  // by name
  };
  struct End {
    std::int64_t at_us = 0;
    std::uint64_t seq = 0;
  };

  static Group facts_of(const model::NodeGroup& group);
  static UsageInterval interval_of(const Key& key, const Meter& meter, UsageKind kind, std::uint64_t amount);
  static void append_cluster(const std::string& name, const ClusterMeter& cluster, End end,
                             std::vector<UsageInterval>& out);
  static void append_running(const Key& key, const Meter& meter, End end, std::vector<UsageInterval>& out);
  static void append_reserved(const Key& key, const Meter& meter, End end, std::vector<UsageInterval>& out);
  static void close_running(const Key& key, Meter& meter, End end, std::vector<UsageInterval>& closed);
  static void close_reserved(const Key& key, Meter& meter, End end, std::vector<UsageInterval>& closed);
  bool apply_to_cluster(const event::Event& event, std::vector<UsageInterval>& closed);
  static void add_node(const Key& key, ClusterMeter& cluster, const event::Event& event,
                       std::vector<UsageInterval>& closed);
  static void adopt_task(const Key& key, Meter& meter, const event::Event& event, std::vector<UsageInterval>& closed);
  static void apply_status(const Key& key, Meter& meter, const event::Event& event, std::vector<UsageInterval>& closed);
  static void apply_to_node(const Key& key, Meter& meter, const event::Event& event,
                            std::vector<UsageInterval>& closed);
  static void remove_node(const Key& key, ClusterMeter& cluster, End end, std::vector<UsageInterval>& closed);
  void remove_cluster(const std::string& cluster, End end, std::vector<UsageInterval>& closed);

  // Found by hash, because each event asks; what is told is in the order of names all the same.
  std::unordered_map<std::string, ClusterMeter> clusters_;
};

}  // namespace esaas::store
