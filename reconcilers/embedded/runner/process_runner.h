#pragma once
// ProcessRunner: tasks as real processes, each under a supervisor that outlives this program (supervisor.h).
//
// Single-threaded, on the io_context's thread; the io_context outlives it. Destroying it leaves the tasks running.
//
// ## Finding tasks again
// launch() of a task whose folder is there starts nothing: its supervisor is looked for by pid, start time and boot id.
// When the supervisor is gone and the command is not (somebody killed the supervisor), the command is watched directly;
// how it ends is then not known. When both are gone and no end was written down, the task failed.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "reconcilers/embedded/runner/task_runner.h"
#include "reconcilers/embedded/runner/work_folders.h"

namespace esaas::embedded {

struct RunnerOptions {
  WorkFolders folders;
  /// The program and its first arguments; the task's folder is added: {"/usr/bin/esaas", "task-supervisor"}.
  std::vector<std::string> supervisor;
  /// Takes the place of "root" and of no user, when this program runs as root.
  std::string task_user = "nobody";
  std::chrono::milliseconds poll_interval{20};  ///< of tasks that are being started
  std::size_t ended_tasks_kept = 100;           ///< folders of ended tasks, to look into
};

class ProcessRunner final : public TaskRunner {
 public:
  ProcessRunner(boost::asio::io_context& io, RunnerOptions options, Report report);
  ~ProcessRunner() override;
  ProcessRunner(const ProcessRunner&) = delete;
  ProcessRunner& operator=(const ProcessRunner&) = delete;

  void launch(const LaunchCommand& command) override;
  void kill(const KillCommand& command) override;
  void destroy_volume(const DestroyVolumeCommand& command) override;
  void end_all_but(const std::vector<TaskKey>& known) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace esaas::embedded
