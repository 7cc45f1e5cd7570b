#include "api/auth/token.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/assert.h"
#include "core/base/hash.h"

namespace esaas::api::auth {
namespace {

constexpr std::string_view kTokenPrefix = "esaas_";
constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kEncodedLength = 43;  // base64url of 32 bytes, without padding
constexpr std::string_view kScheme = "bearer";

bool is_base64url(std::string_view text) {
  for (const char c : text) {
    const bool fits =
        (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!fits) return false;
  }
  return true;
}

/// What follows the scheme, whose case does not matter, and the spaces behind it (RFC 9110, 11.1 and 11.4). Nothing
/// when it is another scheme.
std::optional<std::string_view> credentials_of(std::string_view authorization) {
  const auto scheme = authorization.substr(0, authorization.find(' '));
  const auto same = [](char given, char lower) { return given == lower || given == lower - 'a' + 'A'; };
  if (!std::ranges::equal(scheme, kScheme, same)) return std::nullopt;
  const auto begin = std::min(authorization.find_first_not_of(' ', scheme.size()), authorization.size());
  return authorization.substr(begin);
}

std::unexpected<Error> refuse(std::string detail) {
  return fail(ErrorCode::kUnauthenticated, std::move(detail), "Authorization");
}

}  // namespace

NewToken make_token() {
  const int initialized = sodium_init();  // any number of times, from any thread
  ESAAS_ASSERT(initialized >= 0, "libsodium cannot find random numbers");
  std::array<unsigned char, kRandomBytes> random{};
  randombytes_buf(random.data(), random.size());
  std::array<char, kEncodedLength + 1> encoded{};
  sodium_bin2base64(encoded.data(), encoded.size(), random.data(), random.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  sodium_memzero(random.data(), random.size());
  std::array<unsigned char, 6> id{};
  randombytes_buf(id.data(), id.size());
  NewToken made;
  made.token = std::string(kTokenPrefix) + encoded.data();
  made.token_id = "tok-" + to_hex({reinterpret_cast<const char*>(id.data()), id.size()});
  made.hash = to_bytes(blake2b_256(made.token));
  return made;
}

Result<std::string> hash_of_bearer(std::string_view authorization) {
  if (authorization.empty()) return refuse("send the header Authorization: Bearer TOKEN");
  const auto credentials = credentials_of(authorization);
  if (!credentials) return refuse("the Authorization header is not of the Bearer scheme");
  const auto token = *credentials;
  if (token.size() != kTokenPrefix.size() + kEncodedLength || !token.starts_with(kTokenPrefix) ||
      !is_base64url(token.substr(kTokenPrefix.size()))) {
    return refuse("the token does not have the form esaas_ and 43 characters");
  }
  return to_bytes(blake2b_256(token));
}

Result<command::Caller> authenticate_hash(const loop::Front& front, std::string_view hash,
                                          const std::string& peer_address, Time now) {
  auto found = front.token(hash);
  if (!found || found->expires_at_us <= to_us(now)) {
    return refuse("the token is unknown, revoked or expired");
  }
  return command::Caller{std::move(found->token_id), std::move(found->tenant), found->role, peer_address};
}

Result<command::Caller> authenticate(const loop::Front& front, std::string_view authorization,
                                     const std::string& peer_address, Time now) {
  ESAAS_TRY(const std::string hash, hash_of_bearer(authorization));
  return authenticate_hash(front, hash, peer_address, now);
}

}  // namespace esaas::api::auth
