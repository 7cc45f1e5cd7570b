#include "api/serve/controller_identity.h"

#include <string>
#include <string_view>

#include "store/digests/signer.h"

namespace esaas::api {
namespace {

/// Certificate and key in one: both are kept, or none.
constexpr std::string_view kIdentity = "controller/identity";
/// It is made once: proxies that run know no other.
constexpr std::uint32_t kVersion = 1;
constexpr std::string_view kKeyBegins = "-----BEGIN PRIVATE KEY-----";

}  // namespace

Result<haproxy::Identity> ensure_controller_identity(store::SecretStore& secrets) {
  const auto kept = secrets.get(kIdentity, kVersion);
  if (kept) {
    const auto key = kept->find(kKeyBegins);
    if (key == std::string::npos) return fail(ErrorCode::kDataLoss, "the controller's certificate has no key");
    return haproxy::Identity{.certificate = kept->substr(0, key), .key = kept->substr(key)};
  }
  if (kept.error().code != ErrorCode::kNotFound) return std::unexpected(kept.error());
  ESAAS_TRY(auto identity, haproxy::make_identity());
  ESAAS_CHECK(secrets.put(kIdentity, identity.certificate + identity.key));
  return identity;
}

bool is_of_the_controller(std::string_view secret_id) {
  return secret_id == kIdentity || secret_id == store::kSigningKeySecret;
}

}  // namespace esaas::api
