#pragma once
// The words by which the audit finds a user's action: who asked and from where, what for and why, and every name and
// value of what was asked. Pure, thread-safe.

#include <string>
#include <vector>

#include "core/events/event.pb.h"

namespace esaas::store {

/// Of a user action, sorted, none twice. A token's hash is not among them.
std::vector<std::string> words_of_action(const event::Event& event);

/// Of an operation's end: the words of its detail, sorted, none twice.
std::vector<std::string> words_of_outcome(const event::OperationFinished& finished);

}  // namespace esaas::store
