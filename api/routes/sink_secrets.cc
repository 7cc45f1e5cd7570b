#include "api/routes/sink_secrets.h"

#include <algorithm>
#include <array>
#include <utility>

namespace esaas::api {
namespace {

namespace json = boost::json;

/// What can hold a secret.
struct Place {
  const char* kind;
  const char* member;
  std::size_t length_min;
};
constexpr std::array kPlaces{Place{"webhook", "secret", 16}, Place{"kafka", "sasl_password", 1}};
constexpr std::size_t kLengthMax = 256;

Result<void> check_secret(const json::value& secret, const Place& place) {
  const auto is_good = [&](std::string_view text) {
    return text.size() >= place.length_min && text.size() <= kLengthMax &&
           std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
  };
  if (secret.is_string() && (secret.get_string().empty() || is_good(secret.get_string()))) return {};
  const std::string field = std::string(place.kind) + "." + place.member;
  return fail(ErrorCode::kInvalidArgument,
              field + ": has to be of " + std::to_string(place.length_min) + " to " + std::to_string(kLengthMax) +
                  " printable ASCII characters, or empty for none",
              field, "secret");
}

Result<std::optional<std::string>> take_from(json::object& members, const Place& place) {
  for (const char* ours : {"secret_id", "secret_version"}) {
    if (!members.contains(ours)) continue;
    const std::string field = std::string(place.kind) + "." + ours;
    return fail(ErrorCode::kInvalidArgument, field + ": is not for clients to say: give a " + place.member, field,
                "unknown");
  }
  const json::value* secret = members.if_contains(place.member);
  if (secret == nullptr) return std::nullopt;
  ESAAS_CHECK(check_secret(*secret, place));
  std::string text(secret->get_string());
  members.erase(place.member);
  return text;
}

/// `keeps_way`: what was given before may be used as it was.
template <typename Kind>
Result<void> refer(Kind& now, const Kind& before, bool keeps_way, const std::string& id,
                   const std::optional<std::string>& secret, store::SecretStore& secrets, bool only_looks,
                   store::SecretReferences& kept) {
  bool keeps_the_old = !secret;
  if (secret && keeps_way && !before.secret_id().empty()) {
    const auto known = secrets.get(before.secret_id(), before.secret_version());
    keeps_the_old = known && *known == *secret;
  }
  if (keeps_the_old) {
    now.set_secret_id(before.secret_id());
    now.set_secret_version(before.secret_version());
    return {};
  }
  now.set_secret_id(id);
  if (only_looks) return {};
  ESAAS_TRY(const std::uint32_t version, secrets.put(id, *secret));
  now.set_secret_version(version);
  kept.emplace(id, version);
  return {};
}

/// As core/commands/kafka_sink.h has it.
bool goes_the_same_way(const model::KafkaSink& now, const model::KafkaSink& before) {
  return now.brokers() == before.brokers() && now.security_protocol() == before.security_protocol() &&
         now.sasl_mechanism() == before.sasl_mechanism();
}

}  // namespace

Result<std::optional<std::string>> take_sink_secret(json::object& body) {
  std::optional<std::string> taken;
  for (const Place& place : kPlaces) {
    json::value* members = body.if_contains(place.kind);
    if (members == nullptr || !members->is_object()) continue;
    ESAAS_TRY(auto secret, take_from(members->get_object(), place));
    if (secret) taken = std::move(secret);
  }
  return taken;
}

Result<model::Sink> refer_to_secret(model::Sink sink, const model::Sink& before,
                                    const std::optional<std::string>& secret, store::SecretStore& secrets,
                                    bool only_looks, store::SecretReferences& kept) {
  if (secret && secret->empty()) return sink;
  const std::string id = "sink/" + sink.name();
  if (sink.has_webhook()) {
    ESAAS_CHECK(refer(*sink.mutable_webhook(), before.webhook(), true, id, secret, secrets, only_looks, kept));
  }
  if (sink.has_kafka()) {
    model::KafkaSink& kafka = *sink.mutable_kafka();
    // Who gives up the user gives up the password.
    if (!secret && !kafka.security_protocol().starts_with("sasl_")) return sink;
    const bool keeps_way = goes_the_same_way(kafka, before.kafka());
    ESAAS_CHECK(refer(kafka, before.kafka(), keeps_way, id, secret, secrets, only_looks, kept));
  }
  return sink;
}

}  // namespace esaas::api
