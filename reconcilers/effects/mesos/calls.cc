#include "reconcilers/effects/mesos/calls.h"

#include <utility>

namespace esaas::mesos::calls {
namespace {

using wire::Offer;
using wire::Resource;

Call of_type(Call::Type type) {
  Call call;
  call.set_type(type);
  return call;
}

Offer::Operation of_type(Offer::Operation::Type type, const std::string& operation_id) {
  Offer::Operation operation;
  operation.set_type(type);
  if (!operation_id.empty()) operation.mutable_id()->set_value(operation_id);
  return operation;
}

template <typename Target, typename Value>
void move_into(Target& target, std::vector<Value>&& values) {
  target.Reserve(static_cast<int>(values.size()));
  for (auto& value : values) *target.Add() = std::move(value);
}

template <typename Target>
void add_ids(Target& target, const std::vector<std::string>& ids) {
  target.Reserve(static_cast<int>(ids.size()));
  for (const auto& id : ids) target.Add()->set_value(id);
}

}  // namespace

Call accept(const std::vector<std::string>& offer_ids, std::vector<Offer::Operation> operations, Refusal refusal) {
  Call call = of_type(Call::ACCEPT);
  add_ids(*call.mutable_accept()->mutable_offer_ids(), offer_ids);
  move_into(*call.mutable_accept()->mutable_operations(), std::move(operations));
  call.mutable_accept()->mutable_filters()->set_refuse_seconds(refusal.count());
  return call;
}

Call decline(const std::vector<std::string>& offer_ids, Refusal refusal) {
  Call call = of_type(Call::DECLINE);
  add_ids(*call.mutable_decline()->mutable_offer_ids(), offer_ids);
  call.mutable_decline()->mutable_filters()->set_refuse_seconds(refusal.count());
  return call;
}

Call accept_inverse_offers(const std::vector<std::string>& inverse_offer_ids, Refusal refusal) {
  Call call = of_type(Call::ACCEPT_INVERSE_OFFERS);
  add_ids(*call.mutable_accept_inverse_offers()->mutable_inverse_offer_ids(), inverse_offer_ids);
  call.mutable_accept_inverse_offers()->mutable_filters()->set_refuse_seconds(refusal.count());
  return call;
}

Call decline_inverse_offers(const std::vector<std::string>& inverse_offer_ids, Refusal refusal) {
  Call call = of_type(Call::DECLINE_INVERSE_OFFERS);
  add_ids(*call.mutable_decline_inverse_offers()->mutable_inverse_offer_ids(), inverse_offer_ids);
  call.mutable_decline_inverse_offers()->mutable_filters()->set_refuse_seconds(refusal.count());
  return call;
}

Call revive(const std::vector<std::string>& roles) {
  Call call = of_type(Call::REVIVE);
  call.mutable_revive()->mutable_roles()->Assign(roles.begin(), roles.end());
  return call;
}

Call suppress(const std::vector<std::string>& roles) {
  Call call = of_type(Call::SUPPRESS);
  call.mutable_suppress()->mutable_roles()->Assign(roles.begin(), roles.end());
  return call;
}

Call kill(const std::string& task_id, const std::string& agent_id, std::chrono::nanoseconds grace) {
  Call call = of_type(Call::KILL);
  auto& body = *call.mutable_kill();
  body.mutable_task_id()->set_value(task_id);
  if (!agent_id.empty()) body.mutable_agent_id()->set_value(agent_id);
  body.mutable_kill_policy()->mutable_grace_period()->set_nanoseconds(grace.count());
  return call;
}

std::optional<Call> acknowledge(const wire::TaskStatus& status) {
  if (status.uuid().empty() || !status.has_agent_id()) return std::nullopt;
  Call call = of_type(Call::ACKNOWLEDGE);
  auto& body = *call.mutable_acknowledge();
  *body.mutable_agent_id() = status.agent_id();
  *body.mutable_task_id() = status.task_id();
  body.set_uuid(status.uuid());
  return call;
}

std::optional<Call> acknowledge_operation(const wire::OperationStatus& status) {
  if (status.uuid().value().empty() || !status.has_operation_id() || !status.has_agent_id()) return std::nullopt;
  Call call = of_type(Call::ACKNOWLEDGE_OPERATION_STATUS);
  auto& body = *call.mutable_acknowledge_operation_status();
  *body.mutable_agent_id() = status.agent_id();
  if (status.has_resource_provider_id()) *body.mutable_resource_provider_id() = status.resource_provider_id();
  body.set_uuid(status.uuid().value());
  *body.mutable_operation_id() = status.operation_id();
  return call;
}

Call reconcile_tasks(const std::vector<Subject>& subjects) {
  Call call = of_type(Call::RECONCILE);
  auto& body = *call.mutable_reconcile();
  for (const auto& subject : subjects) {
    auto& task = *body.add_tasks();
    task.mutable_task_id()->set_value(subject.id);
    if (!subject.agent_id.empty()) task.mutable_agent_id()->set_value(subject.agent_id);
  }
  return call;
}

Call reconcile_operations(const std::vector<Subject>& subjects) {
  Call call = of_type(Call::RECONCILE_OPERATIONS);
  auto& body = *call.mutable_reconcile_operations();
  for (const auto& subject : subjects) {
    auto& operation = *body.add_operations();
    operation.mutable_operation_id()->set_value(subject.id);
    if (!subject.agent_id.empty()) operation.mutable_agent_id()->set_value(subject.agent_id);
  }
  return call;
}

Call update_framework(const wire::FrameworkInfo& info, const std::vector<std::string>& suppressed_roles) {
  Call call = of_type(Call::UPDATE_FRAMEWORK);
  *call.mutable_update_framework()->mutable_framework_info() = info;
  call.mutable_update_framework()->mutable_suppressed_roles()->Assign(suppressed_roles.begin(), suppressed_roles.end());
  return call;
}

Offer::Operation reserve(const std::string& operation_id, std::vector<Resource> resources) {
  auto operation = of_type(Offer::Operation::RESERVE, operation_id);
  move_into(*operation.mutable_reserve()->mutable_resources(), std::move(resources));
  return operation;
}

Offer::Operation unreserve(const std::string& operation_id, std::vector<Resource> resources) {
  auto operation = of_type(Offer::Operation::UNRESERVE, operation_id);
  move_into(*operation.mutable_unreserve()->mutable_resources(), std::move(resources));
  return operation;
}

Offer::Operation create(const std::string& operation_id, std::vector<Resource> volumes) {
  auto operation = of_type(Offer::Operation::CREATE, operation_id);
  move_into(*operation.mutable_create()->mutable_volumes(), std::move(volumes));
  return operation;
}

Offer::Operation destroy(const std::string& operation_id, std::vector<Resource> volumes) {
  auto operation = of_type(Offer::Operation::DESTROY, operation_id);
  move_into(*operation.mutable_destroy()->mutable_volumes(), std::move(volumes));
  return operation;
}

Offer::Operation launch(std::vector<wire::TaskInfo> tasks) {
  auto operation = of_type(Offer::Operation::LAUNCH, {});
  move_into(*operation.mutable_launch()->mutable_task_infos(), std::move(tasks));
  return operation;
}

Offer::Operation grow_volume(const std::string& operation_id, Resource volume, Resource addition) {
  auto operation = of_type(Offer::Operation::GROW_VOLUME, operation_id);
  *operation.mutable_grow_volume()->mutable_volume() = std::move(volume);
  *operation.mutable_grow_volume()->mutable_addition() = std::move(addition);
  return operation;
}

}  // namespace esaas::mesos::calls
