#include "tests/simulation/effect_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/model/ids.h"
#include "reconcilers/loop/mesos_outcomes.h"
#include "tests/simulation/voting_configuration.h"

namespace esaas::simulation {
namespace {

using mesos::wire::Offer;
using mesos::wire::scheduler::Call;
using mesos::wire::scheduler::Event;

/// No decision rests on what is older.
constexpr Duration kOldestAnswer = std::chrono::seconds{35};

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

/// A version that nobody can go back from is wanted only when the snapshot that was asked for is there.
void EffectChecks::check(const event::Event& event) {
  if (!event.has_cluster_version_changed()) return;
  const state::Cluster* cluster = ledger_.state().find_cluster(event.cluster());
  const state::Operation* operation = ledger_.state().find_operation(event.operation_id());
  if (cluster == nullptr || operation == nullptr || operation->request().upgrade().repository().empty()) return;
  const std::string& repository = operation->request().upgrade().repository();
  const std::string name = "before-" + operation->id();
  const auto snapshots = elasticsearch_.snapshots(event.cluster(), repository, name);
  if (snapshots.size() == 1 && snapshots[0].state == "SUCCESS") return;
  journal_.violate("cluster " + event.cluster() + " is upgraded before snapshot " + repository + "/" + name);
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
  std::map<std::string, std::map<std::string, LastCopy>> last_copies;
  for (const auto& [id, process] : elasticsearch_.processes()) {
    if (process.state != ElasticsearchProcess::State::kUp) continue;
    const auto before = last_copies_.find(id);
    for (const std::string& shard : elasticsearch_.last_copies_on(process.launch.cluster, process.volume, true)) {
      const bool known = before != last_copies_.end() && before->second.contains(shard);
      LastCopy& copy = last_copies[id][shard] = known ? before->second.at(shard) : LastCopy{now, {}};
      if (can_be_missed(process, shard)) {
        copy.needed_since.reset();
      } else if (!copy.needed_since) {
        copy.needed_since = now;
      }
    }
  }
  last_copies_ = std::move(last_copies);
  watch_voters(now);
  watched_at_ = now;
}

void EffectChecks::watch_voters(Time now) {
  for (const auto& [id, process] : elasticsearch_.processes()) {
    if (process.state != ElasticsearchProcess::State::kUp || !process.launch.master_eligible) continue;
    const ElectedCluster* led = elasticsearch_.led_cluster(process.launch.cluster);
    if (led != nullptr && led->members().contains(process.node_id)) voters_seen_[process.node_id] = now;
  }
}

/// Without the node there is still a majority of voters: of those that are there, or were when the newest answer of
/// Elasticsearch may have been given. Whoever leaves for good has no vote any more. Of one or two masters none can be
/// missed, and a restart takes their votes away for a while.
void EffectChecks::check_vote(const ElasticsearchProcess& process, const state::Cluster& cluster) {
  const ElectedCluster* led = elasticsearch_.led_cluster(cluster.name());
  if (led == nullptr || !led->members().contains(process.node_id)) return;
  const std::set<std::string>& voting = led->metadata().voting;
  if (!voting.contains(process.node_id)) return;
  if (!ledger_.kill_is_a_restart(process.id)) {
    return journal_.violate("the node of task " + process.id + " leaves and its vote counts still");
  }
  std::set<std::string> others;
  for (const std::string& id : voting) {
    const auto seen = voters_seen_.find(id);
    const bool was_there = seen != voters_seen_.end() && clock_.now() - seen->second < kOldestAnswer;
    const bool is_there = led->members().contains(id) || was_there;
    if (id != process.node_id && is_there) others.insert(id);
  }
  const auto masters = std::ranges::count_if(cluster.nodes(), [&](const state::Node& node) {
    const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
    return group != nullptr && state::is_master_eligible(*group) && !node.removing();
  });
  if (has_majority(voting, others) || (ledger_.kill_is_a_rollout(process.id) && masters <= 2)) return;
  journal_.violate(fmt::format("the node of task {} is stopped while {} of {} votes are left", process.id,
                               others.size(), voting.size()));
}

/// Those that an answer of Elasticsearch has told of for certain, and that are so still. A rollout may miss some: what
/// made a copy one that can not be missed (more replicas, say) has been told for certain too.
std::vector<std::string> EffectChecks::known_last_copies(const ElasticsearchProcess& process, bool rollout) const {
  std::vector<std::string> shards;
  const auto found = last_copies_.find(process.id);
  if (found == last_copies_.end()) return shards;
  const auto is_told = [&](const std::optional<Time>& since) { return since && watched_at_ - *since >= kOldestAnswer; };
  for (std::string& shard : elasticsearch_.last_copies_on(process.launch.cluster, process.volume, true)) {
    const auto copy = found->second.find(shard);
    if (copy == found->second.end() || !is_told(copy->second.since)) continue;
    if (rollout && (can_be_missed(process, shard) || !is_told(copy->second.needed_since))) continue;
    shards.push_back(std::move(shard));
  }
  return shards;
}

/// Nothing goes to a member that is restarted through any proxy that answers, or it was given half a minute.
void EffectChecks::check_drained(const std::string& task_id, const state::Cluster& cluster) {
  constexpr Duration kPatience = std::chrono::seconds{30};
  const state::Node* node = state::find_node_by_task(cluster, task_id);
  if (node == nullptr || !node->task().joined()) return;
  if (node->shielded_at_us() != 0 && clock_.now() - from_us(node->shielded_at_us()) >= kPatience) return;
  for (const auto& [id, process] : proxies_.processes()) {
    const state::Node* proxy = state::find_node_by_task(cluster, id);
    if (proxy == nullptr || !proxy->task().joined() || !proxies_.uses(process, node->name())) continue;
    if (!ledger_.was_joined_at_kill(task_id, id)) continue;  // it answered nobody when that was decided
    journal_.violate("the node of task " + task_id + " is stopped while proxy " + id + " sends it requests");
  }
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
  check_vote(process->second, *cluster);
  const bool is_rollout = ledger_.kill_is_a_rollout(task_id);
  if (is_rollout) check_drained(task_id, *cluster);
  const auto shards = ledger_.kill_is_a_restart(task_id)
                          ? known_last_copies(process->second, is_rollout)
                          : elasticsearch_.last_copies_on(parsed->cluster, process->second.volume);
  for (const std::string& shard : shards) {
    journal_.violate("node of task " + task_id + " is stopped while it holds the last copy of " + shard);
  }
}

}  // namespace esaas::simulation
