#include "api/routes/sink_routes.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <memory>

#include "api/http/co_try.h"
#include "api/routes/body.h"
#include "api/routes/kept_secrets.h"
#include "api/routes/page.h"
#include "api/routes/pem.h"
#include "api/routes/query.h"
#include "api/routes/read_pool.h"
#include "api/routes/sink_secrets.h"
#include "api/routes/sink_status.h"
#include "api/routes/submit.h"
#include "api/routes/turn.h"
#include "api/routes/visible.h"
#include "core/base/proto_json.h"
#include "store/log/event_log.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Answer = asio::awaitable<Result<http::Response>>;

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

/// What whoever configures it should know.
json::array warnings_of(const model::Sink& sink) {
  json::array warnings;
  if (sink.kafka().security_protocol() == "sasl_plaintext" && sink.kafka().sasl_mechanism() == "PLAIN") {
    warnings.emplace_back(
        "kafka: the password goes to the brokers as it is, and whoever is on the way can read it: use sasl_ssl");
  }
  return warnings;
}

/// One change of a sink at a time, from the look at its secret until the log has it: a change beside it could drop that
/// secret, or let it go another way than it was given for.
Result<Turn> take_sink_turn(const Call& call, const std::string& name) {
  if (Turn turn = take_turn(call.foundation.log, "sinks/" + name)) return turn;
  return fail(ErrorCode::kConflict, "another change of sink " + name + " is on its way: ask again", "",
              "changed_meanwhile");
}

/// 202 with the seq, or what a dry run shows.
Answer answer_change(const Call& call, loop::Submission submission, Turn turn, bool dry_run, const std::string& name,
                     json::array warnings = {}) {
  if (dry_run) co_return co_await answer_preview(call, std::move(submission));
  ESAAS_CO_TRY(const auto accepted, co_await submit_in_turn(call, std::move(submission), std::move(turn)));
  json::object body{{"name", name}, {"seq", accepted.seq}};
  if (!warnings.empty()) body["warnings"] = std::move(warnings);
  auto response = http::json_response(body, 202);
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
  ESAAS_CO_TRY(const auto secret, take_sink_secret(object));
  model::Sink& sink = configure.sink;
  ESAAS_CO_CHECK(from_json(object, sink));
  sink.set_name(name);
  if (!sink.kafka().ca_certificates().empty()) {
    ESAAS_CO_TRY(*sink.mutable_kafka()->mutable_ca_certificates(),
                 certificates_of(sink.kafka().ca_certificates(), "kafka.ca_certificates"));
  }
  std::string tenant = sink.tenant();
  if (bind_tenant(call, tenant)) sink.set_tenant(tenant);
  if (call.foundation.secrets == nullptr) co_return fail(ErrorCode::kUnavailable, "there is no place for secrets");
  ESAAS_CO_TRY(Turn turn, take_sink_turn(call, name));
  const auto head = call.foundation.front.head();
  const state::SinkState* before = find_sink(call, *head, name);
  const auto kept = std::make_shared<store::SecretReferences>();
  // A read that nobody waits for any more has the turn all the same until it ends.
  std::function<Result<model::Sink>()> refer = [sink, was = before == nullptr ? model::Sink() : before->sink(), secret,
                                                secrets = call.foundation.secrets, only_looks = options.dry_run, kept,
                                                turn]() mutable {
    auto referring = refer_to_secret(sink, was, secret, *secrets, only_looks, *kept);
    turn.reset();
    return referring;
  };
  ESAAS_CO_TRY(sink, co_await call.foundation.reads.run<model::Sink>(call.exchange, std::move(refer)));
  json::array warnings = warnings_of(sink);
  auto submission = make_submission(call, std::move(configure), options);
  auto answer =
      co_await answer_change(call, std::move(submission), std::move(turn), options.dry_run, name, std::move(warnings));
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
  ESAAS_CO_TRY(Turn turn, take_sink_turn(call, name));
  auto submission = make_submission(call, std::move(remove), options);
  co_return co_await answer_change(call, std::move(submission), std::move(turn), options.dry_run, name);
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
