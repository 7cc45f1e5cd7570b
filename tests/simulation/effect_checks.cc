#include "tests/simulation/effect_checks.h"

#include <fmt/format.h>

#include "core/model/ids.h"
#include "reconcilers/loop/mesos_outcomes.h"

namespace esaas::simulation {
namespace {

using mesos::wire::Offer;
using mesos::wire::scheduler::Call;
using mesos::wire::scheduler::Event;

/// The roles that resources are allocated to or reserved for.
void collect_roles(const google::protobuf::RepeatedPtrField<mesos::wire::Resource>& resources,
                   std::set<std::string>& roles) {
  for (const auto& resource : resources) {
    roles.insert(resource.allocation_info().role());
    for (const auto& reservation : resource.reservations()) roles.insert(reservation.role());
  }
}

}  // namespace

void EffectChecks::seen(const Event& event) {
  if (event.type() == Event::UPDATE && event.update().status().has_uuid()) {
    const auto& status = event.update().status();
    updates_[status.uuid()] = {status.task_id().value(), status.state()};
  }
  if (event.type() == Event::UPDATE_OPERATION_STATUS && event.update_operation_status().status().has_uuid()) {
    const auto& status = event.update_operation_status().status();
    operations_[status.uuid().value()] = {status.operation_id().value(), status.state()};
  }
}

void EffectChecks::check(const Call& call) {
  switch (call.type()) {
    case Call::ACCEPT: return check_accept(call.accept());
    case Call::KILL: return check_kill(call.kill().task_id().value());
    case Call::ACKNOWLEDGE: {
      const auto found = updates_.find(call.acknowledge().uuid());
      if (found == updates_.end()) return journal_.violate("an update is acknowledged that was never sent");
      if (!ledger_.knows_status(found->second.first, loop::to_model(found->second.second))) {
        journal_.violate("an update of " + found->second.first + " is acknowledged before it is durable");
      }
      return;
    }
    case Call::ACKNOWLEDGE_OPERATION_STATUS: {
      const auto found = operations_.find(call.acknowledge_operation_status().uuid());
      if (found == operations_.end()) return journal_.violate("an operation is acknowledged that was never sent");
      if (!ledger_.knows_operation(found->second.first)) {
        journal_.violate("the end of " + found->second.first + " is acknowledged before it is durable");
      }
      return;
    }
    default: return;
  }
}

void EffectChecks::check_accept(const Call::Accept& accept) {
  std::set<std::string> roles;
  for (const Offer::Operation& operation : accept.operations()) {
    if (operation.type() == Offer::Operation::LAUNCH) {
      for (const auto& task : operation.launch().task_infos()) {
        check_launch(task);
        collect_roles(task.resources(), roles);
      }
      continue;
    }
    collect_roles(operation.reserve().resources(), roles);
    collect_roles(operation.unreserve().resources(), roles);
    collect_roles(operation.create().volumes(), roles);
    collect_roles(operation.destroy().volumes(), roles);
    if (operation.has_grow_volume()) {
      for (const auto* resource : {&operation.grow_volume().volume(), &operation.grow_volume().addition()}) {
        roles.insert(resource->allocation_info().role());
      }
    }
    const std::string& id = operation.id().value();
    if (id.empty()) journal_.violate("an operation is sent without an id: nobody would tell its outcome");
    if (!ledger_.operation_intended(id)) journal_.violate(id + " is sent before its intent is durable");
  }
  if (roles.size() > 1) journal_.violate("one ACCEPT names more than one role: " + accept.ShortDebugString());
}

void EffectChecks::check_launch(const mesos::wire::TaskInfo& task) {
  const std::string& id = task.task_id().value();
  if (!ledger_.launch_intended(id)) journal_.violate("task " + id + " is launched before its intent is durable");
  const auto parsed = model::parse_id(id);
  const state::Cluster* cluster = parsed ? ledger_.state().find_cluster(parsed->cluster) : nullptr;
  if (cluster == nullptr) return;
  const std::string role = model::role_of_tenant(cluster->tenant());
  const state::Node* node = state::find_node(*cluster, parsed->node);
  const model::NodeGroup* group = node == nullptr ? nullptr : state::find_group(cluster->spec(), node->group());
  for (const auto& resource : task.resources()) {
    if (resource.has_revocable() && group != nullptr && !group->preemptible()) {
      journal_.violate("task " + id + " takes revocable " + resource.name());
    }
    if (resource.allocation_info().role() != role) {
      journal_.violate(fmt::format("task {} takes resources of role {}", id, resource.allocation_info().role()));
    }
  }
}

void EffectChecks::watch(Time now) {
  std::map<std::string, std::map<std::string, Time>> last_copies;
  for (const auto& [id, process] : elasticsearch_.processes()) {
    if (process.state != ElasticsearchProcess::State::kUp) continue;
    const auto before = last_copies_.find(id);
    for (const std::string& shard : elasticsearch_.last_copies_on(process.launch.cluster, process.volume, true)) {
      const bool known = before != last_copies_.end() && before->second.contains(shard);
      last_copies[id][shard] = known ? before->second.at(shard) : now;
    }
  }
  last_copies_ = std::move(last_copies);
  watched_at_ = now;
}

/// Those that an answer of Elasticsearch has told of for certain, and that are so still.
std::vector<std::string> EffectChecks::known_last_copies(const ElasticsearchProcess& process) const {
  constexpr Duration kOldestAnswer = std::chrono::seconds{35};
  std::vector<std::string> shards;
  const auto found = last_copies_.find(process.id);
  if (found == last_copies_.end()) return shards;
  for (std::string& shard : elasticsearch_.last_copies_on(process.launch.cluster, process.volume, true)) {
    const auto since = found->second.find(shard);
    if (since != found->second.end() && watched_at_ - since->second >= kOldestAnswer)
      shards.push_back(std::move(shard));
  }
  return shards;
}

/// The shard shall have no other copy, or there is no other node for one: it is away for as long as its node is.
bool EffectChecks::can_be_missed(const ElasticsearchProcess& process, const std::string& shard) const {
  const ElectedCluster* led = elasticsearch_.led_cluster(process.launch.cluster);
  if (led == nullptr) return true;
  const auto index = led->metadata().indices.find(shard.substr(0, shard.find('/')));
  if (index == led->metadata().indices.end() || index->second.replicas == 0) return true;
  return std::ranges::count_if(led->members(), [](const auto& member) { return member.second.holds_data; }) <= 1;
}

/// Suspending, deleting and a restart of all stop everything on purpose; nothing else may stop a node that holds a last
/// copy. One that is restarted keeps its data, and nobody copied anything away before: a copy elsewhere may have been
/// lost since Elasticsearch was last asked, or an index made, and what is closed is served by nobody.
void EffectChecks::check_kill(const std::string& task_id) {
  if (!ledger_.kill_intended(task_id)) journal_.violate("task " + task_id + " is killed before its intent is durable");
  const auto process = elasticsearch_.processes().find(task_id);
  const auto parsed = model::parse_id(task_id);
  if (process == elasticsearch_.processes().end() || !parsed) return;
  const state::Cluster* cluster = ledger_.state().find_cluster(parsed->cluster);
  if (cluster == nullptr || cluster->phase() != state::CLUSTER_PHASE_RUNNING) return;
  if (cluster->has_full_restart()) return;
  const auto shards = ledger_.kill_is_a_restart(task_id)
                          ? known_last_copies(process->second)
                          : elasticsearch_.last_copies_on(parsed->cluster, process->second.volume);
  for (const std::string& shard : shards) {
    if (ledger_.kill_is_a_rollout(task_id) && can_be_missed(process->second, shard)) continue;
    journal_.violate("node of task " + task_id + " is stopped while it holds the last copy of " + shard);
  }
}

}  // namespace esaas::simulation
