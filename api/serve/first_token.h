#pragma once
// The first administrator's token: made when the state has no token at all, so that a new installation can be used and
// nobody ever needs a default password.

#include <filesystem>

#include "core/base/result.h"
#include "core/base/time.h"
#include "reconcilers/loop/front.h"

namespace esaas::api {

/// How long the first token is good for.
inline constexpr Duration kFirstTokenLifetime = std::chrono::hours{24 * 90};

/// Writes the token to `file` (mode 0600, replaced), issues it, and waits until that is durable. True when one was
/// made; false when there are tokens already. kDeadlineExceeded when the controller does not answer.
Result<bool> ensure_first_token(loop::Front& front, const std::filesystem::path& file, Time now);

}  // namespace esaas::api
