#include "api/routes/submit.h"

#include <boost/json/array.hpp>

#include "api/http/co_try.h"
#include "api/routes/body.h"
#include "api/routes/present.h"
#include "api/routes/query.h"
#include "core/base/hash.h"
#include "core/base/proto_json.h"
#include "reconcilers/consequences.h"

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

asio::awaitable<Result<http::Response>> answer_preview(const Call& call, loop::Submission submission,
                                                       std::vector<std::string> consequences) {
  using Answer = Result<loop::Preview>;
  std::function<void(std::function<void(Answer)>)> start = [&front = call.foundation.front,
                                                            &submission](std::function<void(Answer)> answer) {
    front.preview(std::move(submission), std::move(answer));
  };
  auto answer = co_await call.exchange->ask<Answer>(std::move(start), call.foundation.limits.answer_timeout);
  if (!answer) co_return no_answer();
  ESAAS_CO_TRY(const auto preview, std::move(*answer));
  auto object = to_json(preview);
  if (!consequences.empty()) object["consequences"] = json::array(consequences.begin(), consequences.end());
  co_return http::json_response(object);
}

asio::awaitable<Result<http::Response>> answer_preview(const Call& call, loop::Submission submission) {
  std::vector<std::string> none;
  co_return co_await answer_preview(call, std::move(submission), std::move(none));
}

asio::awaitable<Result<http::Response>> submit_operation(const Call& call, ChangeOptions options,
                                                         command::SubmitOperation operation) {
  const auto& request = call.request();
  const std::string cluster = operation.cluster;
  operation.method = request.method;
  operation.url = request.target;
  operation.if_match = options.if_match;
  std::vector<std::string> consequences;
  if (options.dry_run) {
    // What another tenant's cluster would come to is not told: the preview refuses.
    const auto before = call.foundation.front.cluster(cluster);
    if (!before || auth::may_see(call.caller, before->tenant())) {
      consequences = reconcile::consequences(before.get(), operation.request);
    }
  }
  auto submission = make_submission(call, std::move(operation), options);
  if (options.dry_run) co_return co_await answer_preview(call, std::move(submission), std::move(consequences));
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
