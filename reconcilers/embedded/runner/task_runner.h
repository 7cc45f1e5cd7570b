#pragma once
// TaskRunner: what starts and ends the processes of tasks. The engine commands it, reports come back through a
// callback. Called from one thread only; implementations may report from inside a command.

#include <functional>
#include <vector>

#include "reconcilers/embedded/model/mesos_model.h"

namespace esaas::embedded {

class TaskRunner {
 public:
  using Report = std::function<void(const TaskKey&, const TaskReport&)>;

  virtual ~TaskRunner() = default;

  /// Starts a task, once: for a task that was started before (also by an earlier run of this program) it finds the
  /// process again, or reports how it ended meanwhile.
  virtual void launch(const LaunchCommand& command) = 0;
  /// Ends it: the polite signal at once, SIGKILL after the grace. Repeating it is harmless.
  virtual void kill(const KillCommand& command) = 0;
  /// Removes the volume's directory with all that is in it.
  virtual void destroy_volume(const DestroyVolumeCommand& command) = 0;
  /// Ends processes of tasks that are not in `known`: what an earlier run left behind.
  virtual void end_all_but(const std::vector<TaskKey>& known) = 0;
};

}  // namespace esaas::embedded
