#include "core/model/task_state.h"

namespace esaas::model {

bool is_terminal(TaskState state) {
  switch (state) {
    case TASK_STATE_FINISHED:
    case TASK_STATE_FAILED:
    case TASK_STATE_KILLED:
    case TASK_STATE_ERROR:
    case TASK_STATE_DROPPED:
    case TASK_STATE_GONE: return true;
    default: return false;
  }
}

bool may_be_alive(TaskState state) { return state != TASK_STATE_UNSPECIFIED && !is_terminal(state); }

std::string_view name_of(TaskState state) {
  switch (state) {
    case TASK_STATE_INTENDED: return "intended";
    case TASK_STATE_STAGING: return "staging";
    case TASK_STATE_STARTING: return "starting";
    case TASK_STATE_RUNNING: return "running";
    case TASK_STATE_KILLING: return "killing";
    case TASK_STATE_FINISHED: return "finished";
    case TASK_STATE_FAILED: return "failed";
    case TASK_STATE_KILLED: return "killed";
    case TASK_STATE_ERROR: return "error";
    case TASK_STATE_LOST: return "lost";
    case TASK_STATE_DROPPED: return "dropped";
    case TASK_STATE_UNREACHABLE: return "unreachable";
    case TASK_STATE_GONE: return "gone";
    case TASK_STATE_GONE_BY_OPERATOR: return "gone_by_operator";
    case TASK_STATE_UNKNOWN: return "unknown";
    default: return "unspecified";
  }
}

}  // namespace esaas::model
