#include "core/model/mesos_operation_state.h"

namespace esaas::model {

bool is_last_word(MesosOperationState state) {
  switch (state) {
    case MESOS_OPERATION_STATE_PENDING:
    case MESOS_OPERATION_STATE_RECOVERING:
    case MESOS_OPERATION_STATE_UNREACHABLE:
    case MESOS_OPERATION_STATE_UNSPECIFIED: return false;
    default: return true;
  }
}

}  // namespace esaas::model
