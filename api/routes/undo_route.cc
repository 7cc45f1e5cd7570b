#include "api/routes/undo_route.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <array>

#include "api/http/co_try.h"
#include "api/routes/body.h"
#include "api/routes/read_pool.h"
#include "api/routes/submit.h"
#include "core/base/proto_json.h"
#include "store/views/operation_view.h"
#include "store/views/undo.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Answer = asio::awaitable<Result<http::Response>>;

std::unexpected<Error> unknown_operation(std::string_view id) {
  return fail(ErrorCode::kNotFound, "there is no operation " + std::string(id));
}

asio::awaitable<Result<state::Operation>> read_operation(const Call& call, std::string id) {
  std::function<Result<state::Operation>()> read = [&log = call.foundation.log, id] {
    return store::OperationView(log).find(id);
  };
  co_return co_await call.foundation.reads.run<state::Operation>(call.exchange, std::move(read));
}

/// The cluster, the open operations and then the log, in this order: what comes between is in the log, or has changed
/// the revision.
asio::awaitable<Result<store::Undo>> read_undo(const Call& call, std::string id, std::string confirm,
                                               std::shared_ptr<const state::Cluster> cluster) {
  std::function<Result<store::Undo>()> read = [&log = call.foundation.log, id, confirm, cluster,
                                               open = call.foundation.front.operations()] {
    return store::UndoView(log).undo(id, *cluster, open, confirm);
  };
  co_return co_await call.foundation.reads.run<store::Undo>(call.exchange, std::move(read));
}

command::SubmitOperation make_operation(const Call& call, const state::Cluster& cluster, const model::Request& request,
                                        const std::string& reason) {
  command::SubmitOperation operation;
  operation.cluster = cluster.name();
  operation.request = request;
  operation.method = call.request().method;
  operation.url = call.request().target;
  operation.reason = reason.empty() ? "undo of " + call.parameters[0] : reason;
  return operation;
}

/// What a key that was seen before answered: the undo is made, and the log would refuse to make it again.
Result<std::optional<http::Response>> seen_before(const Call& call, const ChangeOptions& options) {
  if (options.idempotency_key.empty()) return std::nullopt;
  ESAAS_TRY(const auto entry, call.foundation.log.find_idempotency(call.caller.tenant + "/" + options.idempotency_key));
  if (!entry) return std::nullopt;
  if (entry->body_hash != make_submission(call, {}, options).body_hash) return std::nullopt;
  http::Response response;
  response.status = 202;
  append_accepted({entry->operation_id, entry->seq, entry->revision, true}, "", response.body);
  response.headers.emplace_back("Location", "/v1/operations/" + entry->operation_id);
  response.headers.emplace_back("Idempotency-Replayed", "true");
  return response;
}

/// Each only when nobody else has changed the cluster since the one before it. What was accepted stays accepted.
Answer submit_one_by_one(const Call& call, ChangeOptions options, const state::Cluster& cluster,
                         const store::Undo& undo, const std::string& reason) {
  json::array operations;
  loop::Accepted last;
  std::uint64_t revision = options.if_match.value_or(cluster.revision());
  for (const model::Request& request : undo.requests) {
    auto operation = make_operation(call, cluster, request, reason);
    operation.if_match = revision;
    auto submission = make_submission(call, std::move(operation), options);
    auto accepted = co_await submit(call, std::move(submission));
    if (!accepted && !operations.empty()) {
      accepted.error().detail += "; accepted before that: " + json::serialize(operations) + "; undo it once more";
    }
    ESAAS_CO_TRY(last, std::move(accepted));
    operations.push_back(json::value(last.operation_id));
    revision = last.revision;
    options.idempotency_key.clear();  // it stands for the first
  }
  json::object body{{"operation_id", operations.front()},
                    {"cluster", cluster.name()},
                    {"seq", last.seq},
                    {"revision", last.revision},
                    {"undoes", call.parameters[0]},
                    {"operations", operations},
                    {"changes", json::array(undo.changes.begin(), undo.changes.end())}};
  http::Response response = http::json_response(body, 202);
  response.headers.emplace_back("Location", "/v1/operations/" + std::string(operations.front().as_string()));
  response.headers.emplace_back("ETag", '"' + std::to_string(last.revision) + '"');
  co_return response;
}

Answer preview_undo(const Call& call, const ChangeOptions& options, const state::Cluster& cluster,
                    const store::Undo& undo, const std::string& reason) {
  auto operation = make_operation(call, cluster, undo.requests.front(), reason);
  operation.if_match = options.if_match;
  ESAAS_CO_TRY(auto response, co_await submit_operation(call, options, std::move(operation)));
  auto body = json::parse(response.body).as_object();
  body["undoes"] = call.parameters[0];
  body["changes"] = json::array(undo.changes.begin(), undo.changes.end());
  auto& requests = body["requests"].emplace_array();
  for (const model::Request& request : undo.requests) requests.push_back(esaas::to_json(request));
  co_return http::json_response(body);
}

Answer undo_operation(Call& call) {
  ESAAS_CO_TRY(auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  ESAAS_CO_TRY(const auto reason, take_reason(call.request(), object));
  ESAAS_CO_TRY(const auto confirm, take_text(object, "confirm"));
  ESAAS_CO_CHECK(refuse_rest(object, "confirm, reason"));
  const std::string& id = call.parameters[0];
  ESAAS_CO_TRY(const auto operation, co_await read_operation(call, id));
  if (!auth::may_see(call.caller, operation.tenant())) co_return unknown_operation(id);
  ESAAS_CO_TRY(auto before, seen_before(call, options));
  if (before) co_return std::move(*before);
  const auto cluster = call.foundation.front.cluster(operation.cluster());
  if (!cluster) co_return fail(ErrorCode::kNotFound, "cluster " + operation.cluster() + " of " + id + " is gone");
  ESAAS_CO_TRY(const auto undo, co_await read_undo(call, id, confirm, cluster));
  if (options.dry_run) co_return co_await preview_undo(call, options, *cluster, undo, reason);
  co_return co_await submit_one_by_one(call, std::move(options), *cluster, undo, reason);
}

constexpr std::array kRoutes{
    Route{http::Verb::kPost, "/v1/operations/{operation}/undo", auth::kOperators, &undo_operation},
};

}  // namespace

std::span<const Route> undo_routes() { return kRoutes; }

}  // namespace esaas::api
