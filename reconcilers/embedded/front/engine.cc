#include "reconcilers/embedded/front/engine.h"

#include <utility>

#include "core/base/assert.h"

namespace esaas::embedded {

Result<std::unique_ptr<Engine>> Engine::open(const ModelOptions& options, const std::vector<AgentSpec>& agents,
                                             StateFile file, Hooks hooks) {
  ESAAS_TRY(const auto saved, file.load());
  const Time now = hooks.clock();
  auto restored = saved ? MesosModel::restore(options, *saved, now) : Result<MesosModel>(MesosModel(options));
  if (!restored) return std::unexpected(restored.error());
  for (const AgentSpec& spec : agents) {
    if (auto added = restored->add_agent(spec, now); !added) return std::unexpected(added.error());
  }
  return std::unique_ptr<Engine>(new Engine(std::move(*restored), std::move(file), std::move(hooks)));
}

void Engine::start(TaskRunner& runner) {
  runner_ = &runner;
  std::vector<TaskKey> known;
  turning_ = true;  // reports wait until all are asked for
  for (const TaskView& task : model_.tasks()) {
    if (is_terminal(task.state)) continue;
    known.push_back(task.key);
    if (auto command = model_.launch_of(task.key)) runner_->launch(*command);
  }
  runner_->end_all_but(known);
  turning_ = false;
  turn();
}

Subscription Engine::subscribe(const wire::scheduler::Call& call, const std::optional<std::string>& principal) {
  const SubscribeAnswer answer = model_.subscribe(call, principal, hooks_.clock());
  if (answer.status != 200) return {answer.status, answer.text, nullptr};
  auto stream = std::make_shared<EventStream>(answer.stream);
  streams_[answer.stream] = stream;
  turn();
  return {200, {}, std::move(stream)};
}

Answer Engine::call(const wire::scheduler::Call& call, const std::optional<StreamId>& stream,
                    const std::optional<std::string>& principal) {
  Answer answer = model_.call(call, stream, principal, hooks_.clock());
  turn();
  if (failed_) return {503, "The state cannot be saved"};
  return answer;
}

Result<wire::master::Response> Engine::operate(const wire::master::Call& call) {
  auto answer = model_.operate(call, hooks_.clock());
  turn();
  if (failed_) return fail(ErrorCode::kInternal, "The state cannot be saved");
  return answer;
}

void Engine::disconnect(const StreamId& stream) {
  streams_.erase(stream);
  model_.disconnect(stream, hooks_.clock());
  turn();
}

void Engine::report(const TaskKey& task, const TaskReport& report) {
  reports_.emplace_back(task, report);
  turn();
}

void Engine::tick() { turn(); }

void Engine::turn() {
  // The runner may report while it is commanded: those reports are the next round of the same turn.
  if (turning_ || failed_) return;
  turning_ = true;
  std::optional<Time> due;
  do {
    for (const auto& [task, report] : std::exchange(reports_, {})) {
      model_.task_update(task, report, hooks_.clock());
    }
    due = model_.tick(hooks_.clock());
    Outputs outputs = model_.take_outputs();
    if (!persist(outputs)) break;
    tell(outputs);
    act(outputs);
  } while (!reports_.empty());
  turning_ = false;
  if (!failed_) hooks_.due_changed(due);
}

bool Engine::persist(const Outputs& outputs) {
  if (!outputs.state_changed) return true;
  const auto saved = file_.save(model_.state());
  if (saved) return true;
  failed_ = true;
  hooks_.failed(saved.error());
  return false;
}

void Engine::tell(Outputs& outputs) {
  for (StreamEvent& each : outputs.events) {
    const auto place = streams_.find(each.stream);
    if (place == streams_.end()) continue;
    const auto stream = place->second.lock();
    if (stream) stream->push(std::move(each.event));
    if (stream && each.last) stream->close();
    if (!stream || each.last) streams_.erase(place);
  }
  for (const StreamId& id : outputs.closed) {
    const auto place = streams_.find(id);
    if (place == streams_.end()) continue;
    if (const auto stream = place->second.lock()) stream->close();
    streams_.erase(place);
  }
}

void Engine::act(const Outputs& outputs) {
  ESAAS_ASSERT(runner_ != nullptr || outputs.launches.empty(), "the engine is started before it is used");
  for (const auto& command : outputs.launches) runner_->launch(command);
  if (runner_ == nullptr) return;
  for (const auto& command : outputs.kills) runner_->kill(command);
  for (const auto& command : outputs.destroyed_volumes) runner_->destroy_volume(command);
}

}  // namespace esaas::embedded
