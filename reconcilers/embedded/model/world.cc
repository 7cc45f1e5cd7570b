#include "reconcilers/embedded/model/world.h"

#include <algorithm>

#include "core/base/assert.h"
#include "core/base/hash.h"

namespace esaas::embedded {

Resources Agent::available() const { return total.left_after(used, offered); }

std::vector<std::string> Framework::roles() const {
  if (can(wire::FrameworkInfo::Capability::MULTI_ROLE)) {
    return {record.info().roles().begin(), record.info().roles().end()};
  }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  return {record.info().role()};
#pragma GCC diagnostic pop
}

bool Framework::can(wire::FrameworkInfo::Capability::Type capability) const {
  return std::any_of(record.info().capabilities().begin(), record.info().capabilities().end(),
                     [&](const auto& each) { return each.type() == capability; });
}

std::string World::new_uuid() {
  const std::string seed = options.master_id + "/" + std::to_string(incarnation) + "/" + std::to_string(++ids_made);
  return to_bytes(blake2b_256(seed)).substr(0, 16);
}

std::string World::new_stream_id() {
  std::string text = to_hex(new_uuid());
  for (const std::size_t place : {20U, 16U, 12U, 8U}) text.insert(place, "-");
  return text;
}

std::string World::new_offer_id() {
  return options.master_id + "-" + std::to_string(incarnation) + "-O" + std::to_string(++ids_made);
}

Framework* World::framework_of(const StreamId& stream) {
  for (auto& [id, framework] : frameworks) {
    if (framework.stream == stream) return &framework;
  }
  return nullptr;
}

void World::send(const Framework& framework, wire::scheduler::Event event, bool last) {
  if (!framework.stream) return;
  outputs.events.push_back({*framework.stream, std::move(event), last});
}

void World::allocate_by(Time due) { allocation_due = allocation_due ? std::min(*allocation_due, due) : due; }

void World::end_offer(const std::string& offer_id, bool tell) {
  const auto place = offers.find(offer_id);
  ESAAS_ASSERT(place != offers.end(), "an offer ends once");
  const Offer offer = std::move(place->second);
  offers.erase(place);
  if (const auto agent = agents.find(offer.agent_id); agent != agents.end()) {
    agent->second.offered.subtract(offer.resources);
  }
  if (!tell) return;
  if (const auto framework = frameworks.find(offer.framework_id); framework != frameworks.end()) {
    wire::scheduler::Event event;
    event.set_type(wire::scheduler::Event::RESCIND);
    event.mutable_rescind()->mutable_offer_id()->set_value(offer.id);
    send(framework->second, std::move(event));
  }
}

bool is_terminal(wire::TaskState state) {
  switch (state) {
    case wire::TASK_FINISHED:
    case wire::TASK_FAILED:
    case wire::TASK_KILLED:
    case wire::TASK_ERROR:
    case wire::TASK_LOST:
    case wire::TASK_DROPPED:
    case wire::TASK_GONE: return true;
    case wire::TASK_STAGING:
    case wire::TASK_STARTING:
    case wire::TASK_RUNNING:
    case wire::TASK_KILLING:
    case wire::TASK_UNREACHABLE:
    case wire::TASK_GONE_BY_OPERATOR:
    case wire::TASK_UNKNOWN: return false;
  }
  return false;
}

double to_seconds(Time time) { return static_cast<double>(to_us(time)) / 1e6; }

}  // namespace esaas::embedded
