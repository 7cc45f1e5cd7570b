#pragma once
// A small log with every kind of span: an operation that waits for an offer, places and launches a node, which joins; a
// request that nobody answers; and, of no operation, the end of a node.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/assert.h"
#include "store/log/event_log.h"
#include "tests/store/sample_events.h"

namespace esaas::store::testing {

inline void append_trace_sample(EventLog& log) {
  std::vector<event::Event> events;
  const auto add = [&](std::uint64_t cause, std::int64_t second, const char* operation) -> event::Event& {
    events.push_back(plain_event(events.size() + 1, second * 1'000'000));
    event::Event& event = events.back();
    event.set_operation_id(operation);
    event.set_cause_seq(cause);
    event.set_tenant("shop");
    event.set_cluster("logs");
    event.mutable_actor()->set_kind(event::ACTOR_KIND_CONTROLLER);
    return event;
  };
  const std::string task = "logs.data-0.task-7";
  add(0, 0, "op-1").mutable_operation_requested()->set_id("op-1");
  add(1, 2, "op-1").mutable_operation_started()->set_id("op-1");
  auto& hold = *add(2, 3, "op-1").mutable_hold_began();
  hold.set_rule("no_offer_fits");
  hold.set_node("data-0");
  hold.add_basis()->set_name("offers");
  hold.mutable_basis(0)->set_value("0");
  auto& over = *add(2, 10, "op-1").mutable_hold_ended();
  over.set_rule("no_offer_fits");
  over.set_node("data-0");
  auto& place = *add(2, 10, "op-1").mutable_place_intended();
  place.set_node("data-0");
  place.set_offer_id("offer-3");
  add(2, 12, "op-1").mutable_place_reserved()->set_node("data-0");
  auto& launch = *add(2, 12, "op-1").mutable_task_launch_intended();
  launch.set_node("data-0");
  launch.set_task_id(task);
  auto& running = *add(2, 25, "op-1").mutable_task_status_changed();
  running.set_node("data-0");
  running.set_task_id(task);
  running.set_state(model::TASK_STATE_RUNNING);
  auto& joined = *add(2, 40, "op-1").mutable_node_joined();
  joined.set_node("data-0");
  joined.set_task_id(task);
  add(2, 41, "op-1").mutable_elasticsearch_request_intended()->set_purpose("flush");
  auto& finished = *add(2, 60, "op-1").mutable_operation_finished();
  finished.set_id("op-1");
  finished.set_status(model::OPERATION_STATUS_SUCCEEDED);
  auto& removal = *add(0, 70, "").mutable_node_removal_began();
  removal.set_node("data-0");
  removal.set_why("it is too small");
  auto& kill = *add(0, 75, "").mutable_task_kill_intended();
  kill.set_node("data-0");
  kill.set_task_id(task);
  auto& killed = *add(0, 76, "").mutable_task_status_changed();
  killed.set_node("data-0");
  killed.set_task_id(task);
  killed.set_state(model::TASK_STATE_KILLED);
  add(14, 77, "").mutable_node_removed()->set_node("data-0");
  const auto appended = log.append({events, {}});
  ESAAS_ASSERT(appended.has_value(), appended.error().detail);
}

}  // namespace esaas::store::testing
