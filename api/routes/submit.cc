#include "api/routes/submit.h"

#include <boost/json/array.hpp>

#include "api/http/co_try.h"
#include "api/routes/body.h"
#include "api/routes/look.h"
#include "api/routes/present.h"
#include "api/routes/query.h"
#include "core/base/hash.h"
#include "core/base/proto_json.h"
#include "reconcilers/consequences.h"
#include "reconcilers/data_moved.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

std::unexpected<Error> no_answer() {
  return fail(ErrorCode::kDeadlineExceeded,
              "the controller did not answer in time; the change may still be made: repeat it with the same "
              "Idempotency-Key to learn",
              "", "answer_timeout");
}

/// The same key with another method, path or body is another request.
std::string body_hash_of(const http::Request& request, std::string_view path) {
  std::string text;
  text.reserve(request.method.size() + path.size() + request.body.size() + 2);
  text.append(request.method).append("\n").append(path).append("\n").append(request.body);
  return to_bytes(blake2b_256(text));
}

asio::awaitable<Result<loop::Preview>> preview(const Call& call, loop::Submission submission) {
  using Answer = Result<loop::Preview>;
  std::function<void(std::function<void(Answer)>)> start = [&front = call.foundation.front,
                                                            &submission](std::function<void(Answer)> answer) {
    front.preview(std::move(submission), std::move(answer));
  };
  auto answer = co_await call.exchange->ask<Answer>(std::move(start), call.foundation.limits.answer_timeout);
  if (!answer) co_return no_answer();
  co_return std::move(*answer);
}

/// Elasticsearch is asked only when the figures need it.
asio::awaitable<std::optional<reconcile::DataMoved>> find_data_moved(const Call& call, const state::Cluster& cluster,
                                                                     const model::Request& request) {
  if (!reconcile::moves_what_nodes_keep(request)) co_return reconcile::data_moved(cluster, request, nullptr, "");
  reconcile::Questions questions;
  questions.stores = true;
  std::string name = cluster.name();
  const auto seen = co_await look_at(call, std::move(name), std::move(questions));
  co_return reconcile::data_moved(cluster, request, seen ? &*seen : nullptr, seen ? "" : seen.error().detail);
}

json::object data_json(const reconcile::DataMoved& moved) {
  if (!moved.unknown.empty()) return json::object{{"unknown", moved.unknown}};
  return json::object{{"moved_bytes_min", moved.least},
                      {"moved_bytes_max", moved.most},
                      {"dropped_bytes", moved.dropped},
                      {"estimated", moved.estimated},
                      {"how", moved.how}};
}

/// What would be appended, and what that comes to.
asio::awaitable<Result<http::Response>> preview_operation(const Call& call, loop::Submission submission,
                                                          std::string name, model::Request request) {
  const auto before = call.foundation.front.cluster(name);
  ESAAS_CO_TRY(const auto previewed, co_await preview(call, std::move(submission)));
  auto object = to_json(previewed);
  auto told = reconcile::consequences(before.get(), request);
  if (before != nullptr) {
    const auto moved = co_await find_data_moved(call, *before, request);
    if (moved) {
      told.push_back(reconcile::sentence_of(*moved));
      object["data"] = data_json(*moved);
    }
  }
  if (!told.empty()) object["consequences"] = json::array(told.begin(), told.end());
  co_return http::json_response(object);
}

}  // namespace

Result<ChangeOptions> read_change_options(const Call& call, std::string_view also, std::string* value) {
  Query query(call.target);
  ChangeOptions options;
  options.dry_run = query.flag("dry_run");
  if (!also.empty()) *value = query.text(also);
  ESAAS_CHECK(query.done());
  ESAAS_TRY(options.idempotency_key, idempotency_key_of(call.request()));
  ESAAS_TRY(options.if_match, if_match_of(call.request()));
  return options;
}

loop::Submission make_submission(const Call& call, command::Command command, const ChangeOptions& options) {
  loop::Submission submission;
  submission.command = std::move(command);
  submission.caller = call.caller;
  submission.caller.method = call.request().method;
  submission.caller.url = call.request().target;
  submission.idempotency_key = options.idempotency_key;
  if (!options.idempotency_key.empty()) {
    submission.body_hash = body_hash_of(call.request(), call.target.path);
  }
  return submission;
}

asio::awaitable<Result<std::vector<Result<loop::Accepted>>>> submit_all(const Call& call,
                                                                        std::vector<loop::Submission> submissions) {
  using Answers = std::vector<Result<loop::Accepted>>;
  std::function<void(std::function<void(Answers)>)> start = [&front = call.foundation.front,
                                                             &submissions](std::function<void(Answers)> answer) {
    front.submit(std::move(submissions), std::move(answer));
  };
  auto answers = co_await call.exchange->ask<Answers>(std::move(start), call.foundation.limits.answer_timeout);
  if (!answers) co_return no_answer();
  co_return std::move(*answers);
}

asio::awaitable<Result<loop::Accepted>> submit(const Call& call, loop::Submission submission) {
  std::vector<loop::Submission> one;
  one.push_back(std::move(submission));
  ESAAS_CO_TRY(auto answers, co_await submit_all(call, std::move(one)));
  if (answers.size() != 1) co_return fail(ErrorCode::kInternal, "the controller gave no answer");
  co_return std::move(answers.front());
}

void append_accepted(const loop::Accepted& accepted, std::string_view cluster, std::string& out) {
  // Operation ids and cluster names hold nothing that JSON would escape.
  out.append("{\"operation_id\":\"").append(accepted.operation_id);
  if (!cluster.empty()) out.append("\",\"cluster\":\"").append(cluster);
  out.append("\",\"seq\":").append(std::to_string(accepted.seq));
  out.append(",\"revision\":").append(std::to_string(accepted.revision));
  if (accepted.replayed) out.append(",\"replayed\":true");
  out += '}';
}

json::object to_json(const loop::Preview& preview) {
  json::object object{{"dry_run", true}};
  auto& events = object["events"].emplace_array();
  for (const auto& event : preview.events) events.push_back(present(event));
  auto& next = object["next"].emplace_array();
  for (const auto& event : preview.next) next.push_back(present(event));
  auto& holds = object["holds"].emplace_array();
  for (const auto& hold : preview.holds) holds.push_back(esaas::to_json(hold));
  return object;
}

asio::awaitable<Result<http::Response>> answer_preview(const Call& call, loop::Submission submission) {
  ESAAS_CO_TRY(const auto previewed, co_await preview(call, std::move(submission)));
  co_return http::json_response(to_json(previewed));
}

asio::awaitable<Result<http::Response>> submit_operation(const Call& call, ChangeOptions options,
                                                         command::SubmitOperation operation) {
  const auto& request = call.request();
  const std::string cluster = operation.cluster;
  operation.method = request.method;
  operation.url = request.target;
  operation.if_match = options.if_match;
  model::Request request_seen;
  if (options.dry_run) request_seen = operation.request;
  auto submission = make_submission(call, std::move(operation), options);
  if (options.dry_run) {
    co_return co_await preview_operation(call, std::move(submission), cluster, std::move(request_seen));
  }
  ESAAS_CO_TRY(const auto accepted, co_await submit(call, std::move(submission)));
  http::Response response;
  response.status = 202;
  append_accepted(accepted, cluster, response.body);
  response.headers.emplace_back("Location", "/v1/operations/" + accepted.operation_id);
  response.headers.emplace_back("ETag", '"' + std::to_string(accepted.revision) + '"');
  if (accepted.replayed) response.headers.emplace_back("Idempotency-Replayed", "true");
  co_return response;
}

}  // namespace esaas::api
