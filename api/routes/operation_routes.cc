#include "api/routes/operation_routes.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>

#include "api/http/co_try.h"
#include "api/routes/batch_route.h"
#include "api/routes/body.h"
#include "api/routes/operation_body.h"
#include "api/routes/present.h"
#include "api/routes/query.h"
#include "api/routes/read_pool.h"
#include "api/routes/submit.h"
#include "core/base/proto_json.h"
#include "core/model/request.h"
#include "reconcilers/explain.h"
#include "store/views/operation_view.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Answer = asio::awaitable<Result<http::Response>>;

std::unexpected<Error> unknown_operation(std::string_view id) {
  return fail(ErrorCode::kNotFound, "there is no operation " + std::string(id));
}

/// The operation that this one is queued behind; empty when it is about to start.
std::string waits_for(const Call& call, const state::Operation& operation, const state::Cluster& cluster) {
  if (!model::runs_alongside(operation.request())) return cluster.active_operation();
  for (const std::string& id : cluster.side_operations()) {
    const auto other = call.foundation.front.operation(id);
    if (other && other->request().kind_case() == operation.request().kind_case()) return id;
  }
  return {};
}

/// An open operation, with what holds its cluster back, and what it has asked of Elasticsearch: why it waits.
json::object present_open(const Call& call, const state::Operation& operation) {
  auto object = present(operation);
  auto& holds = object["holds"].emplace_array();
  const auto cluster = call.foundation.front.cluster(operation.cluster());
  if (!cluster) return object;
  if (operation.status() == model::OPERATION_STATUS_QUEUED) {
    object["waits_for"] = waits_for(call, operation, *cluster);
    return object;
  }
  auto& requests = object["requests"].emplace_array();
  for (const auto& request : cluster->requests()) {
    if (request.operation() == operation.id()) requests.push_back(esaas::to_json(request));
  }
  for (const auto& hold : cluster->holds()) {
    if (reconcile::concerns(hold, operation, *cluster)) holds.push_back(esaas::to_json(hold));
  }
  return object;
}

asio::awaitable<Result<state::Operation>> read_finished(const Call& call, std::string id) {
  std::function<Result<state::Operation>()> read = [&log = call.foundation.log, id] {
    return store::OperationView(log).find(id);
  };
  co_return co_await call.foundation.reads.run<state::Operation>(call.exchange, std::move(read));
}

Answer get_operation(Call& call) {
  ESAAS_CO_CHECK(Query(call.target).done());
  const auto& id = call.parameters[0];
  if (const auto open = call.foundation.front.operation(id)) {
    if (!auth::may_see(call.caller, open->tenant())) co_return unknown_operation(id);
    co_return http::json_response(present_open(call, *open));
  }
  ESAAS_CO_TRY(const auto finished, co_await read_finished(call, id));
  if (!auth::may_see(call.caller, finished.tenant())) co_return unknown_operation(id);
  co_return http::json_response(present(finished));
}

struct ListQuery {
  store::FinishedQuery finished;
  std::string status;  // "any", "open", or the name of one status
};

Result<ListQuery> read_list_query(const Call& call) {
  Query query(call.target);
  ListQuery list;
  list.finished.tenant = query.text("tenant");
  list.finished.cluster = query.text("cluster");
  list.status = query.choice("status", "any|open|queued|running|succeeded|failed|cancelled");
  list.finished.limit = query.number("limit", 1, store::kViewPageMax, 100);
  list.finished.before_seq = query.number("cursor", 1, UINT64_MAX, 0);
  ESAAS_CHECK(query.done());
  for (const auto status :
       {model::OPERATION_STATUS_SUCCEEDED, model::OPERATION_STATUS_FAILED, model::OPERATION_STATUS_CANCELLED}) {
    if (list.status == store::name_of(status)) list.finished.status = status;
  }
  return list;
}

/// The open operations that fit, newest first.
std::vector<std::shared_ptr<const state::Operation>> matching_open(const Call& call, const ListQuery& list) {
  auto open = call.foundation.front.operations();
  std::erase_if(open, [&](const auto& operation) {
    const bool queued = operation->status() == model::OPERATION_STATUS_QUEUED;
    const bool wanted = list.status == "any" || list.status == "open" || list.status == (queued ? "queued" : "running");
    return !wanted || !auth::may_see(call.caller, operation->tenant()) ||
           (!list.finished.tenant.empty() && operation->tenant() != list.finished.tenant) ||
           (!list.finished.cluster.empty() && operation->cluster() != list.finished.cluster);
  });
  std::ranges::sort(open, std::ranges::greater{}, [](const auto& operation) { return operation->requested_seq(); });
  return open;
}

/// Open operations come first, on the first page, all of them (they are bounded by the clusters' queues); then the
/// finished ones, newest first, page by page.
Answer list_operations(Call& call) {
  ESAAS_CO_TRY(auto list, read_list_query(call));
  json::array items;
  if (list.finished.before_seq == 0) {
    for (const auto& operation : matching_open(call, list)) items.push_back(present(*operation));
  }
  json::object answer;
  const bool only_open = list.status == "open" || list.status == "queued" || list.status == "running";
  const bool foreign =
      !call.caller.tenant.empty() && !list.finished.tenant.empty() && list.finished.tenant != call.caller.tenant;
  if (!only_open && !foreign) {
    if (!call.caller.tenant.empty()) list.finished.tenant = call.caller.tenant;
    std::function<Result<store::FinishedPage>()> read = [&log = call.foundation.log, query = list.finished] {
      return store::OperationView(log).finished(query);
    };
    ESAAS_CO_TRY(const auto page,
                 co_await call.foundation.reads.run<store::FinishedPage>(call.exchange, std::move(read)));
    for (const auto& operation : page.operations) items.push_back(present(operation));
    if (page.next_before_seq != 0) answer["next_cursor"] = std::to_string(page.next_before_seq);
  }
  answer["items"] = std::move(items);
  co_return http::json_response(answer);
}

Answer submit_any(Call& call) {
  ESAAS_CO_TRY(auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  ESAAS_CO_TRY(auto reason, take_reason(call.request(), object));
  ESAAS_CO_TRY(auto operation, read_operation(object, call.caller, "cluster, request, reason"));
  operation.reason = std::move(reason);
  const auto kind = operation.request.kind_case();
  auto answer = co_await submit_operation(call, std::move(options), std::move(operation));
  if (!answer) name_in_body(answer.error(), kind);
  co_return answer;
}

Answer submit_control(const Call& call, const ChangeOptions& options, command::ControlOperation control) {
  auto submission = make_submission(call, std::move(control), options);
  if (options.dry_run) co_return co_await answer_preview(call, std::move(submission));
  ESAAS_CO_TRY(auto accepted, co_await submit(call, std::move(submission)));
  accepted.operation_id = call.parameters[0];
  http::Response response;
  response.status = 202;
  append_accepted(accepted, "", response.body);
  response.headers.emplace_back("Location", "/v1/operations/" + call.parameters[0]);
  co_return response;
}

template <command::OperationVerb kVerb>
Answer control_operation(Call& call) {
  ESAAS_CO_TRY(const auto options, read_change_options(call));
  ESAAS_CO_TRY(const auto object, read_object(call.request()));
  ESAAS_CO_CHECK(refuse_rest(object, "none"));
  command::ControlOperation control{call.parameters[0], kVerb};
  co_return co_await submit_control(call, options, std::move(control));
}

/// Out of force goes one rule, or every one that holds now; for a node, or for all.
template <command::OperationVerb kVerb>
Answer override_rules(Call& call) {
  constexpr bool kOne = kVerb == command::OperationVerb::kOverride;
  ESAAS_CO_TRY(const auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  command::ControlOperation control{call.parameters[0], kVerb};
  if constexpr (kOne) {
    ESAAS_CO_TRY(control.rule, take_text(object, "rule"));
  }
  ESAAS_CO_TRY(control.node, take_text(object, "node"));
  ESAAS_CO_TRY(control.why, take_text(object, "why", kReasonLengthMax));
  ESAAS_CO_CHECK(refuse_rest(object, kOne ? "rule, node, why" : "node, why"));
  co_return co_await submit_control(call, options, std::move(control));
}

using http::Verb;
constexpr std::array kRoutes{
    Route{Verb::kGet, "/v1/operations", auth::kReaders, &list_operations, kTakesAt},
    Route{Verb::kPost, "/v1/operations", auth::kOperators, &submit_any},
    Route{Verb::kPost, kBatchPath, auth::kOperators, &submit_batch},
    Route{Verb::kGet, "/v1/operations/{operation}", auth::kReaders, &get_operation, kTakesAt},
    Route{Verb::kPost, "/v1/operations/{operation}/cancel", auth::kOperators,
          &control_operation<command::OperationVerb::kCancel>},
    Route{Verb::kPost, "/v1/operations/{operation}/pause", auth::kOperators,
          &control_operation<command::OperationVerb::kPause>},
    Route{Verb::kPost, "/v1/operations/{operation}/continue", auth::kOperators,
          &control_operation<command::OperationVerb::kContinue>},
    Route{Verb::kPost, "/v1/operations/{operation}/override", auth::kAdmins,
          &override_rules<command::OperationVerb::kOverride>},
    Route{Verb::kPost, "/v1/operations/{operation}/force", auth::kAdmins,
          &override_rules<command::OperationVerb::kForce>},
};

}  // namespace

std::span<const Route> operation_routes() { return kRoutes; }

}  // namespace esaas::api
