#include "reconcilers/embedded/model/agents.h"

#include <algorithm>

#include "reconcilers/embedded/model/frameworks.h"
#include "reconcilers/embedded/model/statuses.h"
#include "reconcilers/embedded/model/tasks.h"

namespace esaas::embedded {
namespace {

using wire::scheduler::Event;

ResourceItem scalar(const std::string& name, std::int64_t milli) {
  ResourceItem item;
  item.kind.edit().set_name(name);
  item.kind.edit().set_type(wire::Value::SCALAR);
  item.milli = milli;
  return item;
}

ResourceItem revocable(const std::string& name, std::int64_t milli) {
  ResourceItem item = scalar(name, milli);
  item.kind.edit().mutable_revocable();
  return item;
}

Result<Resources> capacity(const AgentSpec& spec) {
  if (spec.name.empty()) return fail(ErrorCode::kInvalidArgument, "an agent needs a name", "name");
  if (spec.hostname.empty()) return fail(ErrorCode::kInvalidArgument, "an agent needs a hostname", "hostname");
  if (spec.zone.empty() != spec.region.empty()) {
    return fail(ErrorCode::kInvalidArgument, "agent " + spec.name + ": a zone and a region belong together", "zone");
  }
  if (spec.cpus_milli < 0 || spec.mem_mib < 0 || spec.disk_mib < 0 || spec.port_end < spec.port_begin ||
      spec.revocable_cpus_milli < 0 || spec.revocable_mem_mib < 0) {
    return fail(ErrorCode::kInvalidArgument, "agent " + spec.name + ": a resource is negative", "resources");
  }
  Resources total;
  total.add(scalar("cpus", spec.cpus_milli));
  total.add(scalar("mem", spec.mem_mib * 1000));
  total.add(scalar("disk", spec.disk_mib * 1000));
  for (const DiskSpec& disk : spec.disks) {
    if (disk.mib < 0) return fail(ErrorCode::kInvalidArgument, "agent " + spec.name + ": a disk is negative", "disks");
    ResourceItem item = scalar("disk", disk.mib * 1000);
    *item.kind.edit().mutable_disk()->mutable_source() = disk.source;
    total.add(item);
  }
  if (spec.port_end != 0) {
    ResourceItem ports;
    ports.kind.edit().set_name("ports");
    ports.kind.edit().set_type(wire::Value::RANGES);
    ports.ranges.add({spec.port_begin, spec.port_end});
    total.add(ports);
  }
  total.add(revocable("cpus", spec.revocable_cpus_milli));
  total.add(revocable("mem", spec.revocable_mem_mib * 1000));
  if (total.empty()) return fail(ErrorCode::kInvalidArgument, "agent " + spec.name + " has no resources", "resources");
  return total;
}

/// All as if nothing was reserved: the reservations are taken off, volumes are plain disk again.
Resources flatten(const Resources& resources) {
  Resources flat;
  for (const auto& [key, item] : resources.items()) {
    ResourceItem plain = item;
    plain.kind.edit().clear_reservations();
    plain.kind.edit().mutable_disk()->clear_persistence();
    plain.kind.edit().mutable_disk()->clear_volume();
    if (!plain.kind->disk().has_source()) plain.kind.edit().clear_disk();
    flat.add(plain);
  }
  return flat;
}

/// The new total: what is reserved stays as it is, the rest is what `capacity` leaves.
Result<Resources> resize(const Agent& agent, const Resources& capacity) {
  Resources reserved = agent.total;
  reserved.subtract(agent.total.unreserved());
  const Resources taken = flatten(reserved);
  if (!capacity.contains(taken)) {
    return fail(ErrorCode::kConflict, "agent " + agent.record.name() + " cannot become " + capacity.to_text() +
                                          ": reserved on it is " + taken.to_text());
  }
  Resources total = capacity;
  total.subtract(taken);
  total.add(reserved);
  if (!total.contains(agent.used)) {
    return fail(ErrorCode::kConflict, "agent " + agent.record.name() + " cannot become " + capacity.to_text() +
                                          ": tasks on it use " + agent.used.to_text());
  }
  return total;
}

void rescind_offers(World& world, const std::string& agent_id) {
  std::vector<std::string> ids;
  for (const auto& [id, offer] : world.offers) {
    if (offer.agent_id == agent_id) ids.push_back(id);
  }
  for (const std::string& id : ids) world.end_offer(id, true);
}

void describe(Agent& agent, const AgentSpec& spec) {
  agent.record.set_name(spec.name);
  agent.record.set_hostname(spec.hostname);
  agent.record.set_cannot_resize_volumes(!spec.resizes_volumes);
  agent.record.clear_attributes();
  for (const auto& [name, value] : spec.attributes) {
    auto* attribute = agent.record.add_attributes();
    attribute->set_name(name);
    attribute->set_type(wire::Value::TEXT);
    attribute->mutable_text()->set_value(value);
  }
  agent.record.clear_domain();
  if (spec.zone.empty()) return;
  auto& domain = *agent.record.mutable_domain()->mutable_fault_domain();
  domain.mutable_region()->set_name(spec.region);
  domain.mutable_zone()->set_name(spec.zone);
}

void send_failure(World& world, const std::string& agent_id) {
  for (const auto& [id, framework] : world.frameworks) {
    Event event;
    event.set_type(Event::FAILURE);
    event.mutable_failure()->mutable_agent_id()->set_value(agent_id);
    world.send(framework, std::move(event));
  }
}

/// What is said about every live task and every operation of an agent that is away.
struct Verdict {
  wire::TaskState task_state;
  wire::TaskStatus::Reason reason;
  const char* task_text;
  wire::OperationState operation_state;
  const char* operation_text;
  std::int64_t unreachable_at_us;
};

void tell_away(World& world, const std::string& agent_id, const Verdict& verdict, Time now) {
  for (auto& [key, task] : world.tasks) {
    const auto framework = world.frameworks.find(key.framework_id);
    const bool concerns =
        task.agent_id() == agent_id && framework != world.frameworks.end() && !is_terminal(task.master_view.state());
    if (!concerns) continue;
    wire::TaskStatus status = master_status(key.task_id, agent_id, state_for(framework->second, verdict.task_state),
                                            verdict.reason, verdict.task_text, now);
    if (verdict.unreachable_at_us != 0) {
      status.mutable_unreachable_time()->set_nanoseconds(verdict.unreachable_at_us * 1000);
    }
    send_task_status(world, framework->second, std::move(status));
  }
  for (const auto& [key, operation] : world.operations) {
    const auto framework = world.frameworks.find(key.first);
    if (operation.record.status().agent_id().value() != agent_id || framework == world.frameworks.end()) continue;
    send_operation_status(world, framework->second,
                          operation_status(key.second, agent_id, verdict.operation_state, verdict.operation_text));
  }
  send_failure(world, agent_id);
}

void give_up(World& world, Agent& agent, Time now) {
  agent.condition = AgentCondition::kUnreachable;
  agent.record.set_unreachable_at_us(to_us(now));
  world.changed();
  tell_away(world, agent.id(),
            {wire::TASK_UNREACHABLE, wire::TaskStatus::REASON_AGENT_REMOVED, "health check timed out",
             wire::OPERATION_UNREACHABLE, "Agent was marked unreachable", to_us(now)},
            now);
}

void tell_returned(World& world, const std::string& agent_id, Time now) {
  for (auto& [key, task] : world.tasks) {
    const auto framework = world.frameworks.find(key.framework_id);
    if (task.agent_id() != agent_id || task.record.orphaned() || framework == world.frameworks.end()) continue;
    wire::TaskStatus status =
        master_status(key.task_id, agent_id, task.master_view.state(), wire::TaskStatus::REASON_AGENT_REREGISTERED,
                      "Unreachable agent re-reregistered", now);
    send_task_status(world, framework->second, std::move(status));
  }
}

}  // namespace

Result<std::string> add_agent(World& world, const AgentSpec& spec, Time now) {
  ESAAS_TRY(const Resources wanted, capacity(spec));
  for (auto& [id, agent] : world.agents) {
    if (agent.record.name() != spec.name) continue;
    ESAAS_TRY(Resources total, resize(agent, wanted));
    rescind_offers(world, id);
    agent.total = std::move(total);
    describe(agent, spec);
    world.changed();
    std::string known = id;
    return_agent(world, known, now);
    world.allocate_by(now);
    return known;
  }
  std::string id = world.options.master_id + "-S" + std::to_string(world.agents_made++);
  Agent& agent = world.agents[id];
  agent.record.set_id(id);
  agent.total = wanted;
  describe(agent, spec);
  world.changed();
  world.allocate_by(now);
  return id;
}

void lose_agent(World& world, const std::string& agent_id, Time now) {
  const auto place = world.agents.find(agent_id);
  if (place == world.agents.end() || !place->second.registered()) return;
  place->second.condition = AgentCondition::kDisconnected;
  place->second.unreachable_due = now + world.options.agent_timeout;
  rescind_offers(world, agent_id);
}

void return_agent(World& world, const std::string& agent_id, Time now) {
  const auto place = world.agents.find(agent_id);
  if (place == world.agents.end() || place->second.registered()) return;
  Agent& agent = place->second;
  const bool was_unreachable = agent.condition == AgentCondition::kUnreachable;
  agent.condition = AgentCondition::kRegistered;
  agent.record.set_unreachable_at_us(0);
  world.changed();
  for (auto& [key, task] : world.tasks) {
    if (task.agent_id() != agent_id) continue;
    refresh_master_view(world, task);
    if (task.record.kill_requested() && !is_terminal(task.record.latest().state())) command_kill(world, task);
  }
  if (was_unreachable) tell_returned(world, agent_id, now);
  resend_from_agent(world, agent_id, now);
  world.allocate_by(now);
}

/// Its tasks and operations are forgotten; what may still run is ended.
void forget_work(World& world, const std::string& agent_id) {
  for (auto place = world.tasks.begin(); place != world.tasks.end();) {
    if (place->second.agent_id() != agent_id) {
      ++place;
      continue;
    }
    if (!is_terminal(place->second.record.latest().state())) command_kill(world, place->second);
    place = world.tasks.erase(place);
  }
  std::erase_if(world.operations,
                [&](const auto& each) { return each.second.record.status().agent_id().value() == agent_id; });
  for (auto& [id, framework] : world.frameworks) {
    std::erase_if(framework.filters, [&](const auto& each) { return each.first.second == agent_id; });
  }
}

bool remove_agent(World& world, const std::string& agent_id, Time now) {
  if (!world.agents.contains(agent_id)) return false;
  rescind_offers(world, agent_id);
  tell_away(world, agent_id,
            {wire::TASK_GONE_BY_OPERATOR, wire::TaskStatus::REASON_AGENT_REMOVED_BY_OPERATOR,
             "Agent has been marked gone", wire::OPERATION_GONE_BY_OPERATOR, "Agent has been marked gone", 0},
            now);
  forget_work(world, agent_id);
  world.agents.erase(agent_id);
  world.gone_agents.insert(agent_id);
  world.changed();
  return true;
}

/// A real master learns of it when the new agent registers from the old one's address: it removes the old one, whose
/// tasks are gone, unless it had given up on it before; then it goes on calling them unreachable.
std::optional<std::string> renew_agent(World& world, const std::string& agent_id, Time now) {
  const auto place = world.agents.find(agent_id);
  if (place == world.agents.end()) return std::nullopt;
  rescind_offers(world, agent_id);
  if (place->second.condition == AgentCondition::kUnreachable) {
    world.replaced_agents[agent_id] = place->second.record.unreachable_at_us();
  } else {
    tell_away(world, agent_id,
              {wire::TASK_GONE, wire::TaskStatus::REASON_AGENT_REMOVED, "a new agent registered at the same address",
               wire::OPERATION_GONE_BY_OPERATOR, "a new agent registered at the same address", 0},
              now);
  }
  forget_work(world, agent_id);
  std::string id = world.options.master_id + "-S" + std::to_string(world.agents_made++);
  Agent agent;
  agent.record = place->second.record;
  agent.record.set_id(id);
  agent.record.set_unreachable_at_us(0);
  agent.total = place->second.total;
  world.agents.erase(place);
  world.agents.emplace(id, std::move(agent));
  world.changed();
  world.allocate_by(now);
  return id;
}

void fail_over(World& world, Time now) {
  for (auto& [id, framework] : world.frameworks) {
    if (!framework.stream) continue;
    world.outputs.closed.push_back(*framework.stream);
    disconnect_framework(world, framework, now);
  }
  for (auto& [id, agent] : world.agents) {
    if (agent.condition == AgentCondition::kUnreachable) continue;
    agent.condition = AgentCondition::kRecovering;
    agent.unreachable_due = now + world.options.recovery_timeout;
  }
  ++world.incarnation;
  world.ids_made = 0;
  world.changed();
}

std::optional<Time> tick_agents(World& world, Time now) {
  std::optional<Time> next;
  for (auto& [id, agent] : world.agents) {
    const bool waits =
        agent.condition == AgentCondition::kDisconnected || agent.condition == AgentCondition::kRecovering;
    if (!waits) continue;
    if (agent.unreachable_due <= now) {
      give_up(world, agent, now);
    } else {
      next = std::min(next.value_or(agent.unreachable_due), agent.unreachable_due);
    }
  }
  return next;
}

}  // namespace esaas::embedded
