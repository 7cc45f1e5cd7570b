#include "tests/simulation/task_runner.h"

#include <fmt/format.h>

#include <algorithm>

namespace esaas::simulation {
namespace {

namespace wire = mesos::wire;

Result<ElasticsearchLaunch> launch_of(const embedded::LaunchCommand& command) {
  std::map<std::string, std::string> environment;
  for (const auto& variable : command.info.command().environment().variables()) {
    environment[variable.name()] = variable.value();
  }
  return parse_launch(command.info.command().value(), environment);
}

constexpr Duration kSandboxLife = std::chrono::seconds{100};

bool has_port(const wire::TaskInfo& info, std::uint32_t port) {
  return std::ranges::any_of(info.resources(), [&](const wire::Resource& resource) {
    return resource.name() == "ports" && std::ranges::any_of(resource.ranges().range(), [&](const auto& range) {
             return range.begin() <= port && port <= range.end();
           });
  });
}

}  // namespace

TaskRunner::TaskRunner(test::SimulationClock& clock, test::Prng prng, ModelElasticsearch& elasticsearch,
                       ModelProxies& proxies, Journal& journal, Report report)
    : clock_(clock),
      prng_(prng),
      elasticsearch_(elasticsearch),
      proxies_(proxies),
      journal_(journal),
      report_(std::move(report)) {
  elasticsearch_.on_exit([this](const ProcessExit& exit) { exited(exit); });
  proxies_.on_exit([this](const ProcessExit& exit) { exited(exit); });
}

std::string TaskRunner::volume_of(const embedded::LaunchCommand& command) {
  for (const auto& resource : command.info.resources()) {
    if (resource.disk().has_persistence()) return resource.disk().persistence().id();
  }
  return "sandbox of " + command.task.task_id;
}

bool TaskRunner::has_volume(const embedded::LaunchCommand& command) {
  return std::ranges::any_of(command.info.resources(),
                             [](const wire::Resource& resource) { return resource.disk().has_persistence(); });
}

void TaskRunner::launch(const embedded::LaunchCommand& command) {
  const std::string& id = command.task.task_id;
  if (!tasks_.emplace(id, Task{command, false, false}).second) {
    journal_.violate("task " + id + " is launched twice");
    return;
  }
  clock_.after(prng_.between(std::chrono::milliseconds{50}, std::chrono::milliseconds{800}), [this, id] { start(id); });
}

/// What of the launch does not fit the task's own resources and agent; empty when all does.
std::string TaskRunner::misfit(const embedded::LaunchCommand& command, const ElasticsearchLaunch& launch) {
  if (launch.host != command.hostname) return "it binds " + launch.host + " on agent " + command.hostname;
  if (!has_port(command.info, launch.http_port) || !has_port(command.info, launch.transport_port)) {
    return "it binds a port that is not reserved for it";
  }
  if (launch.cluster + "." + launch.node != command.info.name()) return "it calls itself another node";
  const bool keeps_nothing = !launch.master_eligible && !launch.holds_data;
  if (has_volume(command) == keeps_nothing) return keeps_nothing ? "it has a volume" : "it has no volume";
  return {};
}

void TaskRunner::start(const std::string& id) {
  const auto found = tasks_.find(id);
  if (found == tasks_.end()) return;  // the agent stopped, or it was killed while it was fetched
  const embedded::LaunchCommand& command = found->second.command;
  if (starts_proxy(command.info.command().value())) return start_proxy(id);
  auto launch = launch_of(command);
  const std::string wrong = launch ? misfit(command, *launch) : launch.error().detail;
  if (!wrong.empty()) {
    journal_.violate("task " + id + ": " + wrong);
    return end(id, {wire::TASK_FAILED, wrong, {}, 0});
  }
  const std::string volume = volume_of(command);
  check_alone(id, *launch, volume);
  found->second.started = true;
  elasticsearch_.start(id, std::move(*launch), volume);
  report_(command.task, {wire::TASK_RUNNING, {}, {}, 1});
}

void TaskRunner::start_proxy(const std::string& id) {
  Task& task = tasks_.at(id);
  auto launch = parse_proxy_launch(task.command.info.command().value());
  std::string wrong = launch ? std::string() : launch.error().detail;
  if (launch && launch->host != task.command.hostname) wrong = "it binds " + launch->host;
  if (launch &&
      (!has_port(task.command.info, launch->client_port) || !has_port(task.command.info, launch->control_port)))
    wrong = "it binds a port that is not its own";
  if (launch && launch->cluster + "." + launch->node != task.command.info.name()) wrong = "it is another one's proxy";
  if (!wrong.empty()) {
    journal_.violate("task " + id + ": " + wrong);
    return end(id, {wire::TASK_FAILED, wrong, {}, 0});
  }
  for (const auto& [other, process] : proxies_.processes()) {
    const bool is_same = process.launch.cluster == launch->cluster && process.launch.node == launch->node;
    if (is_same) journal_.violate(fmt::format("tasks {} and {} run as one proxy", other, id));
  }
  task.started = true;
  proxies_.start(id, std::move(*launch));
  report_(task.command.task, {wire::TASK_RUNNING, {}, {}, 1});
}

void TaskRunner::kill_process(const std::string& task_id) {
  elasticsearch_.kill(task_id);
  proxies_.kill(task_id);
}

void TaskRunner::check_alone(const std::string& id, const ElasticsearchLaunch& launch, const std::string& volume) {
  for (const auto& [other, process] : elasticsearch_.processes()) {
    if (process.volume == volume) journal_.violate("tasks " + other + " and " + id + " run on volume " + volume);
    if (process.launch.cluster != launch.cluster) continue;
    if (process.launch.node == launch.node) journal_.violate(fmt::format("tasks {} and {} run as one node", other, id));
    if (!work_together(process.launch.version, launch.version)) {
      journal_.violate(fmt::format("tasks {} and {} run versions that do not work together", other, id));
    }
  }
  const auto directory = elasticsearch_.directories().find(volume);
  if (directory != elasticsearch_.directories().end() && launch.version < directory->second.version) {
    journal_.violate("task " + id + " runs an older version than the one that wrote its data");
  }
}

void TaskRunner::kill(const embedded::KillCommand& command) {
  const std::string id = command.task.task_id;
  const auto found = tasks_.find(id);
  if (found == tasks_.end()) return;
  if (!found->second.started) return end(id, {wire::TASK_KILLED, "killed before it was started", {}, 0});
  if (std::exchange(found->second.kill_asked, true)) return;
  elasticsearch_.stop(id);
  proxies_.stop(id);
  clock_.after(command.grace, [this, id] { kill_process(id); });
}

void TaskRunner::exited(const ProcessExit& exit) {
  const auto found = tasks_.find(exit.process);
  if (found == tasks_.end()) return;
  if (found->second.kill_asked) return end(exit.process, {wire::TASK_KILLED, "ended as asked", {}, 0});
  end(exit.process, {wire::TASK_FAILED, exit.why.empty() ? "ended" : exit.why, {}, 0});
}

void TaskRunner::end(const std::string& task_id, embedded::TaskReport report) {
  const embedded::LaunchCommand& command = tasks_.at(task_id).command;
  const embedded::TaskKey key = command.task;
  if (!has_volume(command)) {
    // Once no cluster holds the node for its member any more.
    clock_.after(kSandboxLife, [this, sandbox = volume_of(command)] { elasticsearch_.destroy_volume(sandbox); });
  }
  tasks_.erase(task_id);
  report_(key, report);
}

void TaskRunner::crash_process(const std::string& task_id) { kill_process(task_id); }

void TaskRunner::crash_agent(const std::string& agent_name) {
  std::vector<std::string> lost;
  for (const auto& [id, task] : tasks_) {
    if (task.command.agent_name == agent_name) lost.push_back(id);
  }
  for (const std::string& id : lost) {
    if (tasks_.at(id).started) {
      kill_process(id);
    } else {
      end(id, {wire::TASK_FAILED, "the agent stopped", wire::TaskStatus::REASON_AGENT_RESTARTED, 0});
    }
  }
}

std::vector<std::string> TaskRunner::live_tasks() const {
  std::vector<std::string> ids;
  for (const auto& [id, task] : tasks_) ids.push_back(id);
  return ids;
}

}  // namespace esaas::simulation
