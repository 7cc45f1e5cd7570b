#pragma once
// ModelDriver: a framework in a few lines, for tests of the pure model: its own time, its own calls, what came back.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "reconcilers/embedded/model/mesos_model.h"

namespace esaas::embedded::testing {

using wire::scheduler::Call;
using wire::scheduler::Event;
using Operation = wire::Offer::Operation;

inline const Time kStart = from_us(1'476'016'080'000'000);

/// cpus in thousandths and MiB; with a node label when `node` is given.
struct Want {
  std::int64_t cpus_milli = 1000;
  double mem_mib = 512;
  double disk_mib = 1024;
  std::uint64_t port_begin = 31000;
  std::uint64_t port_end = 31001;
};

inline wire::Resource scalar(const std::string& name, double value, const std::string& role) {
  wire::Resource resource;
  resource.set_name(name);
  resource.set_type(wire::Value::SCALAR);
  resource.mutable_scalar()->set_value(value);
  resource.mutable_allocation_info()->set_role(role);
  return resource;
}

inline void reserve_for(wire::Resource& resource, const std::string& role, const std::string& node) {
  auto* reservation = resource.add_reservations();
  reservation->set_type(wire::Resource::ReservationInfo::DYNAMIC);
  reservation->set_role(role);
  reservation->set_principal("es");
  auto* label = reservation->mutable_labels()->add_labels();
  label->set_key("node");
  label->set_value(node);
}

/// cpus, mem, disk and ports, reserved for the node when it is named.
inline std::vector<wire::Resource> resources_of(const Want& want, const std::string& role, const std::string& node) {
  std::vector<wire::Resource> list = {scalar("cpus", static_cast<double>(want.cpus_milli) / 1000.0, role),
                                      scalar("mem", want.mem_mib, role), scalar("disk", want.disk_mib, role)};
  wire::Resource ports;
  ports.set_name("ports");
  ports.set_type(wire::Value::RANGES);
  auto* range = ports.mutable_ranges()->add_range();
  range->set_begin(want.port_begin);
  range->set_end(want.port_end);
  ports.mutable_allocation_info()->set_role(role);
  list.push_back(ports);
  if (!node.empty()) {
    for (auto& each : list) reserve_for(each, role, node);
  }
  return list;
}

inline wire::Resource volume_of(const Want& want, const std::string& role, const std::string& node,
                                const std::string& id) {
  wire::Resource volume = scalar("disk", want.disk_mib, role);
  reserve_for(volume, role, node);
  volume.mutable_disk()->mutable_persistence()->set_id(id);
  volume.mutable_disk()->mutable_persistence()->set_principal("es");
  volume.mutable_disk()->mutable_volume()->set_container_path("data");
  volume.mutable_disk()->mutable_volume()->set_mode(wire::Volume::RW);
  return volume;
}

inline wire::FrameworkInfo framework_info(std::vector<std::string> roles = {"es-a"}) {
  wire::FrameworkInfo info;
  info.set_user("nobody");
  info.set_name("esaas");
  info.set_principal("es");
  info.set_checkpoint(true);
  info.set_failover_timeout(3600);
  for (auto& role : roles) info.add_roles(role);
  using Capability = wire::FrameworkInfo::Capability;
  for (auto type : {Capability::MULTI_ROLE, Capability::RESERVATION_REFINEMENT, Capability::PARTITION_AWARE,
                    Capability::TASK_KILLING_STATE}) {
    info.add_capabilities()->set_type(type);
  }
  return info;
}

inline AgentSpec agent_spec(int number) {
  AgentSpec spec;
  spec.name = "agent-" + std::to_string(number);
  spec.hostname = "127.0.0." + std::to_string(10 + number);
  spec.attributes = {{"rack", "r" + std::to_string(number)}};
  spec.cpus_milli = 4000;
  spec.mem_mib = 4096;
  spec.disk_mib = 10240;
  spec.port_begin = 31000;
  spec.port_end = 31099;
  return spec;
}

class ModelDriver {
 public:
  explicit ModelDriver(int agents = 1, ModelOptions options = {}) : model(std::move(options)) {
    for (int number = 1; number <= agents; ++number) {
      agent_ids.push_back(model.add_agent(agent_spec(number), now).value());
    }
  }

  /// Subscribes (again, when there is a framework id) and takes what follows.
  void subscribe(wire::FrameworkInfo info = framework_info(), std::vector<std::string> suppressed = {}) {
    Call call;
    call.set_type(Call::SUBSCRIBE);
    if (!framework_id.empty()) {
      info.mutable_id()->set_value(framework_id);
      call.mutable_framework_id()->set_value(framework_id);
    }
    *call.mutable_subscribe()->mutable_framework_info() = info;
    for (auto& role : suppressed) call.mutable_subscribe()->add_suppressed_roles(role);
    const SubscribeAnswer answer = model.subscribe(call, {}, now);
    ASSERT_EQ(answer.status, 200) << answer.text;
    stream = answer.stream;
    settle();
    for (const auto& event : last(Event::SUBSCRIBED)) framework_id = event.subscribed().framework_id().value();
  }

  Call make(Call::Type type) const {
    Call call;
    call.set_type(type);
    call.mutable_framework_id()->set_value(framework_id);
    return call;
  }
  Answer send(const Call& call) {
    const Answer answer = model.call(call, stream, {}, now);
    settle();
    return answer;
  }

  /// Accepts the newest offer of the agent with these operations.
  Answer accept(const std::string& agent_id, std::vector<Operation> operations, double refuse_seconds = 0) {
    Call call = make(Call::ACCEPT);
    for (const OfferView& offer : model.offers()) {
      if (offer.agent_id == agent_id && offer.framework_id == framework_id) {
        call.mutable_accept()->add_offer_ids()->set_value(offer.id);
      }
    }
    for (auto& each : operations) *call.mutable_accept()->add_operations() = std::move(each);
    call.mutable_accept()->mutable_filters()->set_refuse_seconds(refuse_seconds);
    return send(call);
  }

  static Operation reserve(const std::vector<wire::Resource>& resources, const std::string& id) {
    Operation operation;
    operation.set_type(Operation::RESERVE);
    if (!id.empty()) operation.mutable_id()->set_value(id);
    for (const auto& each : resources) *operation.mutable_reserve()->add_resources() = each;
    return operation;
  }
  static Operation unreserve(const std::vector<wire::Resource>& resources, const std::string& id) {
    Operation operation;
    operation.set_type(Operation::UNRESERVE);
    if (!id.empty()) operation.mutable_id()->set_value(id);
    for (const auto& each : resources) *operation.mutable_unreserve()->add_resources() = each;
    return operation;
  }
  static Operation create(const wire::Resource& volume, const std::string& id) {
    Operation operation;
    operation.set_type(Operation::CREATE);
    if (!id.empty()) operation.mutable_id()->set_value(id);
    *operation.mutable_create()->add_volumes() = volume;
    return operation;
  }
  static Operation destroy(const wire::Resource& volume, const std::string& id) {
    Operation operation;
    operation.set_type(Operation::DESTROY);
    if (!id.empty()) operation.mutable_id()->set_value(id);
    *operation.mutable_destroy()->add_volumes() = volume;
    return operation;
  }
  static Operation launch(const std::string& task_id, const std::string& agent_id,
                          const std::vector<wire::Resource>& resources) {
    Operation operation;
    operation.set_type(Operation::LAUNCH);
    auto* task = operation.mutable_launch()->add_task_infos();
    task->set_name(task_id);
    task->mutable_task_id()->set_value(task_id);
    task->mutable_agent_id()->set_value(agent_id);
    task->mutable_command()->set_value("sleep 1000");
    for (const auto& each : resources) *task->add_resources() = each;
    return operation;
  }

  /// Launches a plain task and has it run.
  void run_task(const std::string& task_id, const std::string& agent_id, const Want& want = {}) {
    accept(agent_id, {launch(task_id, agent_id, resources_of(want, "es-a", ""))});
    report(task_id, wire::TASK_STARTING);
    report(task_id, wire::TASK_RUNNING);
  }
  void report(const std::string& task_id, wire::TaskState state, std::string message = {}) {
    model.task_update({framework_id, task_id}, {state, std::move(message), {}, 0}, now);
    settle();
  }
  void acknowledge(const wire::TaskStatus& status) {
    Call call = make(Call::ACKNOWLEDGE);
    *call.mutable_acknowledge()->mutable_agent_id() = status.agent_id();
    *call.mutable_acknowledge()->mutable_task_id() = status.task_id();
    call.mutable_acknowledge()->set_uuid(status.uuid());
    send(call);
  }
  void acknowledge(const wire::OperationStatus& status) {
    Call call = make(Call::ACKNOWLEDGE_OPERATION_STATUS);
    *call.mutable_acknowledge_operation_status()->mutable_agent_id() = status.agent_id();
    *call.mutable_acknowledge_operation_status()->mutable_operation_id() = status.operation_id();
    call.mutable_acknowledge_operation_status()->set_uuid(status.uuid().value());
    send(call);
  }
  /// Acknowledges updates until none has a uuid any more; returns all of them.
  std::vector<wire::TaskStatus> acknowledge_all() {
    std::vector<wire::TaskStatus> seen;
    for (int turn = 0; turn < 100; ++turn) {
      std::vector<wire::TaskStatus> open;
      for (const auto& event : take(Event::UPDATE)) {
        if (!event.update().status().uuid().empty()) open.push_back(event.update().status());
      }
      if (open.empty()) return seen;
      for (const auto& status : open) {
        seen.push_back(status);
        acknowledge(status);
      }
    }
    ADD_FAILURE() << "updates without end";
    return seen;
  }

  /// Lets the time pass, tick by tick.
  void pass(Duration duration) {
    const Time end = now + duration;
    for (int turn = 0; turn < 100'000; ++turn) {
      const std::optional<Time> due = model.tick(now);
      collect();
      if (!due || *due > end) {
        now = end;
        return;
      }
      ASSERT_GT(*due, now) << "a tick left something due";
      now = *due;
    }
    FAIL() << "time does not pass";
  }

  /// Past the allocation interval.
  void settle() { pass(std::chrono::milliseconds(200)); }

  /// Events of this framework's streams since the last take(), of one type; they stay.
  std::vector<Event> last(Event::Type type) const {
    std::vector<Event> found;
    for (const auto& each : events) {
      if (each.event.type() == type) found.push_back(each.event);
    }
    return found;
  }
  std::vector<Event> take(Event::Type type) {
    std::vector<Event> found = last(type);
    std::erase_if(events, [&](const auto& each) { return each.event.type() == type; });
    return found;
  }
  std::vector<std::string> task_states() {
    std::vector<std::string> states;
    for (const auto& event : take(Event::UPDATE))
      states.push_back(wire::TaskState_Name(event.update().status().state()));
    return states;
  }
  /// The only UPDATE since the last take.
  wire::TaskStatus one_update() {
    const auto found = take(Event::UPDATE);
    EXPECT_EQ(found.size(), 1U);
    return found.empty() ? wire::TaskStatus() : found.back().update().status();
  }
  wire::OperationStatus one_operation_update() {
    const auto found = take(Event::UPDATE_OPERATION_STATUS);
    EXPECT_EQ(found.size(), 1U);
    return found.empty() ? wire::OperationStatus() : found.back().update_operation_status().status();
  }
  Resources offered(const std::string& agent_id) const {
    Resources all;
    for (const OfferView& offer : model.offers()) {
      if (offer.agent_id == agent_id && offer.framework_id == framework_id) all.add(offer.resources);
    }
    return all;
  }
  const std::string& agent(int number) const { return agent_ids.at(static_cast<std::size_t>(number - 1)); }

  void collect() {
    Outputs out = model.take_outputs();
    state_changed = state_changed || out.state_changed;
    for (auto& each : out.events) events.push_back(std::move(each));
    for (auto& each : out.launches) launches.push_back(std::move(each));
    for (auto& each : out.kills) kills.push_back(std::move(each));
    for (auto& each : out.destroyed_volumes) destroyed.push_back(std::move(each));
    for (auto& each : out.closed) closed.push_back(std::move(each));
  }

  Time now = kStart;
  MesosModel model;
  std::vector<std::string> agent_ids;
  std::string framework_id;
  StreamId stream;
  std::vector<StreamEvent> events;
  std::vector<LaunchCommand> launches;
  std::vector<KillCommand> kills;
  std::vector<DestroyVolumeCommand> destroyed;
  std::vector<StreamId> closed;
  bool state_changed = false;
};

}  // namespace esaas::embedded::testing
