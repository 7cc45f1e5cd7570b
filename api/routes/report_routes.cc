#include "api/routes/report_routes.h"

#include <boost/json/array.hpp>

#include <array>

#include "api/http/co_try.h"
#include "api/routes/present.h"
#include "api/routes/query.h"
#include "api/routes/read_pool.h"
#include "api/routes/trace_text.h"
#include "api/routes/usage_text.h"
#include "api/routes/visible.h"
#include "store/views/audit_view.h"
#include "store/views/operation_view.h"
#include "store/views/trace_view.h"
#include "store/views/usage_view.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Answer = asio::awaitable<Result<http::Response>>;

/// What store::action_of can say, with bars between: every kind of operation, and what else a user does.
const std::string& audit_actions() {
  static const std::string actions = [] {
    std::string text;
    const auto* kinds = model::Request::descriptor()->FindOneofByName("kind");
    for (int i = 0; i < kinds->field_count(); ++i) text += kinds->field(i)->name() + "|";
    return text +
           "pause|continue|cancel|override|create_tenant|set_quota|set_policies|issue_token|revoke_token|use_token|"
           "configure_sink|remove_sink|publish_price_list|close_invoice|set_budget|sign_digest|take_backup";
  }();
  return actions;
}

std::unexpected<Error> from_is_not_before_to() {
  return fail(ErrorCode::kInvalidArgument, "from: is not before to", "from", "from_before_to");
}

Result<store::AuditQuery> read_audit_query(const Call& call) {
  Query query(call.target);
  store::AuditQuery audit;
  audit.user = query.text("user");
  audit.action = query.optional_choice("action", audit_actions());
  audit.cluster = query.text("cluster");
  audit.tenant = query.text("tenant");
  audit.outcome = query.optional_choice("outcome", "queued|running|succeeded|failed|cancelled|done");
  audit.from = query.time("from");
  audit.to = query.time("to");
  audit.text = query.text("text");
  audit.cursor = query.number("cursor", 1, UINT64_MAX, 0);
  audit.limit = query.number("limit", 1, store::kViewPageMax, 100);
  audit.newest_first = query.choice("order", "newest|oldest") == "newest";
  ESAAS_CHECK(query.done());
  if (audit.from && audit.to && *audit.from >= *audit.to) return from_is_not_before_to();
  return audit;
}

/// Those requests have no outcome in the log that could be found by it.
void add_open_requests(const Call& call, store::AuditQuery& query) {
  for (const auto& operation : call.foundation.front.operations()) {
    if (store::name_of(operation->status()) == query.outcome) {
      query.open_requests.push_back(operation->requested_seq());
    }
  }
}

Answer list_audit(Call& call) {
  ESAAS_CO_TRY(auto query, read_audit_query(call));
  add_open_requests(call, query);
  json::array items;
  if (!bind_tenant(call, query.tenant)) {
    co_return http::json_response(json::object{{"items", std::move(items)}, {"count", 0}, {"count_is_exact", true}});
  }
  std::function<Result<store::AuditPage>()> read = [&log = call.foundation.log, query] {
    return store::AuditView(log).list(query);
  };
  ESAAS_CO_TRY(const auto page, co_await call.foundation.reads.run<store::AuditPage>(call.exchange, std::move(read)));
  for (const auto& entry : page.entries) items.push_back(present(entry));
  json::object answer{{"items", std::move(items)}, {"count", page.count}, {"count_is_exact", page.is_count_exact}};
  if (page.next_cursor != 0) answer["next_cursor"] = std::to_string(page.next_cursor);
  co_return http::json_response(answer);
}

struct OperationTrace {
  store::Trace trace;
  Hash log_identity;
};

Answer get_trace(Call& call) {
  Query query(call.target);
  const auto format = query.choice("format", kTraceFormats);
  ESAAS_CO_CHECK(query.done());
  const auto& id = call.parameters[0];
  std::function<Result<OperationTrace>()> read = [&log = call.foundation.log, id]() -> Result<OperationTrace> {
    OperationTrace found;
    ESAAS_TRY(found.trace, store::TraceView(log).trace(id));
    ESAAS_TRY(found.log_identity, log.hash_of(1));
    return found;
  };
  ESAAS_CO_TRY(auto found, co_await call.foundation.reads.run<OperationTrace>(call.exchange, std::move(read)));
  if (!auth::may_see(call.caller, found.trace.tenant)) {
    co_return fail(ErrorCode::kNotFound, "there is no operation " + id);
  }
  co_return trace_response(std::move(found.trace), format, found.log_identity, call.foundation.version);
}

struct UsageRequest {
  store::UsageQuery query;
  std::string group;
  std::string format;
};

Result<UsageRequest> read_usage_request(const Call& call) {
  Query query(call.target);
  UsageRequest usage;
  const auto to = query.time("to");
  const auto from = query.time("from");
  usage.query.tenant = query.text("tenant");
  usage.query.cluster = query.text("cluster");
  usage.group = query.choice("group", "cluster|tenant|interval");
  usage.format = query.choice("format", "json|csv|jsonl");
  ESAAS_CHECK(query.done());
  usage.query.now = call.foundation.now();
  usage.query.to = to.value_or(usage.query.now);
  usage.query.from = from.value_or(usage.query.to - std::chrono::days{30});
  if (usage.query.from >= usage.query.to) {
    return from_is_not_before_to();
  }
  if (usage.group == "interval" && usage.format == "json") {
    return fail(ErrorCode::kInvalidArgument, "format: intervals come as csv or jsonl", "format", "intervals_by_line");
  }
  return usage;
}

Answer get_usage(Call& call) {
  ESAAS_CO_TRY(auto usage, read_usage_request(call));
  http::Response response;
  if (usage.format == "csv") response.content_type = "text/csv; charset=utf-8";
  if (usage.format == "jsonl") response.content_type = "application/x-ndjson";
  const bool allowed = bind_tenant(call, usage.query.tenant);
  if (allowed && usage.group == "interval") {
    const auto format = usage.format == "csv" ? store::UsageFormat::kCsv : store::UsageFormat::kJsonLines;
    response.stream = make_interval_stream(call, usage.query, format);
    co_return response;
  }
  std::vector<store::UsageTotal> totals;
  if (allowed) {
    std::function<Result<std::vector<store::UsageTotal>>()> read = [&log = call.foundation.log, query = usage.query,
                                                                    by_tenant = usage.group == "tenant"] {
      return store::UsageView(log).totals(query, by_tenant);
    };
    ESAAS_CO_TRY(totals,
                 co_await call.foundation.reads.run<std::vector<store::UsageTotal>>(call.exchange, std::move(read)));
  }
  response.stream = make_totals_stream(usage.query, usage.format, std::move(totals));
  co_return response;
}

using http::Verb;
constexpr std::array kRoutes{
    Route{Verb::kGet, "/v1/audit", auth::kAccountants, &list_audit, kTakesAt},
    Route{Verb::kGet, "/v1/trace/{operation}", auth::kReaders, &get_trace, kTakesAt},
    Route{Verb::kGet, "/v1/usage", auth::kAccountants, &get_usage, kTakesAt},
};

}  // namespace

std::span<const Route> report_routes() { return kRoutes; }

}  // namespace esaas::api
