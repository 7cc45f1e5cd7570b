// Fuzz target: calls from outside, in both encodings, against a model with a framework, offers and a running task.
// The first byte chooses the encoding; the rest is the call. What must hold afterwards: nothing aborts, resources are
// conserved, and the state can be saved and restored.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/assert.h"
#include "reconcilers/embedded/front/messages.h"
#include "reconcilers/embedded/model/mesos_model.h"

namespace {

using namespace esaas::embedded;
using wire::scheduler::Call;

constexpr const char* kFramework = "m-0000";

Call subscribe_call() {
  Call call;
  call.set_type(Call::SUBSCRIBE);
  auto* info = call.mutable_subscribe()->mutable_framework_info();
  info->set_user("nobody");
  info->set_name("fuzz");
  info->set_principal("es");
  info->set_failover_timeout(60);
  info->add_roles("es-a");
  info->add_capabilities()->set_type(wire::FrameworkInfo::Capability::MULTI_ROLE);
  info->add_capabilities()->set_type(wire::FrameworkInfo::Capability::RESERVATION_REFINEMENT);
  return call;
}

void check(const MesosModel& model) {
  for (const AgentView& agent : model.agents()) {
    Resources spoken_for = agent.used;
    spoken_for.add(agent.offered);
    ESAAS_ASSERT(agent.total.contains(spoken_for), "what is offered and used is there");
    ESAAS_ASSERT(agent.total.scalars().at("cpus") == 4000, "cpus are conserved");
    ESAAS_ASSERT(agent.total.scalars().at("disk") == 1'000'000, "disk is conserved");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Encoding encoding = data[0] % 2 == 0 ? Encoding::kJson : Encoding::kProtobuf;
  Call call;
  if (!decode({reinterpret_cast<const char*>(data) + 1, size - 1}, encoding, "Call", call)) return 0;

  esaas::Time now = esaas::from_us(1'000'000'000'000);
  ModelOptions options;
  options.master_id = "m";
  MesosModel model(options);
  const AgentSpec agent{.name = "agent-1",
                        .hostname = "127.0.0.11",
                        .attributes = {},
                        .region = {},
                        .zone = {},
                        .disks = {},
                        .cpus_milli = 4000,
                        .mem_mib = 4096,
                        .disk_mib = 1000,
                        .port_begin = 31000,
                        .port_end = 31099};
  ESAAS_ASSERT(model.add_agent(agent, now).has_value(), "the agent is a good one");
  const SubscribeAnswer subscribed = model.subscribe(subscribe_call(), {}, now);
  model.tick(now);

  // The framework, stream and offer are not guessed: a call that is meant for somebody is sent to them.
  if (call.type() == Call::SUBSCRIBE) {
    model.subscribe(call, {}, now);
  } else {
    call.mutable_framework_id()->set_value(kFramework);
    const auto offers = model.offers();
    for (auto& id : *call.mutable_accept()->mutable_offer_ids()) id.set_value(offers.at(0).id);
    model.call(call, subscribed.stream, {}, now);
  }
  check(model);
  for (const TaskView& task : model.tasks()) model.task_update(task.key, {wire::TASK_RUNNING, {}, {}, 0}, now);
  for (int turn = 0; turn < 3; ++turn) {
    now += std::chrono::seconds(30);
    model.tick(now);
    check(model);
  }
  const State state = model.state();
  auto restored = MesosModel::restore(options, state, now);
  ESAAS_ASSERT(restored.has_value(), restored ? "" : restored.error().detail);
  for (const StreamEvent& each : model.take_outputs().events) {
    ESAAS_ASSERT(!encode(each.event, encoding).empty(), "every event can be told");
  }
  return 0;
}
