#pragma once
// Turns: what a request reads before it has something logged that builds on it, no other request of its kind may change
// in between. One process at a time writes a log, so that turns within the process are enough. Thread-safe.

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

#include "api/routes/call.h"
#include "core/base/result.h"
#include "reconcilers/loop/front.h"

namespace esaas::api {

/// As long as a copy of it lives nobody else has this turn: it is kept until the answer of the log is there, however
/// late that is.
using Turn = std::shared_ptr<const void>;

/// The turn with what is called `name` in this log; null while somebody has it.
Turn take_turn(const store::EventLog& log, const std::string& name);

/// As submit() of submit.h, and keeps the turn until the log has answered, even when nobody waits for that any more.
boost::asio::awaitable<Result<loop::Accepted>> submit_in_turn(const Call& call, loop::Submission submission, Turn turn);

}  // namespace esaas::api
