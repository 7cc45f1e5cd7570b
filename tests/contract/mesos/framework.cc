#include "tests/contract/mesos/framework.h"

#include <utility>

namespace esaas::contract {

wire::FrameworkInfo describe(const std::string& role, const std::string& principal) {
  wire::FrameworkInfo info;
  info.set_user(
      "nobody");  // tasks are not root; agents that do not switch users take no notice, nor does the embedded one
  info.set_name("contract");
  if (!principal.empty()) info.set_principal(principal);
  info.set_failover_timeout(600);
  info.set_checkpoint(true);
  info.add_roles(role);
  using Capability = wire::FrameworkInfo::Capability;
  for (const auto type : {Capability::MULTI_ROLE, Capability::RESERVATION_REFINEMENT, Capability::PARTITION_AWARE,
                          Capability::TASK_KILLING_STATE, Capability::REGION_AWARE}) {
    info.add_capabilities()->set_type(type);
  }
  return info;
}

Framework::Framework(Endpoint master, std::string role, Encoding encoding)
    : info(describe(role)), master_(std::move(master)), role_(std::move(role)), encoding_(encoding) {}

Framework::~Framework() {
  if (id_.empty()) return;
  wire::master::Call call;
  call.set_type(wire::master::Call::TEARDOWN);
  call.mutable_teardown()->mutable_framework_id()->set_value(id_);
  request(master_, "POST", "/api/v1", embedded::encode(call, encoding_), call_headers(encoding_));
}

void Framework::subscribe(const std::vector<std::string>& suppressed) {
  Call call;
  call.set_type(Call::SUBSCRIBE);
  if (!id_.empty()) info.mutable_id()->set_value(id_);
  *call.mutable_subscribe()->mutable_framework_info() = info;
  for (const std::string& each : suppressed) call.mutable_subscribe()->add_suppressed_roles(each);
  if (!id_.empty()) {
    call.mutable_framework_id()->set_value(id_);
  }
  stream_ = std::make_unique<RawStream>(master_, call, encoding_);
  offers_.clear();
  ASSERT_EQ(stream_->head().status, 200U);
  const auto subscribed = next([](const Event& event) { return event.type() == Event::SUBSCRIBED; });
  ASSERT_TRUE(subscribed) << "no SUBSCRIBED";
  id_ = subscribed->subscribed().framework_id().value();
}

Call Framework::make(Call::Type type) const {
  Call call;
  call.set_type(type);
  call.mutable_framework_id()->set_value(id_);
  return call;
}

RawReply Framework::send(const Call& call) {
  return request(master_, "POST", "/api/v1/scheduler", embedded::encode(call, encoding_),
                 call_headers(encoding_, stream_->id()));
}

void Framework::expect_taken(const Call& call) {
  const RawReply reply = send(call);
  EXPECT_EQ(reply.status, 202U) << reply.body;
  EXPECT_EQ(reply.body, "");
}

void Framework::acknowledge(const Event& event) {
  if (event.type() == Event::UPDATE && event.update().status().has_uuid()) {
    const auto& status = event.update().status();
    Call call = make(Call::ACKNOWLEDGE);
    *call.mutable_acknowledge()->mutable_agent_id() = status.agent_id();
    *call.mutable_acknowledge()->mutable_task_id() = status.task_id();
    call.mutable_acknowledge()->set_uuid(status.uuid());
    expect_taken(call);
  }
  if (event.type() == Event::UPDATE_OPERATION_STATUS && event.update_operation_status().status().has_uuid()) {
    const auto& status = event.update_operation_status().status();
    Call call = make(Call::ACKNOWLEDGE_OPERATION_STATUS);
    *call.mutable_acknowledge_operation_status()->mutable_agent_id() = status.agent_id();
    *call.mutable_acknowledge_operation_status()->mutable_operation_id() = status.operation_id();
    call.mutable_acknowledge_operation_status()->set_uuid(status.uuid().value());
    expect_taken(call);
  }
}

std::optional<Event> Framework::next(const std::function<bool(const Event&)>& wanted,
                                     std::chrono::milliseconds timeout) {
  const auto look = [&](const Event& event) {
    for (const auto& offer : event.offers().offers()) offers_[offer.id().value()] = offer;
    if (event.type() == Event::RESCIND) offers_.erase(event.rescind().offer_id().value());
    if (acknowledges) acknowledge(event);
    return wanted(event);
  };
  return stream_->wait(look, timeout);
}

std::optional<wire::TaskStatus> Framework::next_status(const std::string& task_id) {
  const auto event = next([&](const Event& each) {
    return each.type() == Event::UPDATE && each.update().status().task_id().value() == task_id;
  });
  if (!event) return std::nullopt;
  return event->update().status();
}

std::optional<wire::TaskStatus> Framework::next_status(const std::string& task_id, wire::TaskState state) {
  while (auto status = next_status(task_id)) {
    if (status->state() == state) return status;
  }
  return std::nullopt;
}

std::optional<wire::OperationStatus> Framework::next_operation(const std::string& id,
                                                               std::chrono::milliseconds timeout) {
  const auto event = next(
      [&](const Event& each) {
        return each.type() == Event::UPDATE_OPERATION_STATUS &&
               each.update_operation_status().status().operation_id().value() == id;
      },
      timeout);
  if (!event) return std::nullopt;
  return event->update_operation_status().status();
}

std::optional<wire::Offer> Framework::take_offer(double cpus, const std::function<bool(const wire::Offer&)>& wanted) {
  const auto fits = [&](const wire::Offer& offer) {
    return sum(offer, "cpus", false) + sum(offer, "cpus", true) >= cpus && (!wanted || wanted(offer));
  };
  for (int turn = 0; turn < 20; ++turn) {
    for (const auto& [id, offer] : offers_) {
      if (!fits(offer)) continue;
      const wire::Offer found = offer;
      offers_.erase(id);
      return found;
    }
    if (!next([](const Event& event) { return event.type() == Event::OFFERS; })) return std::nullopt;
  }
  return std::nullopt;
}

bool Framework::stays_without_offers(std::chrono::milliseconds timeout) {
  return !next([](const Event& event) { return event.type() == Event::OFFERS; }, timeout).has_value();
}

void Framework::accept(const wire::Offer& offer, const std::vector<Operation>& operations, double refuse_seconds) {
  Call call = make(Call::ACCEPT);
  *call.mutable_accept()->add_offer_ids() = offer.id();
  for (const Operation& each : operations) *call.mutable_accept()->add_operations() = each;
  call.mutable_accept()->mutable_filters()->set_refuse_seconds(refuse_seconds);
  expect_taken(call);
}

void Framework::decline(const wire::Offer& offer, double refuse_seconds) {
  Call call = make(Call::DECLINE);
  *call.mutable_decline()->add_offer_ids() = offer.id();
  call.mutable_decline()->mutable_filters()->set_refuse_seconds(refuse_seconds);
  expect_taken(call);
}

wire::Resource scalar(const std::string& name, double value, const std::string& role) {
  wire::Resource resource;
  resource.set_name(name);
  resource.set_type(wire::Value::SCALAR);
  resource.mutable_scalar()->set_value(value);
  resource.mutable_allocation_info()->set_role(role);
  return resource;
}

wire::Resource ports(std::uint64_t begin, std::uint64_t end, const std::string& role) {
  wire::Resource resource;
  resource.set_name("ports");
  resource.set_type(wire::Value::RANGES);
  auto* range = resource.mutable_ranges()->add_range();
  range->set_begin(begin);
  range->set_end(end);
  resource.mutable_allocation_info()->set_role(role);
  return resource;
}

wire::Resource reserved(wire::Resource resource, const std::string& role, const std::string& label,
                        const std::string& principal) {
  auto* reservation = resource.add_reservations();
  reservation->set_type(wire::Resource::ReservationInfo::DYNAMIC);
  reservation->set_role(role);
  if (!principal.empty()) reservation->set_principal(principal);
  if (!label.empty()) {
    auto* entry = reservation->mutable_labels()->add_labels();
    entry->set_key("node");
    entry->set_value(label);
  }
  return resource;
}

wire::Resource volume(const wire::Resource& reserved_disk, const std::string& id, const std::string& principal) {
  wire::Resource resource = reserved_disk;
  resource.mutable_disk()->mutable_persistence()->set_id(id);
  if (!principal.empty()) resource.mutable_disk()->mutable_persistence()->set_principal(principal);
  resource.mutable_disk()->mutable_volume()->set_container_path("data");
  resource.mutable_disk()->mutable_volume()->set_mode(wire::Volume::RW);
  return resource;
}

namespace {

Operation operation(Operation::Type type, const std::string& id) {
  Operation result;
  result.set_type(type);
  if (!id.empty()) result.mutable_id()->set_value(id);
  return result;
}

}  // namespace

Operation reserve(const std::vector<wire::Resource>& resources, const std::string& id) {
  Operation result = operation(Operation::RESERVE, id);
  for (const auto& each : resources) *result.mutable_reserve()->add_resources() = each;
  return result;
}

Operation unreserve(const std::vector<wire::Resource>& resources, const std::string& id) {
  Operation result = operation(Operation::UNRESERVE, id);
  for (const auto& each : resources) *result.mutable_unreserve()->add_resources() = each;
  return result;
}

Operation create(const wire::Resource& volume, const std::string& id) {
  Operation result = operation(Operation::CREATE, id);
  *result.mutable_create()->add_volumes() = volume;
  return result;
}

Operation destroy(const wire::Resource& volume, const std::string& id) {
  Operation result = operation(Operation::DESTROY, id);
  *result.mutable_destroy()->add_volumes() = volume;
  return result;
}

Operation launch(const wire::Offer& offer, const std::string& task_id, const std::vector<wire::Resource>& resources,
                 const std::string& shell) {
  Operation result = operation(Operation::LAUNCH, {});
  auto* task = result.mutable_launch()->add_task_infos();
  task->set_name(task_id);
  task->mutable_task_id()->set_value(task_id);
  *task->mutable_agent_id() = offer.agent_id();
  task->mutable_command()->set_value(shell);
  for (const auto& each : resources) *task->add_resources() = each;
  return result;
}

double sum(const wire::Offer& offer, const std::string& name, bool of_reserved) {
  double total = 0;
  for (const auto& each : offer.resources()) {
    if (each.name() == name && (each.reservations_size() > 0) == of_reserved) total += each.scalar().value();
  }
  return total;
}

std::uint64_t first_port(const wire::Offer& offer) {
  for (const auto& each : offer.resources()) {
    if (each.name() == "ports" && each.reservations().empty()) return each.ranges().range(0).begin();
  }
  return 0;
}

}  // namespace esaas::contract
