#include "store/views/usage_fold.h"

#include <algorithm>

#include "core/model/task_state.h"
#include "core/state/fleet_state.h"

namespace esaas::store {
namespace {

/// The node that a usage event is about; empty for one about a whole cluster.
const std::string& node_of(const event::Event& event) {
  static const std::string none;
  switch (event.payload_case()) {
    case event::Event::kNodeAdded: return event.node_added().node();
    case event::Event::kNodeRemoved: return event.node_removed().node();
    case event::Event::kPlaceIntended: return event.place_intended().node();
    case event::Event::kPlaceReserved: return event.place_reserved().node();
    case event::Event::kPlaceFailed: return event.place_failed().node();
    case event::Event::kPlaceReleased: return event.place_released().node();
    case event::Event::kPlaceMoved: return event.place_moved().node();
    case event::Event::kPlaceGrown: return event.place_grown().node();
    case event::Event::kPlaceAdopted: return event.place_adopted().node();
    case event::Event::kTaskLaunchIntended: return event.task_launch_intended().node();
    case event::Event::kTaskAdopted: return event.task_adopted().node();
    case event::Event::kTaskStatusChanged: return event.task_status_changed().node();
    default: return none;
  }
}

}  // namespace

std::string_view name_of(UsageKind kind) {
  switch (kind) {
    case UsageKind::kCpu: return "cpu";
    case UsageKind::kMemory: return "memory";
    case UsageKind::kDisk: return "disk";
    case UsageKind::kNode: return "node";
    case UsageKind::kCluster: return "cluster";
  }
  return "unknown";
}

std::string_view unit_of(UsageKind kind) {
  switch (kind) {
    case UsageKind::kCpu: return "milli_cpu";
    case UsageKind::kMemory: return "mib";
    case UsageKind::kDisk: return "mib";
    case UsageKind::kNode: return "node";
    case UsageKind::kCluster: return "cluster";
  }
  return "unknown";
}

UsageFold::Group UsageFold::facts_of(const model::NodeGroup& group) {
  const bool holds_data = state::holds_data(group);
  return {group.disk_type(), holds_data, state::is_master_eligible(group) && !holds_data};
}

void UsageFold::apply(const event::Event& event, std::vector<UsageInterval>& closed) {
  if (apply_to_cluster(event, closed)) return;
  const Key key{event.cluster(), node_of(event)};
  if (key.node.empty()) return;
  if (event.has_node_added()) return add_node(key, clusters_[key.cluster], event, closed);
  const auto cluster = clusters_.find(key.cluster);
  if (cluster == clusters_.end()) return;
  if (event.has_node_removed()) {
    return remove_node(key, cluster->second, {event.time_at_us(), event.seq()}, closed);
  }
  // What comes late about a node that is gone opens nothing.
  const auto meter = cluster->second.nodes.find(key.node);
  if (meter != cluster->second.nodes.end()) apply_to_node(key, meter->second, event, closed);
}

/// False: the event is not about a whole cluster.
bool UsageFold::apply_to_cluster(const event::Event& event, std::vector<UsageInterval>& closed) {
  const End now{event.time_at_us(), event.seq()};
  if (event.has_cluster_deleted()) {
    remove_cluster(event.cluster(), now, closed);
  } else if (event.has_cluster_created()) {
    ClusterMeter& cluster = clusters_[event.cluster()];
    cluster.tenant = event.tenant();
    cluster.groups.clear();
    cluster.exists = true;
    cluster.since_us = now.at_us;
    cluster.seq = now.seq;
    for (const auto& group : event.cluster_created().spec().node_groups()) {
      cluster.groups[group.name()] = facts_of(group);
    }
  } else if (event.has_node_group_added()) {
    const auto cluster = clusters_.find(event.cluster());
    if (cluster == clusters_.end()) return true;
    const auto& group = event.node_group_added().group();
    cluster->second.groups[group.name()] = facts_of(group);
  } else {
    return false;
  }
  return true;
}

void UsageFold::add_node(const Key& key, ClusterMeter& cluster, const event::Event& event,
                         std::vector<UsageInterval>& closed) {
  remove_node(key, cluster, {event.time_at_us(), event.seq()}, closed);
  Meter& added = cluster.nodes[key.node];
  added.tenant = event.tenant();
  added.resources = event.node_added().resources();
  const auto group = cluster.groups.find(event.node_added().group());
  if (group != cluster.groups.end()) added.group = group->second;
}

void UsageFold::apply_to_node(const Key& key, Meter& meter, const event::Event& event,
                              std::vector<UsageInterval>& closed) {
  const End now{event.time_at_us(), event.seq()};
  const auto holds = [&](const std::string& volume) { return meter.reserved && meter.reserved->volume_id == volume; };
  switch (event.payload_case()) {
    case event::Event::kPlaceIntended:
      meter.intended_volume = event.place_intended().place().volume_id();
      meter.resources = event.place_intended().place().resources();
      meter.revocable = event.place_intended().place().revocable();
      meter.transient = event.place_intended().place().transient();
      meter.zone = event.place_intended().place().zone();
      break;
    case event::Event::kPlaceReserved: {
      const auto& volume = event.place_reserved().volume_id();
      if (holds(volume) || volume != meter.intended_volume) break;
      close_reserved(key, meter, now, closed);
      meter.reserved = Reserved{volume, meter.resources.disk_mib(), now.at_us, now.seq, meter.zone};
      break;
    }
    case event::Event::kPlaceFailed:
      // The agent is gone for good, and what ran there with it; no status may ever say so.
      if (!holds(event.place_failed().volume_id())) break;
      close_running(key, meter, now, closed);
      close_reserved(key, meter, now, closed);
      break;
    case event::Event::kPlaceReleased:
      if (holds(event.place_released().volume_id())) close_reserved(key, meter, now, closed);
      break;
    case event::Event::kPlaceGrown: {
      const auto& grown = event.place_grown();
      if (!holds(grown.volume_id())) break;
      // A disk that was taken whole is larger than what was asked for, and stays so.
      const std::uint64_t disk_mib = std::max<std::uint64_t>(grown.resources().disk_mib(), meter.reserved->disk_mib);
      const std::string zone = meter.reserved->zone;
      close_reserved(key, meter, now, closed);
      meter.resources = grown.resources();
      meter.resources.set_disk_mib(static_cast<std::uint32_t>(disk_mib));
      meter.reserved = Reserved{grown.volume_id(), disk_mib, now.at_us, now.seq, zone};
      break;
    }
    case event::Event::kTaskLaunchIntended:
      meter.latest_task = event.task_launch_intended().task_id();
      meter.latest_task_ended = false;
      break;
    case event::Event::kPlaceMoved:
      // What ran under the agent's old name is gone, and no status says when: it counts until it is known.
      close_running(key, meter, now, closed);
      meter.latest_task_ended = true;
      break;
    case event::Event::kPlaceAdopted: {
      // Between its loss and now nobody could use it.
      const model::Place& place = event.place_adopted().place();
      if (holds(place.volume_id())) break;
      close_reserved(key, meter, now, closed);
      meter.intended_volume.clear();
      meter.transient = false;
      meter.revocable.Clear();
      meter.resources = place.resources();
      meter.zone = place.zone();
      meter.reserved = Reserved{place.volume_id(), meter.resources.disk_mib(), now.at_us, now.seq, meter.zone};
      break;
    }
    case event::Event::kTaskAdopted: adopt_task(key, meter, event, closed); break;
    case event::Event::kTaskStatusChanged: apply_status(key, meter, event, closed); break;
    default: break;
  }
}

void UsageFold::apply_status(const Key& key, Meter& meter, const event::Event& event,
                             std::vector<UsageInterval>& closed) {
  const End now{event.time_at_us(), event.seq()};
  const auto& status = event.task_status_changed();
  const bool is_metered = meter.running && meter.running->task_id == status.task_id();
  if (model::is_terminal(status.state())) {
    if (is_metered) close_running(key, meter, now, closed);
    if (status.task_id() == meter.latest_task) meter.latest_task_ended = true;
    return;
  }
  if (status.state() == model::TASK_STATE_GONE_BY_OPERATOR && meter.transient) {
    // Its place went with the agent, and no event of the place will say so.
    if (is_metered) close_running(key, meter, now, closed);
    return;
  }
  const bool begins = status.state() == model::TASK_STATE_RUNNING && status.task_id() == meter.latest_task &&
                      !meter.latest_task_ended && !is_metered;
  if (!begins) return;
  close_running(key, meter, now, closed);
  meter.running = Running{status.task_id(),
                          meter.resources.cpus_milli(),
                          meter.resources.mem_mib(),
                          meter.transient ? meter.resources.disk_mib() : 0,
                          now.at_us,
                          now.seq,
                          meter.revocable,
                          meter.zone};
}

/// It counts from when the log knows of it.
void UsageFold::adopt_task(const Key& key, Meter& meter, const event::Event& event,
                           std::vector<UsageInterval>& closed) {
  const End now{event.time_at_us(), event.seq()};
  const auto& adopted = event.task_adopted();
  close_running(key, meter, now, closed);
  meter.latest_task = adopted.task_id();
  meter.latest_task_ended = false;
  if (adopted.state() != model::TASK_STATE_RUNNING) return;
  // Its disk is the volume, which is counted by itself.
  meter.running =
      Running{adopted.task_id(), meter.resources.cpus_milli(), meter.resources.mem_mib(), 0, now.at_us, now.seq, {},
              meter.zone};
}

UsageInterval UsageFold::interval_of(const Key& key, const Meter& meter, UsageKind kind, std::uint64_t amount) {
  UsageInterval interval{
      .tenant = meter.tenant, .cluster = key.cluster, .node = key.node, .kind = kind, .amount = amount};
  if (kind == UsageKind::kDisk) interval.disk_type = meter.group.disk_type;
  interval.holds_data = meter.group.holds_data;
  interval.dedicated_master = meter.group.dedicated_master;
  return interval;
}

void UsageFold::append_running(const Key& key, const Meter& meter, End end, std::vector<UsageInterval>& out) {
  if (!meter.running) return;
  const Running& running = *meter.running;
  const auto add = [&](UsageKind kind, std::uint64_t amount, bool revocable = false) {
    UsageInterval& interval = out.emplace_back(interval_of(key, meter, kind, amount));
    interval.from_us = running.since_us;
    interval.to_us = end.at_us;
    interval.from_seq = running.seq;
    interval.to_seq = end.seq;
    interval.revocable = revocable;
    interval.zone = running.zone;
  };
  add(UsageKind::kCpu, running.cpus_milli, running.revocable.cpus_milli() != 0);
  add(UsageKind::kMemory, running.mem_mib, running.revocable.mem_mib() != 0);
  if (running.disk_mib != 0) add(UsageKind::kDisk, running.disk_mib);
  add(UsageKind::kNode, 1);
}

void UsageFold::append_reserved(const Key& key, const Meter& meter, End end, std::vector<UsageInterval>& out) {
  if (!meter.reserved) return;
  const Reserved& reserved = *meter.reserved;
  UsageInterval& interval = out.emplace_back(interval_of(key, meter, UsageKind::kDisk, reserved.disk_mib));
  interval.from_us = reserved.since_us;
  interval.to_us = end.at_us;
  interval.from_seq = reserved.seq;
  interval.zone = reserved.zone;
  interval.to_seq = end.seq;
}

void UsageFold::append_cluster(const std::string& name, const ClusterMeter& cluster, End end,
                               std::vector<UsageInterval>& out) {
  out.push_back({.tenant = cluster.tenant,
                 .cluster = name,
                 .kind = UsageKind::kCluster,
                 .amount = 1,
                 .from_us = cluster.since_us,
                 .to_us = end.at_us,
                 .from_seq = cluster.seq,
                 .to_seq = end.seq});
}

void UsageFold::close_running(const Key& key, Meter& meter, End end, std::vector<UsageInterval>& closed) {
  append_running(key, meter, end, closed);
  meter.running.reset();
}

void UsageFold::close_reserved(const Key& key, Meter& meter, End end, std::vector<UsageInterval>& closed) {
  append_reserved(key, meter, end, closed);
  meter.reserved.reset();
}

void UsageFold::remove_node(const Key& key, ClusterMeter& cluster, End end, std::vector<UsageInterval>& closed) {
  const auto meter = cluster.nodes.find(key.node);
  if (meter == cluster.nodes.end()) return;
  close_running(key, meter->second, end, closed);
  close_reserved(key, meter->second, end, closed);
  cluster.nodes.erase(meter);
}

void UsageFold::remove_cluster(const std::string& cluster, End end, std::vector<UsageInterval>& closed) {
  const auto known = clusters_.find(cluster);
  if (known == clusters_.end()) return;
  for (auto& [node, meter] : known->second.nodes) {
    close_running({cluster, node}, meter, end, closed);
    close_reserved({cluster, node}, meter, end, closed);
  }
  if (known->second.exists) append_cluster(known->first, known->second, end, closed);
  clusters_.erase(known);
}

void UsageFold::append_open(std::int64_t to_us, std::vector<UsageInterval>& open) const {
  std::vector<const std::pair<const std::string, ClusterMeter>*> clusters;
  clusters.reserve(clusters_.size());
  for (const auto& cluster : clusters_) clusters.push_back(&cluster);
  std::ranges::sort(clusters, {}, [](const auto* cluster) -> const std::string& { return cluster->first; });
  for (const auto* cluster : clusters) {
    for (const auto& [node, meter] : cluster->second.nodes) {
      append_running({cluster->first, node}, meter, {to_us, 0}, open);
      append_reserved({cluster->first, node}, meter, {to_us, 0}, open);
    }
  }
  for (const auto* cluster : clusters) {
    if (cluster->second.exists) append_cluster(cluster->first, cluster->second, {to_us, 0}, open);
  }
}

}  // namespace esaas::store
