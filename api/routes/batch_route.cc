#include "api/routes/batch_route.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "api/http/co_try.h"
#include "api/http/problem.h"
#include "api/routes/body.h"
#include "api/routes/operation_body.h"
#include "api/routes/query.h"
#include "api/routes/submit.h"
#include "core/base/hash.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

/// An item is what it would be as a POST /v1/operations of its own, with two headers as members.
Result<loop::Submission> read_item(const Call& call, json::value& value) {
  auto* object = value.if_object();
  if (object == nullptr) return fail(ErrorCode::kInvalidArgument, "is not an object", "", "type");
  loop::Submission submission;
  const bool has_key = object->contains("idempotency_key");
  ESAAS_TRY(submission.idempotency_key, take_text(*object, "idempotency_key"));
  if (has_key) {
    ESAAS_CHECK(check_idempotency_key(submission.idempotency_key, "idempotency_key"));
    submission.body_hash = to_bytes(blake2b_256("batch\n" + json::serialize(*object)));
  }
  ESAAS_TRY(auto if_match, take_number(*object, "if_match"));
  ESAAS_TRY(auto reason, take_text(*object, "reason", kReasonLengthMax));
  ESAAS_TRY(auto operation,
            read_operation(*object, call.caller, "cluster, request, reason, idempotency_key, if_match"));
  operation.if_match = if_match;
  operation.reason = std::move(reason);
  operation.method = call.request().method;
  operation.url = call.request().target;
  submission.command = std::move(operation);
  submission.caller = call.caller;
  return submission;
}

/// What a header says of one operation, the items of a batch say as members.
Result<void> refuse_headers(const http::Request& request) {
  const auto refuse = [](const std::string& header, const std::string& member) {
    return fail(ErrorCode::kInvalidArgument, "a batch has a member " + member + " per item, not the header " + header,
                header, member + "_per_item");
  };
  if (request.has_idempotency_key) return refuse("Idempotency-Key", "idempotency_key");
  if (!request.if_match.empty()) return refuse("If-Match", "if_match");
  if (!request.reason.empty()) return refuse("X-Reason", "reason");
  return {};
}

Result<json::array> read_batch(const Call& call) {
  ESAAS_CHECK(Query(call.target).done());
  ESAAS_CHECK(refuse_headers(call.request()));
  ESAAS_TRY(auto object, read_object(call.request()));
  const auto found = object.find("operations");
  if (found == object.end() || !found->value().is_array()) {
    return fail(ErrorCode::kInvalidArgument, "operations: an array of operations is missing", "operations", "required");
  }
  json::array items = std::move(found->value().get_array());
  object.erase(found);
  ESAAS_CHECK(refuse_rest(object, "operations"));
  const auto most = call.foundation.limits.batch_operations_max;
  if (items.empty() || items.size() > most) {
    return fail(ErrorCode::kInvalidArgument, "operations: send 1 to " + std::to_string(most) + " at once", "operations",
                "batch_operations_max");
  }
  return items;
}

/// The controller speaks of the headers of one operation; in a batch they are members.
void name_in_item(Error& error, model::Request::KindCase kind) {
  name_in_body(error, kind);
  if (error.field == "Idempotency-Key") error.field = "idempotency_key";
  if (error.field == "If-Match") error.field = "if_match";
}

void append_result(const Result<loop::Accepted>& result, std::size_t index, std::string& out) {
  if (result) {
    out += "{\"status\":202,\"accepted\":";
    append_accepted(*result, "", out);
  } else {
    auto error = result.error();
    const auto path = "operations[" + std::to_string(index) + "]";
    error.field = error.field.empty() ? path : path + "." + error.field;
    out.append("{\"status\":").append(std::to_string(http::status_of(error)));
    out.append(",\"problem\":").append(http::problem_json(error, {}));
  }
  out += '}';
}

}  // namespace

asio::awaitable<Result<http::Response>> submit_batch(Call& call) {
  ESAAS_CO_TRY(auto items, read_batch(call));
  std::vector<Result<loop::Accepted>> results(items.size());
  std::vector<loop::Submission> submissions;
  std::vector<std::size_t> indexes;             // of the submissions among the items
  std::vector<model::Request::KindCase> kinds;  // of the submissions
  submissions.reserve(items.size());
  indexes.reserve(items.size());
  kinds.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto submission = read_item(call, items[i]);
    if (submission) {
      kinds.push_back(std::get<command::SubmitOperation>(submission->command).request.kind_case());
      submissions.push_back(std::move(*submission));
      indexes.push_back(i);
    } else {
      results[i] = std::unexpected(std::move(submission).error());
    }
  }
  if (!submissions.empty()) {
    ESAAS_CO_TRY(auto answers, co_await submit_all(call, std::move(submissions)));
    if (answers.size() != indexes.size()) co_return fail(ErrorCode::kInternal, "the controller gave too few answers");
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (!answers[i]) name_in_item(answers[i].error(), kinds[i]);
      results[indexes[i]] = std::move(answers[i]);
    }
  }
  http::Response response;
  response.body.reserve(results.size() * 96);
  response.body = "{\"results\":[";
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (i > 0) response.body += ',';
    append_result(results[i], i, response.body);
  }
  response.body += "]}";
  co_return response;
}

}  // namespace esaas::api
