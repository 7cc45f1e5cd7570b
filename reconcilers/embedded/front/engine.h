#pragma once
// Engine: the model with its durable state, its runner and its streams around it. It keeps the order that the model
// asks for: persist, then tell, then act. Not thread-safe; everything happens on the thread that calls it.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reconcilers/embedded/front/event_stream.h"
#include "reconcilers/embedded/front/state_file.h"
#include "reconcilers/embedded/model/mesos_model.h"
#include "reconcilers/embedded/runner/task_runner.h"

namespace esaas::embedded {

struct Subscription {
  int status = 200;
  std::string text;
  std::shared_ptr<EventStream> stream;  ///< set when status is 200
};

class Engine {
 public:
  struct Hooks {
    std::function<Time()> clock;
    /// After every turn: when tick() is due next.
    std::function<void(std::optional<Time>)> due_changed;
    /// The state could not be saved. Nothing is told or started any more; the process has to end.
    std::function<void(const Error&)> failed;
  };

  /// Restores what `file` holds, or begins anew, and makes sure of `agents`.
  /// Errors: those of StateFile::load, MesosModel::restore and MesosModel::add_agent.
  static Result<std::unique_ptr<Engine>> open(const ModelOptions& options, const std::vector<AgentSpec>& agents,
                                              StateFile file, Hooks hooks);

  /// Before anything else. `runner` outlives the engine. Finds the processes of earlier runs again.
  void start(TaskRunner& runner);

  Subscription subscribe(const wire::scheduler::Call& call, const std::optional<std::string>& principal);
  Answer call(const wire::scheduler::Call& call, const std::optional<StreamId>& stream,
              const std::optional<std::string>& principal);
  Result<wire::master::Response> operate(const wire::master::Call& call);
  void disconnect(const StreamId& stream);
  void report(const TaskKey& task, const TaskReport& report);
  void tick();
  /// The state could not be saved once.
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] const MesosModel& model() const { return model_; }

 private:
  Engine(MesosModel model, StateFile file, Hooks hooks)
      : model_(std::move(model)), file_(std::move(file)), hooks_(std::move(hooks)) {}

  void turn();
  bool persist(const Outputs& outputs);
  void tell(Outputs& outputs);
  void act(const Outputs& outputs);

  MesosModel model_;
  StateFile file_;
  Hooks hooks_;
  TaskRunner* runner_ = nullptr;
  std::map<StreamId, std::weak_ptr<EventStream>> streams_;
  std::vector<std::pair<TaskKey, TaskReport>> reports_;  // that came during a turn
  bool turning_ = false;
  bool failed_ = false;
};

}  // namespace esaas::embedded
