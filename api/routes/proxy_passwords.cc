#include "api/routes/proxy_passwords.h"

#include <algorithm>

#include "core/base/hash.h"
#include "reconcilers/effects/haproxy/runtime.h"

namespace esaas::api {
namespace {

namespace json = boost::json;

constexpr std::size_t kPasswordMin = 8;
constexpr std::size_t kPasswordMax = 128;

std::string field_of(std::size_t index, std::string_view member) {
  return "access.users[" + std::to_string(index) + "]." + std::string(member);
}

/// Printable ASCII: what every client sends as the same bytes.
bool is_password(std::string_view text) {
  return text.size() >= kPasswordMin && text.size() <= kPasswordMax &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

/// A name of a user may hold what an id may not.
std::string secret_id_of(const std::string& cluster, std::string_view user) {
  return "proxy/" + cluster + "/" + to_hex(to_bytes(blake2b_256(user)).substr(0, 16));
}

Result<void> keep_one(json::object& user, std::size_t index, const std::string& cluster,
                      const model::ProxyAccess& before, store::SecretStore* secrets, bool only_looks,
                      store::SecretReferences& kept) {
  const json::value* name = user.if_contains("name");
  if (name == nullptr || !name->is_string()) return {};  // refused where the whole request is looked at
  const std::string_view user_name = name->get_string();
  for (const char* ours : {"secret_id", "secret_version"}) {
    if (!user.contains(ours)) continue;
    return fail(ErrorCode::kInvalidArgument, field_of(index, ours) + ": is not for clients to say: give a password",
                field_of(index, ours), "unknown");
  }
  const json::value* password = user.if_contains("password");
  if (password == nullptr) {
    const auto known = std::ranges::find(before.users(), user_name, &model::ProxyUser::name);
    if (known == before.users().end()) {
      return fail(ErrorCode::kInvalidArgument, field_of(index, "password") + ": is missing: the user is a new one",
                  field_of(index, "password"), "required");
    }
    user["secret_id"] = known->secret_id();
    user["secret_version"] = known->secret_version();
    return {};
  }
  if (!password->is_string() || !is_password(password->get_string())) {
    return fail(ErrorCode::kInvalidArgument,
                field_of(index, "password") + ": has to be of 8 to 128 printable ASCII characters",
                field_of(index, "password"), "password");
  }
  const std::string id = secret_id_of(cluster, user_name);
  std::uint32_t version = 0;
  if (!only_looks) {
    ESAAS_TRY(version, secrets->put(id, haproxy::digest_of(user_name, password->get_string())));
    kept.emplace(id, version);
  }
  user.erase("password");
  user["secret_id"] = id;
  user["secret_version"] = version;
  return {};
}

}  // namespace

Result<void> keep_passwords(json::object& body, const std::string& cluster, const model::ProxyAccess& before,
                            store::SecretStore* secrets, bool only_looks, store::SecretReferences& kept) {
  json::value* access = body.if_contains("access");
  json::value* users = access != nullptr && access->is_object() ? access->get_object().if_contains("users") : nullptr;
  if (users == nullptr || !users->is_array()) return {};
  if (secrets == nullptr) return fail(ErrorCode::kUnavailable, "there is no place for secrets");
  std::size_t index = 0;
  for (json::value& user : users->get_array()) {
    if (user.is_object()) {
      ESAAS_CHECK(keep_one(user.get_object(), index, cluster, before, secrets, only_looks, kept));
    }
    ++index;
  }
  return {};
}

bool keeps_a_password(const json::object& body) {
  const json::value* access = body.if_contains("access");
  const json::value* users =
      access != nullptr && access->is_object() ? access->get_object().if_contains("users") : nullptr;
  if (users == nullptr || !users->is_array()) return false;
  return std::ranges::any_of(users->get_array(), [](const json::value& user) {
    return user.is_object() && !user.get_object().contains("password");
  });
}

}  // namespace esaas::api
