#pragma once
// The stable name of an event's payload ("task_launch_intended"), for audit, filters and metrics.

#include <string_view>

#include "core/events/event.pb.h"

namespace esaas::event {

/// The snake_case name of the payload that is set; empty when none is.
std::string_view kind_of(const Event& event);

/// True for a kind that exists.
bool is_kind(std::string_view name);

}  // namespace esaas::event
