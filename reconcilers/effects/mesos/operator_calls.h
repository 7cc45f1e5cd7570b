#pragma once
// What the operator API of a master (POST /api/v1) is asked, and what its answers mean. Pure; any thread.

#include <string_view>

#include "core/base/result.h"
#include "reconcilers/effects/mesos/wire/master.pb.h"

namespace esaas::mesos::operator_calls {

using wire::master::Call;
using wire::master::Response;

inline constexpr std::string_view kPath = "/api/v1";

Call get_agents();
/// Frameworks that are registered, connected or not, with what they use; and those that are completed.
Call get_frameworks();
Call get_quota();
Call get_metrics();
/// Replaces what the master holds for the role of `config`. A master refuses a limit below what is in use, and
/// guarantees beyond what its agents have. Asking twice does no harm.
Call update_quota(wire::quota::QuotaConfig config);

/// The answer to `call`. A refusal carries the master's own words: kInvalidArgument and kConflict (it will not do
/// that), kPermissionDenied, kUnauthenticated. kUnavailable: it does not lead, or cannot answer now. kDataLoss: the
/// body is not a Response.
Result<Response> read_answer(const Call& call, int status, std::string_view body);

}  // namespace esaas::mesos::operator_calls
