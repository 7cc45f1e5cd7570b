#pragma once
// Change: a command that asks for an operation: its common options, its request, and waiting for its end with live
// progress.

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include "api/cli/session.h"

namespace esaas::api::cli {

struct ChangeOptions {
  std::string reason;
  std::string idempotency_key;
  std::string if_match;  ///< a revision
  bool dry_run = false;
  bool wait = false;
  std::uint32_t timeout_s = 1800;
};

/// Sends the change and gives the answer.
Result<boost::json::object> send_change(const Session& session, const ChangeOptions& options, std::string_view method,
                                        std::string target, const boost::json::object& body);

/// Sends the change; then prints what was accepted, or the preview; or waits.
int run_change(const Session& session, const ChangeOptions& options, std::string_view method, std::string target,
               const boost::json::object& body);

/// Follows an operation to its end: each new step and each hold on standard error, the outcome on standard output.
/// kSuccess, kOperationFailed, or kWaitEnded.
int wait_for_operation(const Session& session, const std::string& operation, std::uint32_t timeout_s);

/// What changed between two looks at an operation, as lines for a person. Pure.
std::string progress_text(const boost::json::object& before, const boost::json::object& now);

}  // namespace esaas::api::cli
