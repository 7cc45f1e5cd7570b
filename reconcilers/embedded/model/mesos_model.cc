#include "reconcilers/embedded/model/mesos_model.h"

#include <utility>

#include "reconcilers/embedded/model/accept.h"
#include "reconcilers/embedded/model/agents.h"
#include "reconcilers/embedded/model/frameworks.h"
#include "reconcilers/embedded/model/offers.h"
#include "reconcilers/embedded/model/operator_calls.h"
#include "reconcilers/embedded/model/reconciliation.h"
#include "reconcilers/embedded/model/state_codec.h"
#include "reconcilers/embedded/model/tasks.h"
#include "reconcilers/embedded/model/world.h"

namespace esaas::embedded {
namespace {

using wire::scheduler::Call;

/// Every call but SUBSCRIBE, from the stream that the framework holds.
Answer dispatch(World& world, Framework& framework, const Call& call, Time now) {
  switch (call.type()) {
    case Call::TEARDOWN: remove_framework(world, std::string(framework.id()), now); break;
    case Call::ACCEPT: accept(world, framework, call.accept(), now); break;
    case Call::DECLINE: decline(world, framework, call.decline(), now); break;
    case Call::REVIVE: revive_roles(world, framework, call.revive().roles(), now); break;
    case Call::SUPPRESS: suppress_roles(framework, call.suppress().roles()); break;
    case Call::KILL: kill_task(world, framework, call.kill(), now); break;
    case Call::ACKNOWLEDGE: acknowledge(world, framework, call.acknowledge(), now); break;
    case Call::ACKNOWLEDGE_OPERATION_STATUS:
      acknowledge_operation(world, framework, call.acknowledge_operation_status());
      break;
    case Call::RECONCILE: reconcile(world, framework, call.reconcile(), now); break;
    case Call::RECONCILE_OPERATIONS: reconcile_operations(world, framework, call.reconcile_operations()); break;
    case Call::UPDATE_FRAMEWORK: return update_framework(world, framework, call.update_framework(), now);
    case Call::SHUTDOWN:               // there are no executors
    case Call::MESSAGE:                // the same
    case Call::REQUEST:                // a real allocator ignores it too
    case Call::ACCEPT_INVERSE_OFFERS:  // there is no maintenance
    case Call::DECLINE_INVERSE_OFFERS: break;
    case Call::SUBSCRIBE:
    case Call::UNKNOWN: return {501, {}};
  }
  return {202, {}};
}

}  // namespace

MesosModel::MesosModel(ModelOptions options) : world_(std::make_unique<World>()) {
  world_->options = std::move(options);
  world_->changed();
}
MesosModel::MesosModel(std::unique_ptr<World> world) : world_(std::move(world)) {}
MesosModel::MesosModel(MesosModel&&) noexcept = default;
MesosModel& MesosModel::operator=(MesosModel&&) noexcept = default;
MesosModel::~MesosModel() = default;

Result<MesosModel> MesosModel::restore(ModelOptions options, const State& state, Time now) {
  ESAAS_TRY(auto world, to_world(std::move(options), state, now));
  return MesosModel(std::move(world));
}

State MesosModel::state() const { return to_state(*world_); }

Result<std::string> MesosModel::add_agent(const AgentSpec& spec, Time now) {
  return embedded::add_agent(*world_, spec, now);
}

SubscribeAnswer MesosModel::subscribe(const Call& call, const std::optional<std::string>& principal, Time now) {
  if (const auto fault = invalid_call(call, principal)) {
    return {400, "Failed to validate scheduler::Call: " + *fault, {}};
  }
  if (call.type() != Call::SUBSCRIBE) return {400, "Expecting a SUBSCRIBE call", {}};
  return subscribe_framework(*world_, call, principal, now);
}

Answer MesosModel::call(const Call& call, const std::optional<StreamId>& stream,
                        const std::optional<std::string>& principal, Time now) {
  if (const auto fault = invalid_call(call, principal)) {
    return {400, "Failed to validate scheduler::Call: " + *fault};
  }
  const auto place = world_->frameworks.find(call.framework_id().value());
  if (place == world_->frameworks.end()) return {400, "Framework cannot be found"};
  Framework& framework = place->second;
  if (principal && *principal != framework.record.info().principal()) {
    return {400, "Authenticated principal '" + *principal + "' does not match principal '" +
                     framework.record.info().principal() + "' set in `FrameworkInfo`"};
  }
  if (!framework.stream) return {403, "Framework is not subscribed"};
  if (!stream) return {400, "All non-subscribe calls should include the 'Mesos-Stream-Id' header"};
  if (*stream != *framework.stream) {
    return {400, "The stream ID '" + *stream +
                     "' included in this request didn't match the stream ID currently associated with framework ID " +
                     framework.id()};
  }
  return dispatch(*world_, framework, call, now);
}

void MesosModel::disconnect(const StreamId& stream, Time now) {
  if (Framework* framework = world_->framework_of(stream)) disconnect_framework(*world_, *framework, now);
}

void MesosModel::task_update(const TaskKey& task, const TaskReport& report, Time now) {
  report_task(*world_, task, report, now);
}

bool MesosModel::preempt(const TaskKey& task, Time) { return preempt_task(*world_, task); }

void MesosModel::agent_lost(const std::string& agent_id, Time now) { lose_agent(*world_, agent_id, now); }
void MesosModel::agent_back(const std::string& agent_id, Time now) { return_agent(*world_, agent_id, now); }
bool MesosModel::agent_gone(const std::string& agent_id, Time now) { return remove_agent(*world_, agent_id, now); }
void MesosModel::master_failover(Time now) { fail_over(*world_, now); }

Result<wire::master::Response> MesosModel::operate(const wire::master::Call& call, Time now) {
  return embedded::operate(*world_, call, now);
}

std::optional<std::string> MesosModel::agent_renewed(const std::string& agent_id, Time now) {
  return renew_agent(*world_, agent_id, now);
}

std::optional<Time> MesosModel::tick(Time now) {
  std::optional<Time> next;
  const auto consider = [&](std::optional<Time> due) {
    if (due) next = std::min(next.value_or(*due), *due);
  };
  consider(tick_agents(*world_, now));
  consider(tick_frameworks(*world_, now));
  consider(tick_updates(*world_, now));
  consider(tick_filters(*world_, now));
  if (world_->allocation_due && *world_->allocation_due <= now) allocate(*world_);
  consider(world_->allocation_due);
  return next;
}

Outputs MesosModel::take_outputs() { return std::exchange(world_->outputs, {}); }

std::vector<AgentView> MesosModel::agents() const {
  std::vector<AgentView> views;
  for (const auto& [id, agent] : world_->agents) {
    views.push_back(
        {id, agent.record.name(), agent.record.hostname(), agent.registered(), agent.total, agent.offered, agent.used});
  }
  return views;
}

std::vector<OfferView> MesosModel::offers() const {
  std::vector<OfferView> views;
  for (const auto& [id, offer] : world_->offers) {
    views.push_back({id, offer.framework_id, offer.agent_id, offer.role, offer.resources});
  }
  return views;
}

std::vector<TaskView> MesosModel::tasks() const {
  std::vector<TaskView> views;
  for (const auto& [key, task] : world_->tasks) {
    views.push_back({key, task.agent_id(), task.record.latest().state(),
                     static_cast<std::size_t>(task.record.pending_size()), task.record.kill_requested(),
                     task.resources});
  }
  return views;
}

std::optional<LaunchCommand> MesosModel::launch_of(const TaskKey& task) const {
  const auto place = world_->tasks.find(task);
  if (place == world_->tasks.end()) return std::nullopt;
  return launch_command(*world_, place->second);
}

std::size_t MesosModel::open_streams() const {
  std::size_t count = 0;
  for (const auto& [id, framework] : world_->frameworks) count += framework.stream ? 1 : 0;
  return count;
}

}  // namespace esaas::embedded
