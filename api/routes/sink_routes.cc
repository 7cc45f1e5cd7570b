#include "api/routes/sink_routes.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <memory>

#include "api/http/co_try.h"
#include "api/routes/body.h"
#include "api/routes/kept_secrets.h"
#include "api/routes/page.h"
#include "api/routes/query.h"
#include "api/routes/read_pool.h"
#include "api/routes/sink_status.h"
#include "api/routes/submit.h"
#include "api/routes/visible.h"
#include "core/base/proto_json.h"
#include "store/log/event_log.h"
#include "store/secrets/secret_store.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Answer = asio::awaitable<Result<http::Response>>;

constexpr std::size_t kSecretMin = 16;
constexpr std::size_t kSecretMax = 256;

std::string path_of(const std::string& sink) { return "/v1/sinks/" + sink; }

std::optional<sinks::Progress> progress_of(const Call& call, const std::string& sink) {
  return call.foundation.sink_progress ? call.foundation.sink_progress(sink) : std::nullopt;
}

json::object show(const Call& call, const state::SinkState& sink) {
  return present(sink, progress_of(call, sink.sink().name()), call.foundation.log.last_seq());
}

/// Null when there is none that the caller may see.
const state::SinkState* find_sink(const Call& call, const state::Fleet& head, const std::string& name) {
  const auto found = std::ranges::find_if(head.sinks(), [&](const state::SinkState& one) {
    return one.sink().name() == name && auth::may_see(call.caller, one.sink().tenant());
  });
  return found == head.sinks().end() ? nullptr : &*found;
}

Result<http::Response> list_sinks(Call& call) {
  Query query(call.target);
  PageBuilder page(read_page(query));
  const std::string tenant = query.text("tenant");
  ESAAS_CHECK(query.done());
  const auto head = call.foundation.front.head();
  for (const state::SinkState& sink : head->sinks()) {  // by name
    const bool is_asked_for = tenant.empty() || sink.sink().tenant() == tenant;
    if (!is_asked_for || !auth::may_see(call.caller, sink.sink().tenant())) continue;
    const std::string& name = sink.sink().name();
    if (page.is_after_cursor(name) && !page.add(name, show(call, sink))) break;
  }
  return http::json_response(page.finish());
}

Result<http::Response> get_sink(Call& call) {
  Query query(call.target);
  ESAAS_CHECK(query.done());
  const auto head = call.foundation.front.head();
  const state::SinkState* sink = find_sink(call, *head, call.parameters[0]);
  if (sink == nullptr) return fail(ErrorCode::kNotFound, "there is no sink " + call.parameters[0]);
  return http::json_response(show(call, *sink));
}

Result<void> check_secret(const json::value& secret) {
  const auto is_good = [](std::string_view text) {
    return text.size() >= kSecretMin && text.size() <= kSecretMax &&
           std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
  };
  if (secret.is_string() && (secret.get_string().empty() || is_good(secret.get_string()))) return {};
  return fail(ErrorCode::kInvalidArgument,
              "webhook.secret: has to be of 16 to 256 printable ASCII characters, or empty for none", "webhook.secret",
              "secret");
}

/// Takes the secret of a webhook out of the body; nothing when it says none.
Result<std::optional<std::string>> take_secret(json::object& object) {
  json::value* webhook = object.if_contains("webhook");
  if (webhook == nullptr || !webhook->is_object()) return std::nullopt;
  json::object& members = webhook->get_object();
  for (const char* ours : {"secret_id", "secret_version"}) {
    if (!members.contains(ours)) continue;
    const std::string field = std::string("webhook.") + ours;
    return fail(ErrorCode::kInvalidArgument, field + ": is not for clients to say: give a secret", field, "unknown");
  }
  const json::value* secret = members.if_contains("secret");
  if (secret == nullptr) return std::nullopt;
  ESAAS_CHECK(check_secret(*secret));
  std::string text(secret->get_string());
  members.erase("secret");
  return text;
}

/// What the webhook signs with: the given secret, else the one that it has. The same one is not kept twice, so that a
/// request that is repeated changes nothing. Reads and writes the disk.
Result<model::Sink> refer_to_secret(model::Sink sink, const model::WebhookSink& before,
                                    const std::optional<std::string>& secret, store::SecretStore& secrets,
                                    bool only_looks, store::SecretReferences& kept) {
  if (!sink.has_webhook() || (secret && secret->empty())) return sink;
  model::WebhookSink& webhook = *sink.mutable_webhook();
  bool keeps_the_old = !secret;
  if (secret && !before.secret_id().empty()) {
    const auto known = secrets.get(before.secret_id(), before.secret_version());
    keeps_the_old = known && *known == *secret;
  }
  if (keeps_the_old) {
    webhook.set_secret_id(before.secret_id());
    webhook.set_secret_version(before.secret_version());
    return sink;
  }
  webhook.set_secret_id("sink/" + sink.name());
  if (only_looks) return sink;
  ESAAS_TRY(const std::uint32_t version, secrets.put(webhook.secret_id(), *secret));
  webhook.set_secret_version(version);
  kept.emplace(webhook.secret_id(), version);
  return sink;
}

/// 202 with the seq, or what a dry run shows.
Answer answer_change(const Call& call, loop::Submission submission, bool dry_run, const std::string& name) {
  if (dry_run) co_return co_await answer_preview(call, std::move(submission));
  ESAAS_CO_TRY(const auto accepted, co_await submit(call, std::move(submission)));
  auto response = http::json_response(json::object{{"name", name}, {"seq", accepted.seq}}, 202);
  response.headers.emplace_back("Location", path_of(name));
  if (accepted.replayed) response.headers.emplace_back("Idempotency-Replayed", "true");
  co_return response;
}

Answer put_sink(Call& call) {
  ESAAS_CO_TRY(const auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  command::ConfigureSink configure;
  configure.method = call.request().method;
  configure.url = call.request().target;
  ESAAS_CO_TRY(configure.reason, take_reason(call.request(), object));
  const std::string name = call.parameters[0];
  ESAAS_CO_TRY(const auto named, take_text(object, "name"));
  if (!named.empty() && named != name) {
    co_return fail(ErrorCode::kInvalidArgument, "name: the path names " + name, "name", "same_name");
  }
  ESAAS_CO_TRY(const auto secret, take_secret(object));
  model::Sink& sink = configure.sink;
  ESAAS_CO_CHECK(from_json(object, sink));
  sink.set_name(name);
  std::string tenant = sink.tenant();
  if (bind_tenant(call, tenant)) sink.set_tenant(tenant);
  if (call.foundation.secrets == nullptr) co_return fail(ErrorCode::kUnavailable, "there is no place for secrets");
  const auto head = call.foundation.front.head();
  const state::SinkState* before = find_sink(call, *head, name);
  const auto kept = std::make_shared<store::SecretReferences>();
  std::function<Result<model::Sink>()> refer =
      [sink, webhook = before == nullptr ? model::WebhookSink() : before->sink().webhook(), secret,
       secrets = call.foundation.secrets, only_looks = options.dry_run,
       kept] { return refer_to_secret(sink, webhook, secret, *secrets, only_looks, *kept); };
  ESAAS_CO_TRY(sink, co_await call.foundation.reads.run<model::Sink>(call.exchange, std::move(refer)));
  auto submission = make_submission(call, std::move(configure), options);
  auto answer = co_await answer_change(call, std::move(submission), options.dry_run, name);
  if (came_to_nothing(answer)) co_await forget(call, kept);
  co_return answer;
}

Answer remove_sink(Call& call) {
  ESAAS_CO_TRY(const auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  command::RemoveSink remove;
  remove.name = call.parameters[0];
  remove.method = call.request().method;
  remove.url = call.request().target;
  ESAAS_CO_TRY(remove.reason, take_reason(call.request(), object));
  ESAAS_CO_CHECK(refuse_rest(object, "reason"));
  const std::string name = remove.name;
  co_return co_await answer_change(call, make_submission(call, std::move(remove), options), options.dry_run, name);
}

constexpr std::array kRoutes{
    Route{http::Verb::kGet, "/v1/sinks", auth::kAdmins, &list_sinks, kTakesAt},
    Route{http::Verb::kGet, "/v1/sinks/{sink}", auth::kAdmins, &get_sink, kTakesAt},
    Route{http::Verb::kPut, "/v1/sinks/{sink}", auth::kFleetAdmins, &put_sink},
    Route{http::Verb::kDelete, "/v1/sinks/{sink}", auth::kAdmins, &remove_sink},
};

}  // namespace

std::span<const Route> sink_routes() { return kRoutes; }

}  // namespace esaas::api
