#include "reconcilers/data_moved.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "core/state/fleet_state.h"
#include "reconcilers/growth.h"
#include "reconcilers/index_replicas.h"
#include "reconcilers/node_facts.h"
#include "reconcilers/node_set.h"

namespace esaas::reconcile {
namespace {

using state::Node;

constexpr std::string_view kOwnVolumes =
    "Each node comes back with its own volume, so only what is written meanwhile is copied.";

DataMoved nothing(std::string_view how) {
  DataMoved moved;
  moved.how = how;
  return moved;
}

DataMoved unknown(std::string why) {
  DataMoved moved;
  moved.unknown = std::move(why);
  return moved;
}

const NodeStore* store_of(const Observation& seen, const std::string& node) {
  const auto found = std::ranges::find(seen.stores, node, &NodeStore::node);
  return found == seen.stores.end() ? nullptr : &*found;
}

std::uint64_t bytes_of(const NodeStore& store) {
  std::uint64_t bytes = 0;
  for (const auto& [index, kept] : store.indices) bytes += kept;
  return bytes;
}

/// So much as `part` of `whole` is of `bytes`. Sizes of disks times numbers of nodes and shards fit.
std::uint64_t share(std::uint64_t bytes, std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : bytes / whole * part + bytes % whole * part / whole;
}

/// What a node keeps; nothing when that is not known, and `why` says so. A node that is no member keeps nothing that
/// would have to move.
std::optional<std::uint64_t> kept_by(const Node& node, const Observation& seen, std::string& why) {
  if (const NodeStore* store = store_of(seen, node.name())) return bytes_of(*store);
  if (!node.ever_joined()) return 0U;
  why = fmt::format("node {} did not say how much it keeps", node.name());
  return std::nullopt;
}

/// Everything that data nodes keep; as above.
std::optional<std::uint64_t> kept_by_all(const state::Cluster& cluster, const Observation& seen, std::string& why) {
  std::uint64_t bytes = 0;
  for (const Node& node : cluster.nodes()) {
    const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
    if (group == nullptr || !state::holds_data(*group)) continue;
    const auto kept = kept_by(node, seen, why);
    if (!kept) return std::nullopt;
    bytes += *kept;
  }
  return bytes;
}

/// Of a change of a group's size or count.
class GroupChange {
 public:
  GroupChange(const state::Cluster& cluster, const model::NodeGroup& group, const Observation& seen)
      : cluster_(cluster), group_(group), seen_(seen) {}

  void count(std::uint32_t after) {
    leaving_ = first_to_leave(cluster_, group_, group_.count() - std::min(group_.count(), after));
    for (const Node* node : leaving_) add(*node, true);
    if (!leaving_.empty()) tell("What the nodes keep that leave moves to those that stay.");
    if (after > group_.count()) grow(after - group_.count());
  }

  void size(const model::Resources& change) {
    const model::Resources after = with(change);
    for (const Node& node : cluster_.nodes()) {
      if (node.group() != group_.name() || node.removing() || equal(node.resources(), after)) continue;
      if (std::ranges::find(leaving_, &node) != leaving_.end()) continue;
      add(node, !may_grow(node, after));
    }
    tell("A node that grows where it is keeps its data; what one keeps that is replaced moves to the others first.");
  }

  DataMoved result() && { return std::move(moved_); }

 private:
  [[nodiscard]] model::Resources with(const model::Resources& change) const {
    model::Resources after = group_.resources();
    if (change.cpus_milli() != 0) after.set_cpus_milli(change.cpus_milli());
    if (change.mem_mib() != 0) after.set_mem_mib(change.mem_mib());
    if (change.disk_mib() != 0) after.set_disk_mib(change.disk_mib());
    return after;
  }

  void add(const Node& node, bool for_sure) {
    const auto kept = kept_by(node, seen_, moved_.unknown);
    if (!kept) return;
    moved_.most += *kept;
    if (for_sure) moved_.least += *kept;
  }

  void grow(std::uint32_t added) {
    if (!state::holds_data(group_)) return tell("The new nodes hold no data.");
    std::uint64_t after = added;
    for (const model::NodeGroup& group : cluster_.spec().node_groups()) {
      if (state::holds_data(group)) after += group.count();
    }
    const auto all = kept_by_all(cluster_, seen_, moved_.unknown);
    if (!all) return;
    const std::uint64_t sent = share(*all, added, after);
    moved_.least += sent;
    moved_.most += sent;
    moved_.estimated = true;
    tell(fmt::format("Elasticsearch balances numbers of shards, so each of {} data nodes comes to hold an equal share.",
                     after));
  }

  void tell(std::string_view sentence) {
    if (!moved_.how.empty()) moved_.how += ' ';
    moved_.how += sentence;
  }

  const state::Cluster& cluster_;
  const model::NodeGroup& group_;
  const Observation& seen_;
  std::vector<const Node*> leaving_;
  DataMoved moved_;
};

DataMoved of(const state::Cluster& cluster, const model::ScaleNodeGroup& request, const Observation& seen) {
  const model::NodeGroup* group = state::find_group(cluster.spec(), request.group());
  if (group == nullptr) return unknown("there is no group " + request.group());
  GroupChange change(cluster, *group, seen);
  change.count(request.count());
  return std::move(change).result();
}

DataMoved of(const state::Cluster& cluster, const model::ResizeNodeGroup& request, const Observation& seen) {
  const model::NodeGroup* group = state::find_group(cluster.spec(), request.group());
  if (group == nullptr) return unknown("there is no group " + request.group());
  GroupChange change(cluster, *group, seen);
  if (request.count() != 0) change.count(request.count());
  if (request.has_resources()) change.size(request.resources());
  return std::move(change).result();
}

/// Copies of the index's shards that are on some node.
std::uint64_t placed_copies(const Observation& seen, const std::string& index) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      seen.shards, [&](const ShardCopy& copy) { return copy.index == index && !copy.node.empty(); }));
}

DataMoved of(const model::SetReplicas& request, const Observation& seen) {
  DataMoved moved;
  moved.estimated = true;
  moved.how =
      "Each copy that is added or dropped is taken to be as large as those of its index are on average; those for "
      "which there is no node are not counted.";
  const std::uint64_t copies_max = std::max(seen.health.data_nodes(), 1U);
  for (const IndexInfo& index : seen.indices) {
    if (!index.open || expands_by_itself(index) || index.replicas == request.replicas()) continue;
    if (!matches_any(request.indices(), index.name)) continue;
    std::uint64_t bytes = 0;
    for (const NodeStore& store : seen.stores) {
      if (const auto kept = store.indices.find(index.name); kept != store.indices.end()) bytes += kept->second;
    }
    const std::uint64_t before = placed_copies(seen, index.name);
    const std::uint64_t after = index.shards * std::min(std::uint64_t{request.replicas()} + 1, copies_max);
    if (after > before) moved.most += share(bytes, after - before, before);
    if (after < before) moved.dropped += share(bytes, before - after, before);
  }
  moved.least = moved.most;
  return moved;
}

DataMoved of_delete(const state::Cluster& cluster, const Observation& seen) {
  DataMoved moved = nothing("All volumes are destroyed with what is on them.");
  if (const auto all = kept_by_all(cluster, seen, moved.unknown)) moved.dropped = *all;
  return moved;
}

}  // namespace

bool moves_what_nodes_keep(const model::Request& request) {
  switch (request.kind_case()) {
    case model::Request::kScale:
    case model::Request::kResize:
    case model::Request::kReplicas:
    case model::Request::kDelete: return true;
    default: return false;
  }
}

std::optional<DataMoved> data_moved(const state::Cluster& cluster, const model::Request& request,
                                    const Observation* seen, const std::string& why_unseen) {
  switch (request.kind_case()) {
    case model::Request::kRestart:
    case model::Request::kUpgrade:
    case model::Request::kConfigure:
    case model::Request::kInstallPlugin:
    case model::Request::kRemovePlugin:
    case model::Request::kSuspend:
    case model::Request::kResume: return nothing(kOwnVolumes);
    default: break;
  }
  if (!moves_what_nodes_keep(request)) return std::nullopt;
  if (seen == nullptr) return unknown(why_unseen);
  if (!seen->asked.stores) return unknown("the nodes did not say how much they keep");
  switch (request.kind_case()) {
    case model::Request::kScale: return of(cluster, request.scale(), *seen);
    case model::Request::kResize: return of(cluster, request.resize(), *seen);
    case model::Request::kReplicas: return of(request.replicas(), *seen);
    default: return of_delete(cluster, *seen);
  }
}

std::string sentence_of(const DataMoved& moved) {
  if (!moved.unknown.empty()) return "How much data moves is not known: " + moved.unknown + ".";
  std::string text;
  if (moved.most == 0) {
    text = "No data moves from node to node.";
  } else if (moved.least == moved.most) {
    text = fmt::format("{}{} move from node to node.", moved.estimated ? "About " : "", bytes_text(moved.most));
  } else {
    text = fmt::format("Between {} and {} move from node to node.", bytes_text(moved.least), bytes_text(moved.most));
  }
  if (moved.dropped > 0) {
    text += fmt::format(" {}{} are dropped.", moved.estimated ? "About " : "", bytes_text(moved.dropped));
  }
  return text + (moved.how.empty() ? "" : " " + moved.how);
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return bytes == 1 ? "1 byte" : fmt::format("{} bytes", bytes);
  std::uint64_t unit = 1024;
  std::size_t name = 0;
  while (name + 1 < kUnits.size() && bytes / unit >= 1024) {
    unit *= 1024;
    ++name;
  }
  const std::uint64_t tenths = bytes / unit * 10 + (bytes % unit * 10 + unit / 2) / unit;
  return tenths % 10 == 0 ? fmt::format("{} {}", tenths / 10, kUnits[name])
                          : fmt::format("{}.{} {}", tenths / 10, tenths % 10, kUnits[name]);
}

}  // namespace esaas::reconcile
