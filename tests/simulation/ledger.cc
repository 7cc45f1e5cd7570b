#include "tests/simulation/ledger.h"

#include <fmt/format.h>

#include "core/events/event_kind.h"
#include "core/model/task_state.h"
#include "core/model/version.h"
#include "tests/reconcilers/placement_oracle.h"

namespace esaas::simulation {
namespace {

std::string text_of_payload(const event::Event& event) {
  const auto* reflection = event.GetReflection();
  const auto* field = reflection->GetOneofFieldDescriptor(event, event.GetDescriptor()->FindOneofByName("payload"));
  return field == nullptr ? std::string() : reflection->GetMessage(event, field).ShortDebugString();
}

/// Empty when the event intends no setting.
std::string text_of_setting(const event::Event& event) {
  switch (event.payload_case()) {
    case event::Event::kExclusionsIntended: return "exclude " + event.exclusions_intended().SerializeAsString();
    case event::Event::kMinimumMasterNodesIntended:
      return "quorum " + event.minimum_master_nodes_intended().SerializeAsString();
    case event::Event::kAllocationIntended: return "allocation " + event.allocation_intended().SerializeAsString();
    case event::Event::kVotingExclusionsIntended:
      return "votes " + event.voting_exclusions_intended().SerializeAsString();
    default: return {};
  }
}

}  // namespace

void Ledger::take(const event::Event& event) {
  if (event.time_at_us() < state_.head.time_at_us()) {
    journal_.violate(fmt::format("time goes back at event {}", event.seq()));
  }
  if (event.seq() != state_.seq() + 1) {
    journal_.violate(fmt::format("event {} follows {}", event.seq(), state_.seq()));
    return;
  }
  if (journal_.verbose()) {
    journal_.note(fmt::format("#{} {} {} {} {}", event.seq(), event.cluster(), event.operation_id(),
                              event::kind_of(event), text_of_payload(event).substr(0, 400)));
  }
  if (event.has_place_intended()) check_place(event);
  if (event.has_cluster_version_changed()) check_version(event);
  state::evolve(state_, event);
  newest_at_ = from_us(event.time_at_us());
  remember(event);
  check_usage(event);
}

void Ledger::check_version(const event::Event& event) {
  const auto before = model::parse_version(event.cluster_version_changed().before());
  const auto after = model::parse_version(event.cluster_version_changed().after());
  if (!before || !after || *after <= *before) journal_.violate("the version of " + event.cluster() + " goes back");
}

/// Where a node goes is where its group's constraints let it be, as the durable log tells it.
void Ledger::check_place(const event::Event& event) {
  const state::Cluster* cluster = state_.find_cluster(event.cluster());
  if (cluster == nullptr) return;
  const std::string broken = test::broken_by(*cluster, event.place_intended());
  if (!broken.empty()) {
    journal_.violate(
        fmt::format("{} of {} is placed wrongly: {}", event.place_intended().node(), event.cluster(), broken));
  }
}

void Ledger::remember_kill(const event::Event& event) {
  const std::string& task_id = event.task_kill_intended().task_id();
  kills_.insert(task_id);
  const state::Cluster* cluster = state_.find_cluster(event.cluster());
  const state::Node* node = cluster == nullptr ? nullptr : state::find_node_by_task(*cluster, task_id);
  if (node == nullptr || node->removing()) return;
  if (node->has_growth() || node->has_restart()) restarts_.insert(task_id);
  if (!node->has_restart()) return;
  rollouts_.insert(task_id);
  for (const state::Node& other : cluster->nodes()) {
    if (other.task().joined()) joined_at_kill_.emplace(task_id, other.task().task_id());
  }
}

void Ledger::remember(const event::Event& event) {
  ++counts_[std::string(event::kind_of(event))];
  if (event.has_task_launch_intended()) launches_.insert(event.task_launch_intended().task_id());
  if (event.has_task_kill_intended()) remember_kill(event);
  if (event.has_place_intended()) {
    mesos_operations_.insert(event.place_intended().reserve_operation());
    mesos_operations_.insert(event.place_intended().create_operation());
  }
  if (event.has_place_release_intended()) {
    mesos_operations_.insert(event.place_release_intended().destroy_operation());
    mesos_operations_.insert(event.place_release_intended().unreserve_operation());
  }
  if (event.has_place_growth_intended()) mesos_operations_.insert(event.place_growth_intended().reserve_operation());
  if (event.has_volume_growth_intended()) mesos_operations_.insert(event.volume_growth_intended().grow_operation());
  if (event.has_place_growth_release_intended()) {
    mesos_operations_.insert(event.place_growth_release_intended().unreserve_operation());
  }
  if (event.has_orphan_release_intended()) {
    mesos_operations_.insert(event.orphan_release_intended().destroy_operation());
    mesos_operations_.insert(event.orphan_release_intended().unreserve_operation());
  }
  if (event.has_mesos_operation_changed()) ended_operations_.insert(event.mesos_operation_changed().mesos_operation());
  if (std::string setting = text_of_setting(event); !setting.empty()) settings_.insert(std::move(setting));
  if (event.has_task_status_changed()) {
    statuses_[event.task_status_changed().task_id()].insert(event.task_status_changed().state());
  }
  if (event.has_operation_finished()) outcomes_[event.operation_finished().id()] = event.operation_finished().status();
  if (event.has_operation_requested()) {
    const auto& requested = event.operation_requested();
    requests_[requested.reason()].insert(requested.id());
    if (requested.has_fulfilment()) outcomes_[requested.id()] = model::OPERATION_STATUS_SUCCEEDED;
  }
}

bool Ledger::knows_operation(const std::string& id) const {
  if (ended_operations_.contains(id)) return true;
  const state::Cluster* cluster = state_.find_cluster(id.substr(0, id.find('.')));
  if (cluster == nullptr) return true;
  for (const state::Node& node : cluster->nodes()) {
    const bool reserving = node.place_status() == state::PLACE_STATUS_INTENDED &&
                           (id == node.reserve_operation() || id == node.create_operation());
    const bool releasing = node.place_status() == state::PLACE_STATUS_RELEASING &&
                           (id == node.destroy_operation() || id == node.unreserve_operation());
    const state::Growth& growth = node.growth();
    const bool growing = (growth.status() == state::GROWTH_STATUS_INTENDED && id == growth.reserve_operation()) ||
                         (growth.status() == state::GROWTH_STATUS_GROWING && id == growth.grow_operation()) ||
                         (growth.status() == state::GROWTH_STATUS_RELEASING && id == growth.unreserve_operation());
    if (reserving || releasing || growing) return false;
  }
  return true;
}

bool Ledger::setting_intended(const event::Event& intent) const { return settings_.contains(text_of_setting(intent)); }

bool Ledger::knows_status(const std::string& task_id, model::TaskState status) const {
  const auto found = statuses_.find(task_id);
  if (found != statuses_.end()) {
    for (const model::TaskState known : found->second) {
      if (known == status || model::is_terminal(known)) return true;
    }
  }
  // A task that is not its node's latest (the node may be gone) has no status that anything depends on.
  const std::string cluster_name = task_id.substr(0, task_id.find('.'));
  const state::Cluster* cluster = state_.find_cluster(cluster_name);
  return cluster == nullptr || state::find_node_by_task(*cluster, task_id) == nullptr;
}

model::OperationStatus Ledger::outcome_of(const std::string& operation_id) const {
  const auto found = outcomes_.find(operation_id);
  return found == outcomes_.end() ? model::OPERATION_STATUS_UNSPECIFIED : found->second;
}

std::size_t Ledger::requests_with_reason(const std::string& reason) const {
  const auto found = requests_.find(reason);
  return found == requests_.end() ? 0 : found->second.size();
}

void Ledger::check_usage(const event::Event& event) {
  std::vector<store::UsageInterval> closed;
  usage_.apply(event, closed);
  for (const store::UsageInterval& interval : closed) {
    ++usage_intervals_;
    std::int64_t& until = metered_until_[{interval.cluster, interval.node, interval.kind}];
    if (interval.from_us < until || interval.to_us < interval.from_us) {
      journal_.violate(fmt::format("usage of {}.{} overlaps: an interval begins at {} and the one before it ends at {}",
                                   interval.cluster, interval.node, interval.from_us, until));
    }
    until = interval.to_us;
  }
}

}  // namespace esaas::simulation
