#pragma once
// API tokens: "esaas_" and 32 random bytes in base64url. Only their BLAKE2b-256 leaves this process. Thread-safe.

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/commands/decide.h"
#include "reconcilers/loop/front.h"

namespace esaas::api::auth {

struct NewToken {
  std::string token;     ///< the secret; shown once
  std::string token_id;  ///< "tok-" and 12 hexadecimal digits
  std::string hash;      ///< 32 bytes
};

/// A token nobody has seen before, from the system's random numbers.
NewToken make_token();

/// The hash of the token in an Authorization header. kUnauthenticated: no header, another scheme, not our shape.
Result<std::string> hash_of_bearer(std::string_view authorization);

/// Whose token that is. kUnauthenticated: unknown, revoked or expired at `now`; the detail does not tell which.
Result<command::Caller> authenticate(const loop::Front& front, std::string_view authorization,
                                     const std::string& peer_address, Time now);

/// As above when the hash is known already (a stream that goes on for long).
Result<command::Caller> authenticate_hash(const loop::Front& front, std::string_view hash,
                                          const std::string& peer_address, Time now);

}  // namespace esaas::api::auth
