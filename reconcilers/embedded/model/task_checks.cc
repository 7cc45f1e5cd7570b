#include "reconcilers/embedded/model/task_checks.h"

#include <algorithm>
#include <cctype>
#include <map>

namespace esaas::embedded {
namespace {

std::unexpected<Error> refuse(std::string text) { return fail(ErrorCode::kInvalidArgument, std::move(text)); }

/// Ids become names of directories.
Result<void> check_id(const std::string& id) {
  if (id.empty()) return refuse("TaskID must not be empty");
  if (id.size() > 255) return refuse("TaskID '" + id + "' must not be greater than 255 characters");
  if (id == "." || id == "..") return refuse("TaskID '" + id + "' is disallowed");
  const bool bad = std::any_of(id.begin(), id.end(), [](unsigned char each) {
    return std::iscntrl(each) != 0 || std::isspace(each) != 0 || each == '/' || each == '\\';
  });
  if (bad) return refuse("TaskID '" + id + "' contains invalid characters");
  return {};
}

Result<void> check_command(const wire::TaskInfo& task) {
  if (!task.has_command()) {
    return refuse("Task should have at least one (but not both) of CommandInfo or ExecutorInfo present");
  }
  const wire::CommandInfo& command = task.command();
  if (!command.has_value() || command.value().empty()) {
    return refuse(command.shell() ? "Shell command is not specified" : "Executable of command is not specified");
  }
  for (const auto& variable : command.environment().variables()) {
    if (variable.type() == wire::Environment::Variable::SECRET) {
      return refuse("Environment variable '" + variable.name() + "' of type 'SECRET' is not supported");
    }
    if (!variable.has_value()) {
      return refuse("Environment variable '" + variable.name() + "' of type 'VALUE' must have a value set");
    }
  }
  if (task.has_container() && task.container().type() != wire::ContainerInfo::MESOS) {
    return refuse("Only tasks without a container image are supported by the embedded Mesos");
  }
  return {};
}

Result<void> check_kill_policy(const wire::TaskInfo& task) {
  if (task.kill_policy().grace_period().nanoseconds() < 0) {
    return refuse("Task's 'kill_policy.grace_period' must be non-negative");
  }
  return {};
}

Result<void> check_allocation(const wire::TaskInfo& task, const std::string& role) {
  for (const auto& resource : task.resources()) {
    if (resource.has_allocation_info() && resource.allocation_info().role() != role) {
      return refuse("Task uses resources allocated to role '" + resource.allocation_info().role() +
                    "', the offer is allocated to role '" + role + "'");
    }
  }
  return {};
}

Result<void> check_revocable(const Resources& resources) {
  std::map<std::string, bool> is_revocable;
  for (const auto& [key, item] : resources.items()) {
    const auto [place, is_new] = is_revocable.try_emplace(item.kind->name(), item.is_revocable());
    if (is_new || place->second == item.is_revocable()) continue;
    return refuse("Cannot use both revocable and non-revocable '" + item.kind->name() + "' at the same time");
  }
  return {};
}

}  // namespace

Result<Resources> check_task(const World& world, const Framework& framework, const Agent& agent,
                             const std::string& role, const Resources& available, const wire::TaskInfo& task) {
  ESAAS_CHECK(check_id(task.task_id().value()));
  if (world.tasks.contains({framework.id(), task.task_id().value()})) {
    return refuse("Task has duplicate ID: " + task.task_id().value());
  }
  if (task.agent_id().value() != agent.id()) {
    return refuse("Task uses invalid agent " + task.agent_id().value() + " while agent " + agent.id() + " is expected");
  }
  if (world.tasks.size() >= world.options.tasks_max) return refuse("Too many tasks are known");
  ESAAS_CHECK(check_kill_policy(task));
  ESAAS_CHECK(check_command(task));
  auto resources = Resources::parse(task.resources());
  if (!resources) return refuse("Task uses invalid resources: " + resources.error().detail);
  ESAAS_CHECK(check_allocation(task, role));
  if (resources->empty()) return refuse("Task uses no resources");
  ESAAS_CHECK(check_revocable(*resources));
  if (!available.contains(*resources)) {
    return refuse("Total resources " + resources->to_text(role) +
                  " required by task and its executor is more than available " + available.to_text(role));
  }
  return resources;
}

}  // namespace esaas::embedded
