#include "reconcilers/embedded/model/state_codec.h"

#include <algorithm>

namespace esaas::embedded {
namespace {

constexpr std::uint32_t kFormat = 1;

std::unexpected<Error> corrupt(const std::string& what) {
  return fail(ErrorCode::kDataLoss, "the state of the embedded Mesos contradicts itself: " + what);
}

Result<void> restore_agents(World& world, const State& state, Time now) {
  for (const AgentRecord& record : state.agents()) {
    Agent agent;
    agent.record = record;
    auto total = Resources::parse(record.total());
    if (!total) return corrupt("agent " + record.id() + ": " + total.error().detail);
    agent.total = std::move(*total);
    agent.condition = record.unreachable_at_us() != 0 ? AgentCondition::kUnreachable : AgentCondition::kRecovering;
    agent.unreachable_due = now + world.options.recovery_timeout;
    world.agents.emplace(record.id(), std::move(agent));
  }
  return {};
}

Result<void> restore_tasks(World& world, const State& state, Time now) {
  for (const TaskRecord& record : state.tasks()) {
    Task task;
    task.record = record;
    const std::string& id = record.info().task_id().value();
    auto resources = Resources::parse(record.info().resources());
    if (!resources) return corrupt("task " + id + ": " + resources.error().detail);
    task.resources = std::move(*resources);
    task.master_view = record.pending().empty() ? record.latest() : record.pending(0);
    task.retry = {now, world.options.retry_min};
    const auto agent = world.agents.find(task.agent_id());
    if (agent == world.agents.end()) return corrupt("task " + id + " runs on an unknown agent");
    if (!is_terminal(record.latest().state())) {
      Resources used = agent->second.used;
      used.add(task.resources);
      if (!agent->second.total.contains(used)) return corrupt("task " + id + " uses what its agent does not have");
      agent->second.used = std::move(used);
    }
    world.tasks.emplace(task.key(), std::move(task));
  }
  return {};
}

}  // namespace

State to_state(const World& world) {
  State state;
  state.set_format(kFormat);
  state.set_master_id(world.options.master_id);
  state.set_incarnation(world.incarnation);
  state.set_frameworks_made(world.frameworks_made);
  state.set_agents_made(world.agents_made);
  for (const auto& [id, agent] : world.agents) {
    AgentRecord* record = state.add_agents();
    *record = agent.record;
    *record->mutable_total() = agent.total.to_wire();
  }
  for (const auto& [id, framework] : world.frameworks) *state.add_frameworks() = framework.record;
  for (const auto& [key, task] : world.tasks) *state.add_tasks() = task.record;
  for (const auto& [key, operation] : world.operations) *state.add_operations() = operation.record;
  for (const std::string& id : world.removed_frameworks) state.add_removed_frameworks(id);
  for (const std::string& id : world.gone_agents) state.add_gone_agents(id);
  for (const auto& [role, quota] : world.quotas) *state.add_quotas() = quota;
  for (const auto& [id, unreachable_at_us] : world.replaced_agents) {
    ReplacedAgent* replaced = state.add_replaced_agents();
    replaced->set_id(id);
    replaced->set_unreachable_at_us(unreachable_at_us);
  }
  return state;
}

Result<std::unique_ptr<World>> to_world(ModelOptions options, const State& state, Time now) {
  if (state.format() != kFormat) {
    return fail(ErrorCode::kUnsupportedVersion, "the state of the embedded Mesos has format " +
                                                    std::to_string(state.format()) + ", this program knows format " +
                                                    std::to_string(kFormat));
  }
  if (state.master_id().empty()) return corrupt("it names no master");
  auto world = std::make_unique<World>();
  world->options = std::move(options);
  world->options.master_id = state.master_id();
  world->incarnation = state.incarnation() + 1;
  world->frameworks_made = state.frameworks_made();
  world->agents_made = state.agents_made();
  ESAAS_CHECK(restore_agents(*world, state, now));
  for (const FrameworkRecord& record : state.frameworks()) {
    Framework framework;
    framework.record = record;
    // Its stream ended with the last run, at a moment that nobody saw: the timeout runs from now.
    if (record.disconnected_at_us() == 0) framework.record.set_disconnected_at_us(to_us(now));
    world->frameworks.emplace(record.info().id().value(), std::move(framework));
  }
  ESAAS_CHECK(restore_tasks(*world, state, now));
  for (const OperationRecord& record : state.operations()) {
    Operation operation{record, {now, world->options.retry_min}};
    world->operations.emplace(std::pair(record.framework_id(), record.status().operation_id().value()),
                              std::move(operation));
  }
  world->removed_frameworks.assign(state.removed_frameworks().begin(), state.removed_frameworks().end());
  world->gone_agents.insert(state.gone_agents().begin(), state.gone_agents().end());
  for (const auto& quota : state.quotas()) world->quotas.insert_or_assign(quota.role(), quota);
  for (const auto& replaced : state.replaced_agents()) {
    world->replaced_agents.emplace(replaced.id(), replaced.unreachable_at_us());
  }
  world->changed();
  return world;
}

}  // namespace esaas::embedded
