#include "api/routes/report_routes.h"

#include <boost/json/array.hpp>

#include <array>

#include "api/http/co_try.h"
#include "api/routes/query.h"
#include "api/routes/read_pool.h"
#include "api/routes/usage_text.h"
#include "api/routes/views.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Answer = asio::awaitable<Result<http::Response>>;

/// A caller of one tenant is held to it. False when it asks for another one: it then finds nothing.
bool bind_tenant(const Call& call, std::string& tenant) {
  if (call.caller.tenant.empty()) return true;
  if (tenant.empty()) tenant = call.caller.tenant;
  return tenant == call.caller.tenant;
}

Result<AuditQuery> read_audit_query(const Call& call) {
  Query query(call.target);
  AuditQuery audit;
  audit.user = query.text("user");
  audit.action = query.text("action");
  audit.cluster = query.text("cluster");
  audit.tenant = query.text("tenant");
  audit.outcome = query.text("outcome");
  audit.from = query.time("from");
  audit.to = query.time("to");
  audit.text = query.text("text");
  audit.cursor = query.number("cursor", 1, UINT64_MAX, 0);
  audit.limit = query.number("limit", 1, 1000, 100);
  audit.newest_first = query.choice("order", "newest|oldest") == "newest";
  ESAAS_CHECK(query.done());
  return audit;
}

Answer list_audit(Call& call) {
  ESAAS_CO_TRY(auto query, read_audit_query(call));
  json::object answer;
  auto& items = answer["items"].emplace_array();
  if (!bind_tenant(call, query.tenant)) co_return http::json_response(answer);
  std::function<Result<ViewPage>()> read = [&views = call.foundation.views, query] { return views.audit(query); };
  ESAAS_CO_TRY(auto page, co_await call.foundation.reads.run<ViewPage>(call.exchange, std::move(read)));
  for (auto& item : page.items) items.push_back(std::move(item));
  if (page.next_cursor != 0) answer["next_cursor"] = std::to_string(page.next_cursor);
  co_return http::json_response(answer);
}

Answer get_trace(Call& call) {
  Query query(call.target);
  const auto format = query.choice("format", "json|text");
  ESAAS_CO_CHECK(query.done());
  const auto& id = call.parameters[0];
  std::function<Result<Trace>()> read = [&views = call.foundation.views, id] { return views.trace(id); };
  ESAAS_CO_TRY(auto trace, co_await call.foundation.reads.run<Trace>(call.exchange, std::move(read)));
  if (!auth::may_see(call.caller, trace.tenant)) {
    co_return fail(ErrorCode::kNotFound, "there is no operation " + id);
  }
  if (format == "json") co_return http::json_response(trace.tree);
  http::Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(trace.text);
  co_return response;
}

struct UsageRequest {
  UsageQuery query;
  std::string format;
};

Result<UsageRequest> read_usage_request(const Call& call) {
  Query query(call.target);
  UsageRequest usage;
  const auto to = query.time("to");
  const auto from = query.time("from");
  usage.query.tenant = query.text("tenant");
  usage.query.cluster = query.text("cluster");
  usage.query.by_tenant = query.choice("group", "cluster|tenant") == "tenant";
  usage.format = query.choice("format", "json|csv|jsonl");
  ESAAS_CHECK(query.done());
  usage.query.to = to.value_or(call.foundation.now());
  usage.query.from = from.value_or(usage.query.to - std::chrono::days{30});
  if (usage.query.from >= usage.query.to) {
    return fail(ErrorCode::kInvalidArgument, "from: is not before to", "from", "from_before_to");
  }
  return usage;
}

Answer get_usage(Call& call) {
  ESAAS_CO_TRY(auto usage, read_usage_request(call));
  std::vector<UsageLine> lines;
  if (bind_tenant(call, usage.query.tenant)) {
    std::function<Result<std::vector<UsageLine>>()> read = [&views = call.foundation.views, query = usage.query] {
      return views.usage(query);
    };
    ESAAS_CO_TRY(lines, co_await call.foundation.reads.run<std::vector<UsageLine>>(call.exchange, std::move(read)));
  }
  http::Response response;
  if (usage.format == "csv") response.content_type = "text/csv; charset=utf-8";
  if (usage.format == "jsonl") response.content_type = "application/x-ndjson";
  response.stream = make_usage_stream(usage.query, usage.format, std::move(lines));
  co_return response;
}

using http::Verb;
constexpr std::array kRoutes{
    Route{Verb::kGet, "/v1/audit", auth::kAccountants, &list_audit},
    Route{Verb::kGet, "/v1/trace/{operation}", auth::kReaders, &get_trace},
    Route{Verb::kGet, "/v1/usage", auth::kAccountants, &get_usage},
};

}  // namespace

std::span<const Route> report_routes() { return kRoutes; }

}  // namespace esaas::api
