#pragma once
// Whose an event is. Pure.

#include "core/events/event.pb.h"

namespace esaas::loop {

/// The controller did it because a policy asks for it: it is of no operation, even while one runs. Known by its kind,
/// or by a name (a request's purpose, a hold's rule) that begins with "policy_".
bool is_of_a_policy(const event::Event& event);

}  // namespace esaas::loop
