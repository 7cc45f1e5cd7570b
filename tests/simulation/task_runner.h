#pragma once
// TaskRunner: what the agents do: it fetches, starts and ends the processes that the Mesos model asks for, on the model
// Elasticsearch and the model proxies, and reports what becomes of them. It checks what no agent would let pass: a
// command that would not start Elasticsearch as meant, ports or addresses that are not the task's own, two processes
// for one node or on one volume. One thread.

#include <functional>
#include <map>
#include <set>
#include <string>

#include "reconcilers/embedded/model/mesos_model.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/model_elasticsearch.h"
#include "tests/simulation/model_proxies.h"
#include "tests/support/prng.h"
#include "tests/support/simulation_clock.h"

namespace esaas::simulation {

class TaskRunner {
 public:
  using Report = std::function<void(const embedded::TaskKey&, const embedded::TaskReport&)>;

  TaskRunner(test::SimulationClock& clock, test::Prng prng, ModelElasticsearch& elasticsearch, ModelProxies& proxies,
             Journal& journal, Report report);

  void launch(const embedded::LaunchCommand& command);
  void kill(const embedded::KillCommand& command);

  /// The process dies of itself; nothing when there is none.
  void crash_process(const std::string& task_id);
  /// The machine stops: its processes are gone at once.
  void crash_agent(const std::string& agent_name);
  /// Tasks with a process, or about to have one.
  [[nodiscard]] std::vector<std::string> live_tasks() const;

 private:
  struct Task {
    embedded::LaunchCommand command;
    bool started = false;
    bool kill_asked = false;
  };

  void start(const std::string& task_id);
  void start_proxy(const std::string& task_id);
  void kill_process(const std::string& task_id);
  void exited(const ProcessExit& exit);
  void end(const std::string& task_id, embedded::TaskReport report);
  void check_alone(const std::string& task_id, const ElasticsearchLaunch& launch, const std::string& volume);
  /// Where its data is: a sandbox when it has no volume, and gone with the task.
  static std::string volume_of(const embedded::LaunchCommand& command);
  static bool has_volume(const embedded::LaunchCommand& command);
  static std::string misfit(const embedded::LaunchCommand& command, const ElasticsearchLaunch& launch);

  test::SimulationClock& clock_;
  test::Prng prng_;
  ModelElasticsearch& elasticsearch_;
  ModelProxies& proxies_;
  Journal& journal_;
  Report report_;
  std::map<std::string, Task> tasks_;  // by task id
};

}  // namespace esaas::simulation
