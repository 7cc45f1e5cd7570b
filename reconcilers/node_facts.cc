#include "reconcilers/node_facts.h"

#include "core/model/task_state.h"

namespace esaas::reconcile {
namespace {

/// The latest task belongs to a place that the node has no more.
bool task_is_of_an_old_place(const state::Node& node) {
  return !has_place(node) || node.place_seq() > node.task().launch_seq();
}

}  // namespace

bool may_run(const state::Node& node) {
  if (!node.has_task() || !model::may_be_alive(node.task().state())) return false;
  return node.task().state() != model::TASK_STATE_GONE_BY_OPERATOR;
}

bool is_stopped(const state::Node& node) { return !may_run(node) && !lost_its_agent(node); }

bool is_out_of_sight(const state::Node& node) {
  if (!node.has_task()) return false;
  switch (node.task().state()) {
    case model::TASK_STATE_UNREACHABLE:
    case model::TASK_STATE_LOST:
    case model::TASK_STATE_UNKNOWN: return true;
    default: return false;
  }
}

bool lost_its_agent(const state::Node& node) {
  return node.has_task() && node.task().state() == model::TASK_STATE_GONE_BY_OPERATOR &&
         !task_is_of_an_old_place(node) && node.task().agent_id() == node.place().agent_id();
}

bool is_joined(const state::Node& node) { return node.task().joined() && may_run(node); }

bool has_place(const state::Node& node) { return node.place_status() != state::PLACE_STATUS_NONE; }

bool is_reserved(const state::Node& node) { return node.place_status() == state::PLACE_STATUS_RESERVED; }

bool is_transient(const state::Node& node) { return node.place_status() == state::PLACE_STATUS_TRANSIENT; }

bool is_given_up(const state::Node& node) { return node.release_seq() != 0; }

bool equal(const model::Resources& a, const model::Resources& b) {
  return a.cpus_milli() == b.cpus_milli() && a.mem_mib() == b.mem_mib() && a.disk_mib() == b.disk_mib();
}

}  // namespace esaas::reconcile
