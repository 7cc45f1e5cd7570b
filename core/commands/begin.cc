#include "core/commands/begin.h"

#include "core/commands/checks.h"

namespace esaas::command {

event::Event started(const std::string& operation_id) {
  event::Event event;
  event.mutable_operation_started()->set_id(operation_id);
  return event;
}

event::Event finished(const std::string& operation_id, model::OperationStatus status, std::string detail) {
  event::Event event;
  auto& payload = *event.mutable_operation_finished();
  payload.set_id(operation_id);
  payload.set_status(status);
  payload.set_detail(std::move(detail));
  return event;
}

event::Event scaled(const std::string& group, std::uint32_t before, std::uint32_t after) {
  event::Event event;
  auto& payload = *event.mutable_node_group_scaled();
  payload.set_group(group);
  payload.set_count_before(before);
  payload.set_count_after(after);
  return event;
}

event::Event resized(const std::string& group, const model::Resources& before, const model::Resources& after) {
  event::Event event;
  auto& payload = *event.mutable_node_group_resized();
  payload.set_group(group);
  *payload.mutable_before() = before;
  *payload.mutable_after() = after;
  return event;
}

Result<void> must_run(const state::Cluster& cluster) {
  if (cluster.phase() == state::CLUSTER_PHASE_RUNNING) return {};
  return fail(ErrorCode::kConflict, "cluster " + cluster.name() + " is suspended: resume it first", "",
              "cluster_running");
}

Result<const model::NodeGroup*> group_of(const state::Cluster& cluster, const std::string& name) {
  if (const auto* group = state::find_group(cluster.spec(), name)) return group;
  std::string known;
  for (const auto& group : cluster.spec().node_groups()) known += (known.empty() ? "" : ", ") + group.name();
  return refuse("group", "cluster " + cluster.name() + " has " + known + ", not " + name, "known_group");
}

Result<const model::NodeGroup*> elasticsearch_group_of(const state::Cluster& cluster, const std::string& name) {
  ESAAS_TRY(const model::NodeGroup* group, group_of(cluster, name));
  if (!state::is_companion(*group)) return group;
  return refuse("group", name + " is a companion: change it as " + (state::is_proxy(*group) ? "proxies" : "kibana"),
                "group_of_elasticsearch");
}

model::Resources with(model::Resources before, const model::Resources& wanted) {
  if (wanted.cpus_milli() != 0) before.set_cpus_milli(wanted.cpus_milli());
  if (wanted.mem_mib() != 0) before.set_mem_mib(wanted.mem_mib());
  if (wanted.disk_mib() != 0) before.set_disk_mib(wanted.disk_mib());
  return before;
}

bool same(const model::Resources& left, const model::Resources& right) {
  return left.cpus_milli() == right.cpus_milli() && left.mem_mib() == right.mem_mib() &&
         left.disk_mib() == right.disk_mib();
}

}  // namespace esaas::command
