#pragma once
// How a route hands a command to the controller and turns its word into an HTTP answer.

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>

#include <string>
#include <vector>

#include "api/routes/call.h"
#include "core/base/result.h"

namespace esaas::api {

/// What every change may say besides its body: dry_run, Idempotency-Key, If-Match.
struct ChangeOptions {
  bool dry_run = false;
  std::string idempotency_key;
  std::optional<std::uint64_t> if_match;
};

/// Reads them, and refuses other query parameters than `dry_run` and (when not empty) `also`, whose value it gives.
Result<ChangeOptions> read_change_options(const Call& call, std::string_view also = {}, std::string* value = nullptr);

/// The command of this call as a submission: caller, key and body hash filled in.
loop::Submission make_submission(const Call& call, command::Command command, const ChangeOptions& options);

/// Submits one command and waits until it is durable.
boost::asio::awaitable<Result<loop::Accepted>> submit(const Call& call, loop::Submission submission);
boost::asio::awaitable<Result<std::vector<Result<loop::Accepted>>>> submit_all(
    const Call& call, std::vector<loop::Submission> submissions);

/// An operation on `cluster`: 202 with its id, Location and ETag; or for a dry run 200 with the preview, what it
/// comes to in plain sentences, and how much data moves.
boost::asio::awaitable<Result<http::Response>> submit_operation(const Call& call, ChangeOptions options,
                                                                command::SubmitOperation operation);

/// {"operation_id":...} as JSON text, appended; the hot path builds no tree.
void append_accepted(const loop::Accepted& accepted, std::string_view cluster, std::string& out);

/// A dry run's answer.
boost::json::object to_json(const loop::Preview& preview);

/// The command's answer for a dry run: 200 with what would be appended.
boost::asio::awaitable<Result<http::Response>> answer_preview(const Call& call, loop::Submission submission);

}  // namespace esaas::api
