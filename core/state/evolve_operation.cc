#include "core/state/evolve_operation.h"

#include <algorithm>

#include "core/model/labels.h"
#include "core/model/request.h"
#include "core/state/evolve_elasticsearch.h"
#include "core/state/launch_inputs.h"

namespace esaas::state {
namespace {

Cluster* cluster_of(FleetState& state, const event::Event& event) {
  const auto found = state.clusters.find(event.cluster());
  return found == state.clusters.end() ? nullptr : &found->second;
}

void remove_from(google::protobuf::RepeatedPtrField<std::string>& ids, const std::string& id) {
  const auto found = std::ranges::find(ids, id);
  if (found != ids.end()) ids.erase(found);
}

template <typename Payload>
void apply_to_open(FleetState& state, const Payload& payload, const event::Event& event) {
  const auto found = state.operations.find(payload.id());
  if (found != state.operations.end()) apply(found->second, payload, event);
}

/// Somebody cancelled a restart while it ran. One that a delete ends is caused by that, and nothing is withdrawn: the
/// cluster goes.
bool is_cancelled_restart(const Operation* operation, const event::OperationFinished& payload,
                          const event::Event& event) {
  return operation != nullptr && payload.status() == model::OPERATION_STATUS_CANCELLED &&
         operation->status() == model::OPERATION_STATUS_RUNNING && operation->request().has_restart() &&
         event.cause_seq() == operation->requested_seq();
}

/// An operation that ends with its own request is never open: only its effect stays.
void fulfil(FleetState& state, const model::Request& request, const event::Event& event) {
  Cluster* cluster = cluster_of(state, event);
  if (cluster == nullptr) return;
  if (request.has_label()) model::merge(*cluster->mutable_labels(), request.label().labels());
  cluster->set_revision(event.seq());
}

}  // namespace

void apply(Operation& operation, const event::OperationRequested& payload, const event::Event& event) {
  operation.set_id(payload.id());
  operation.set_tenant(event.tenant());
  operation.set_cluster(event.cluster());
  *operation.mutable_request() = payload.request();
  operation.set_status(model::OPERATION_STATUS_QUEUED);
  operation.set_requested_by(event.actor().name());
  operation.set_requested_at_us(event.time_at_us());
  operation.set_requested_seq(event.seq());
  operation.set_undoes(payload.request().undoes());
  if (!payload.has_fulfilment()) return;
  operation.set_status(model::OPERATION_STATUS_SUCCEEDED);
  operation.set_finished_at_us(event.time_at_us());
}

void apply(Operation& operation, const event::OperationStarted&, const event::Event& event) {
  operation.set_status(model::OPERATION_STATUS_RUNNING);
  operation.set_started_at_us(event.time_at_us());
  operation.set_started_seq(event.seq());
}

void apply(Operation& operation, const event::OperationStepChanged& payload, const event::Event& event) {
  auto& steps = *operation.mutable_steps();
  const auto found = std::ranges::find(steps, payload.step(), &Step::name);
  const bool is_new = found == steps.end();  // asked before Add moves the end
  Step& step = is_new ? *steps.Add() : *found;
  if (is_new) step.set_since_at_us(event.time_at_us());
  step.set_name(payload.step());
  step.set_done(payload.done());
  step.set_total(payload.total());
}

void apply(Operation& operation, const event::OperationFinished& payload, const event::Event& event) {
  operation.set_status(payload.status());
  operation.set_detail(payload.detail());
  operation.set_finished_at_us(event.time_at_us());
}

void apply(Operation& operation, const event::OperationPaused&, const event::Event&) { operation.set_paused(true); }

void apply(Operation& operation, const event::OperationContinued&, const event::Event&) { operation.set_paused(false); }

void apply(Operation& operation, const event::RuleOverridden& payload, const event::Event& event) {
  RuleOverride& one = *operation.add_overrides();
  one.set_rule(payload.rule());
  one.set_node(payload.node());
  one.set_by(event.actor().name());
  one.set_seq(event.seq());
}

void apply(FleetState& state, const event::OperationRequested& payload, const event::Event& event) {
  if (payload.has_fulfilment()) {
    fulfil(state, payload.request(), event);
    return;
  }
  Operation operation;
  apply(operation, payload, event);
  state.operations.insert_or_assign(payload.id(), std::move(operation));
  if (Cluster* cluster = cluster_of(state, event)) {
    cluster->add_queued_operations(payload.id());
    // What is wanted changes with the request, even while it waits: a second writer with the same If-Match must lose.
    cluster->set_revision(event.seq());
  }
}

void apply(FleetState& state, const event::OperationStarted& payload, const event::Event& event) {
  apply_to_open(state, payload, event);
  if (Cluster* cluster = cluster_of(state, event)) {
    remove_from(*cluster->mutable_queued_operations(), payload.id());
    const Operation* operation = state.find_operation(payload.id());
    if (operation != nullptr && model::runs_alongside(operation->request())) {
      *cluster->add_side_operations() = payload.id();
    } else {
      cluster->set_active_operation(payload.id());
    }
  }
}

void apply(FleetState& state, const event::OperationStepChanged& payload, const event::Event& event) {
  apply_to_open(state, payload, event);
}

void apply(FleetState& state, const event::OperationFinished& payload, const event::Event& event) {
  const Operation* ended = state.find_operation(payload.id());
  Cluster* of_restart = is_cancelled_restart(ended, payload, event) ? cluster_of(state, event) : nullptr;
  if (of_restart != nullptr) withdraw_restarts(*of_restart, ended->started_seq());
  state.operations.erase(payload.id());
  if (Cluster* cluster = cluster_of(state, event)) {
    remove_from(*cluster->mutable_queued_operations(), payload.id());
    remove_from(*cluster->mutable_side_operations(), payload.id());
    forget_requests(*cluster, payload.id());
    if (cluster->active_operation() == payload.id()) cluster->clear_active_operation();
  }
}

void apply(FleetState& state, const event::OperationPaused& payload, const event::Event& event) {
  apply_to_open(state, payload, event);
}

void apply(FleetState& state, const event::OperationContinued& payload, const event::Event& event) {
  apply_to_open(state, payload, event);
}

void apply(FleetState& state, const event::RuleOverridden& payload, const event::Event& event) {
  apply_to_open(state, payload, event);
}

}  // namespace esaas::state
