#pragma once
// One sentence for a person about any event. Pure, thread-safe.

#include <string>

#include "core/events/event.pb.h"

namespace esaas::store {

/// "Task search.data-0.task-9 of node data-0 is running." Never empty, never a secret.
std::string sentence(const event::Event& event);

}  // namespace esaas::store
