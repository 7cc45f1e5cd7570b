#include "reconcilers/embedded/model/accept.h"

#include <set>

#include "core/base/assert.h"
#include "reconcilers/embedded/model/offers.h"
#include "reconcilers/embedded/model/operations.h"
#include "reconcilers/embedded/model/statuses.h"
#include "reconcilers/embedded/model/task_checks.h"
#include "reconcilers/embedded/model/tasks.h"

namespace esaas::embedded {
namespace {

using Type = wire::Offer::Operation;
using wire::scheduler::Call;

/// What one ACCEPT works on: the agent, and what of the accepted offers is not spent yet.
struct Pool {
  Agent& agent;
  std::string role;
  Resources left;
};

bool is_launch(const Type& operation) {
  return operation.type() == Type::LAUNCH || operation.type() == Type::LAUNCH_GROUP;
}

/// The framework hears of a refused operation only if it gave it an id.
void send_operation_error(World& world, const Framework& framework, const Type& operation, const std::string& text) {
  if (!operation.has_id()) return;
  send_operation_status(world, framework, operation_status(operation.id().value(), {}, wire::OPERATION_ERROR, text));
}

void send_task_error(World& world, const Framework& framework, const wire::TaskInfo& task, const std::string& text,
                     Time now) {
  send_task_status(world, framework,
                   master_status(task.task_id().value(), task.agent_id().value(), wire::TASK_ERROR,
                                 wire::TaskStatus::REASON_TASK_INVALID, text, now));
}

/// The master's sentence when the offers cannot be accepted together.
std::optional<std::string> invalid_offers(const World& world, const Framework& framework, const Call::Accept& accept) {
  if (accept.offer_ids().empty()) return "No offers specified";
  std::set<std::string> seen;
  const Offer* first = nullptr;
  for (const auto& id : accept.offer_ids()) {
    const auto place = world.offers.find(id.value());
    if (place == world.offers.end()) return "Offer " + id.value() + " is no longer valid";
    const Offer& offer = place->second;
    if (!seen.insert(id.value()).second) return "Duplicate offer " + id.value() + " in offer list";
    if (offer.framework_id != framework.id()) {
      return "Offer " + id.value() + " has invalid framework " + offer.framework_id + " while framework " +
             framework.id() + " is expected";
    }
    if (first == nullptr) first = &offer;
    if (offer.role != first->role) {
      return "Aggregating offers must have the same allocation role: found " + first->role + " and " + offer.role;
    }
    if (offer.agent_id != first->agent_id) {
      return "Aggregated offers must belong to one single agent. Offer " + id.value() + " uses agent " +
             offer.agent_id + " and agent " + first->agent_id;
    }
  }
  return std::nullopt;
}

void refuse_all(World& world, Framework& framework, const Call::Accept& accept, const std::string& fault, Time now) {
  for (const auto& id : accept.offer_ids()) {
    const auto place = world.offers.find(id.value());
    if (place == world.offers.end() || place->second.framework_id != framework.id()) continue;
    world.end_offer(id.value(), false);
  }
  world.allocate_by(now + world.options.allocation_interval);
  for (const Type& operation : accept.operations()) {
    if (!is_launch(operation)) {
      send_operation_error(world, framework, operation, "Operation attempted with invalid offers: " + fault);
      continue;
    }
    for (const wire::TaskInfo& task : operation.launch().task_infos()) {
      send_task_status(
          world, framework,
          master_status(task.task_id().value(), task.agent_id().value(), state_for(framework, wire::TASK_DROPPED),
                        wire::TaskStatus::REASON_INVALID_OFFERS, "Task launched with invalid offers: " + fault, now));
    }
  }
}

std::string agent_text(const World& world, const Agent& agent) {
  return agent.id() + " at " + agent.record.name() + "@" + agent.record.hostname() + ":" +
         std::to_string(world.options.port) + " (" + agent.record.hostname() + ")";
}

void finish_operation(World& world, Framework& framework, const Agent& agent, const Type& operation, Time now) {
  if (!operation.has_id()) return;
  Operation done;
  done.record.set_framework_id(framework.id());
  *done.record.mutable_status() = operation_status(operation.id().value(), agent.id(), wire::OPERATION_FINISHED);
  done.record.mutable_status()->mutable_uuid()->set_value(world.new_uuid());
  start_retry(done.retry, world.options, now);
  send_operation_status(world, framework, done.record.status());
  world.operations.insert_or_assign({framework.id(), operation.id().value()}, std::move(done));
}

void carry_out(World& world, Framework& framework, Pool& pool, const Type& operation, Time now) {
  if (operation.type() == Type::RESERVE && operation.reserve().source_size() > 0) {
    send_operation_error(world, framework, operation,
                         "Operation attempted with invalid resources: Reservation updates are not yet implemented "
                         "for the scheduler API.");
    return;
  }
  if (operation.has_id() && world.operations.contains({framework.id(), operation.id().value()})) {
    send_operation_error(world, framework, operation,
                         "Operation '" + operation.id().value() + "' exists and is not acknowledged");
    return;
  }
  if (world.operations.size() >= world.options.operations_max) {
    send_operation_error(world, framework, operation, "Too many operations are not acknowledged");
    return;
  }
  std::optional<std::string> principal;
  if (framework.record.info().has_principal()) principal = framework.record.info().principal();
  const OperationContext context{pool.role, principal, agent_text(world, pool.agent), pool.agent.total,
                                 !pool.agent.record.cannot_resize_volumes()};
  const auto conversion = convert(operation, context, pool.left);
  if (!conversion) {
    send_operation_error(world, framework, operation, conversion.error().detail);
    return;
  }
  pool.left.subtract(conversion->consumed);
  // What comes of a volume that grows can not be used by what follows in the same call.
  if (operation.type() != Type::GROW_VOLUME) pool.left.add(conversion->converted);
  pool.agent.total.subtract(conversion->consumed);
  pool.agent.total.add(conversion->converted);
  for (const ResourceItem& volume : conversion->destroyed) {
    world.outputs.destroyed_volumes.push_back(
        {pool.agent.record.name(), std::string(volume.role()), volume.kind->disk().persistence().id()});
  }
  world.changed();
  finish_operation(world, framework, pool.agent, operation, now);
}

void launch(World& world, Framework& framework, Pool& pool, const Type& operation, Time now) {
  for (const wire::TaskInfo& info : operation.launch().task_infos()) {
    if (operation.has_id()) {
      send_task_error(world, framework, info, "The `id` field cannot be set on LAUNCH operations", now);
      continue;
    }
    auto resources = check_task(world, framework, pool.agent, pool.role, pool.left, info);
    if (!resources) {
      send_task_error(world, framework, info, resources.error().detail, now);
      continue;
    }
    pool.left.subtract(*resources);
    pool.agent.used.add(*resources);
    start_task(world, framework, info, std::move(*resources), pool.role, now);
  }
}

void carry_out_or_refuse(World& world, Framework& framework, Pool& pool, const Type& operation, Time now) {
  switch (operation.type()) {
    case Type::LAUNCH: launch(world, framework, pool, operation, now); return;
    case Type::RESERVE:
    case Type::UNRESERVE:
    case Type::CREATE:
    case Type::DESTROY:
    case Type::GROW_VOLUME: carry_out(world, framework, pool, operation, now); return;
    default:
      send_operation_error(world, framework, operation,
                           Type::Type_Name(operation.type()) + " is not supported by the embedded Mesos");
  }
}

}  // namespace

void accept(World& world, Framework& framework, const Call::Accept& accept, Time now) {
  if (const auto fault = invalid_offers(world, framework, accept)) {
    refuse_all(world, framework, accept, *fault, now);
    return;
  }
  const Offer first = world.offers.at(accept.offer_ids(0).value());
  Pool pool{world.agents.at(first.agent_id), first.role, {}};
  for (const auto& id : accept.offer_ids()) {
    pool.left.add(world.offers.at(id.value()).resources);
    world.end_offer(id.value(), false);
  }
  for (const Type& operation : accept.operations()) {
    carry_out_or_refuse(world, framework, pool, operation, now);
  }
  add_filter(world, framework, pool.role, pool.agent.id(), pool.left, accept.filters(), now);
}

}  // namespace esaas::embedded
