#pragma once
// Which events a person caused, and what each is called in the audit. Pure, thread-safe.

#include <string_view>

#include "core/events/event.pb.h"

namespace esaas::store {

/// A person did it: an operation asked for, paused, continued or cancelled; a tenant or a token made or revoked.
bool is_user_action(const event::Event& event);

/// The action that a user's event is: "scale", "pause", "issue_token"; empty when it is none.
std::string_view action_of(const event::Event& event);

/// What came of a user's event that needs nothing further: "done", or "succeeded" of an operation that was fulfilled by
/// being logged. Empty when its outcome comes later, by an OperationFinished.
std::string_view outcome_at_once(const event::Event& event);

/// succeeded, failed, cancelled: the outcome that the end of an operation gives to its request. Empty for another one.
std::string_view outcome_of(model::OperationStatus status);

}  // namespace esaas::store
