#pragma once
// What the state of a Mesos operation (reserve, create, grow, destroy, unreserve) means for a decision. Source:
// mesos.proto OperationState.

#include "core/model/model.pb.h"

namespace esaas::model {

/// Nothing else will come of the operation. PENDING, RECOVERING and UNREACHABLE are no last words; UNKNOWN is one: what
/// the operation was to make is seen, or not seen, in the next offer.
bool is_last_word(MesosOperationState state);

}  // namespace esaas::model
