#include "api/routes/tenant_routes.h"

#include <array>

#include "api/http/co_try.h"
#include "api/routes/body.h"
#include "api/routes/query.h"
#include "api/routes/submit.h"
#include "api/routes/tenant_use.h"
#include "api/routes/visible.h"
#include "core/base/proto_json.h"
#include "core/commands/admission.h"
#include "core/model/ids.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Answer = asio::awaitable<Result<http::Response>>;
using command::Amounts;

std::string quota_path(const std::string& tenant) { return "/v1/tenants/" + tenant + "/quota"; }

json::object to_json(const Amounts& amounts) {
  return {{"cpus_milli", amounts.cpus_milli}, {"mem_mib", amounts.mem_mib}, {"disk_mib", amounts.disk_mib}};
}

/// Below zero: more is wanted than the limit allows. What is not limited is left out.
json::object left_of(const model::Quantities& limit, const Amounts& wanted) {
  json::object left;
  const auto put = [&left](const char* name, bool limited, std::uint64_t most, std::uint64_t amount) {
    if (limited) left[name] = static_cast<std::int64_t>(most) - static_cast<std::int64_t>(amount);
  };
  put("cpus_milli", limit.has_cpus_milli(), limit.cpus_milli(), wanted.cpus_milli);
  put("mem_mib", limit.has_mem_mib(), limit.mem_mib(), wanted.mem_mib);
  put("disk_mib", limit.has_disk_mib(), limit.disk_mib(), wanted.disk_mib);
  return left;
}

json::object to_json(const model::Quota& quota) {
  return {{"guarantee", esaas::to_json(quota.guarantee())}, {"limit", esaas::to_json(quota.limit())}};
}

Result<http::Response> get_quota(Call& call) {
  Query query(call.target);
  ESAAS_CHECK(query.done());
  ESAAS_TRY(const auto tenant, find_visible_tenant(call, call.parameters[0]));
  const TenantUse use = use_of(call.foundation.front.fleet(), tenant->name());
  json::object object{{"tenant", tenant->name()},
                      {"role", model::role_of_tenant(tenant->name())},
                      {"seq", tenant->quota_seq()},
                      {"quota", to_json(tenant->quota())}};
  if (tenant->has_quota_intended()) object["intended"] = to_json(tenant->quota_intended());
  if (!tenant->quota_refused().empty()) object["refused"] = tenant->quota_refused();
  if (tenant->has_quota_found()) object["found"] = to_json(tenant->quota_found());
  object["wanted"] = to_json(use.wanted);
  object["reserved"] = to_json(use.reserved);
  object["used"] = to_json(use.used);
  object["left"] = left_of(command::binding_limit(*tenant), use.wanted);
  return http::json_response(object);
}

/// A body that names neither would take all limits away by accident.
Result<model::Quota> read_quota(const json::object& object) {
  if (!object.contains("guarantee") && !object.contains("limit")) {
    return fail(ErrorCode::kInvalidArgument,
                "limit: name a guarantee, a limit, or both; what is not named is taken away, \"limit\": {} takes all",
                "limit", "required");
  }
  model::Quota quota;
  ESAAS_CHECK(from_json(object, quota));
  return quota;
}

Answer set_quota(Call& call) {
  ESAAS_CO_TRY(auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  command::SetTenantQuota set;
  set.tenant = call.parameters[0];
  set.method = call.request().method;
  set.url = call.request().target;
  ESAAS_CO_TRY(set.reason, take_reason(call.request(), object));
  ESAAS_CO_TRY(set.quota, read_quota(object));
  const std::string tenant = set.tenant;
  auto submission = make_submission(call, std::move(set), options);
  if (options.dry_run) co_return co_await answer_preview(call, std::move(submission));
  ESAAS_CO_TRY(const auto accepted, co_await submit(call, std::move(submission)));
  auto response = http::json_response(json::object{{"tenant", tenant}, {"seq", accepted.seq}}, 202);
  response.headers.emplace_back("Location", quota_path(tenant));
  if (accepted.replayed) response.headers.emplace_back("Idempotency-Replayed", "true");
  co_return response;
}

Result<http::Response> get_policies(Call& call) {
  Query query(call.target);
  ESAAS_CHECK(query.done());
  ESAAS_TRY(const auto tenant, find_visible_tenant(call, call.parameters[0]));
  return http::json_response(
      json::object{{"tenant", tenant->name()}, {"policies", esaas::to_json(tenant->policies())}});
}

Answer set_policies(Call& call) {
  ESAAS_CO_TRY(const auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  command::SetTenantPolicies set;
  set.tenant = call.parameters[0];
  set.method = call.request().method;
  set.url = call.request().target;
  ESAAS_CO_TRY(set.reason, take_reason(call.request(), object));
  model::SetPolicies body;
  ESAAS_CO_CHECK(from_json(object, body));
  set.policies = body.policies();
  const std::string tenant = set.tenant;
  auto submission = make_submission(call, std::move(set), options);
  if (options.dry_run) co_return co_await answer_preview(call, std::move(submission));
  ESAAS_CO_TRY(const auto accepted, co_await submit(call, std::move(submission)));
  auto response = http::json_response(json::object{{"tenant", tenant}, {"seq", accepted.seq}}, 202);
  response.headers.emplace_back("Location", "/v1/tenants/" + tenant + "/policies");
  if (accepted.replayed) response.headers.emplace_back("Idempotency-Replayed", "true");
  co_return response;
}

constexpr std::array kRoutes{
    Route{http::Verb::kGet, "/v1/tenants/{tenant}/policies", auth::kReaders, &get_policies, kTakesAt},
    Route{http::Verb::kPut, "/v1/tenants/{tenant}/policies", auth::kAdmins, &set_policies},
    Route{http::Verb::kGet, "/v1/tenants/{tenant}/quota", auth::kReaders, &get_quota, kTakesAt},
    Route{http::Verb::kPut, "/v1/tenants/{tenant}/quota", auth::kFleetAdmins, &set_quota},
};

}  // namespace

std::span<const Route> tenant_routes() { return kRoutes; }

}  // namespace esaas::api
