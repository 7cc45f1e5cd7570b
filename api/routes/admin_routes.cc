#include "api/routes/admin_routes.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>

#include "api/auth/token.h"
#include "api/http/co_try.h"
#include "api/routes/body.h"
#include "api/routes/page.h"
#include "api/routes/present.h"
#include "api/routes/query.h"
#include "api/routes/submit.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Answer = asio::awaitable<Result<http::Response>>;

Result<http::Response> list_tenants(Call& call) {
  Query query(call.target);
  const auto page = read_page(query);
  ESAAS_CHECK(query.done());
  auto names = call.foundation.front.tenants();
  std::ranges::sort(names);
  PageBuilder builder(page);
  for (const auto& name : names) {
    if (!auth::may_see(call.caller, name) || !builder.is_after_cursor(name)) continue;
    if (!builder.add(name, json::object{{"name", name}})) break;
  }
  return http::json_response(builder.finish());
}

Answer create_tenant(Call& call) {
  ESAAS_CO_TRY(auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  command::CreateTenant create;
  ESAAS_CO_TRY(create.name, take_text(object, "name"));
  ESAAS_CO_CHECK(refuse_rest(object, "name"));
  const std::string name = create.name;
  auto submission = make_submission(call, std::move(create), options);
  if (options.dry_run) co_return co_await answer_preview(call, std::move(submission));
  ESAAS_CO_TRY(const auto accepted, co_await submit(call, std::move(submission)));
  co_return http::json_response(json::object{{"name", name}, {"seq", accepted.seq}}, 201);
}

Result<http::Response> list_tokens(Call& call) {
  Query query(call.target);
  const auto page = read_page(query);
  ESAAS_CHECK(query.done());
  auto tokens = call.foundation.front.tokens();
  std::ranges::sort(tokens, std::ranges::less{}, [](const auto& token) { return token->token_id(); });
  PageBuilder builder(page);
  for (const auto& token : tokens) {
    if (!auth::may_see(call.caller, token->tenant()) || !builder.is_after_cursor(token->token_id())) continue;
    if (!builder.add(token->token_id(), present(*token))) break;
  }
  return http::json_response(builder.finish());
}

Result<command::IssueToken> read_token(json::object& object, const Call& call) {
  command::IssueToken issue;
  ESAAS_TRY(issue.tenant, take_text(object, "tenant"));
  if (issue.tenant.empty()) issue.tenant = call.caller.tenant;
  ESAAS_TRY(const auto role_name, take_text(object, "role"));
  const auto role = auth::parse_role(role_name);
  if (!role) {
    return fail(ErrorCode::kInvalidArgument, "role: name viewer, operator, billing or admin", "role", "known_role");
  }
  issue.role = *role;
  ESAAS_TRY(issue.description, take_text(object, "description"));
  ESAAS_TRY(const auto expires_at, take_text(object, "expires_at"));
  issue.expires_at = call.foundation.now() + kTokenLifetime;
  if (!expires_at.empty()) {
    auto time = parse_rfc3339(expires_at);
    if (!time) return fail(ErrorCode::kInvalidArgument, "expires_at: " + time.error().detail, "expires_at", "rfc3339");
    issue.expires_at = *time;
  }
  ESAAS_CHECK(refuse_rest(object, "tenant, role, description, expires_at"));
  return issue;
}

Answer issue_token(Call& call) {
  ESAAS_CO_TRY(auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  ESAAS_CO_TRY(auto issue, read_token(object, call));
  const auto made = auth::make_token();
  issue.token_id = made.token_id;
  issue.hash = made.hash;
  json::object answer{{"token_id", made.token_id},
                      {"token", made.token},
                      {"tenant", issue.tenant},
                      {"role", auth::name_of(issue.role)},
                      {"expires_at", to_rfc3339(issue.expires_at)},
                      {"description", issue.description}};
  auto submission = make_submission(call, std::move(issue), options);
  if (options.dry_run) co_return co_await answer_preview(call, std::move(submission));
  ESAAS_CO_TRY(const auto accepted, co_await submit(call, std::move(submission)));
  if (accepted.replayed) {
    co_return fail(
        ErrorCode::kConflict,
        "the first request with this key has issued the token, which is shown only once; revoke it and issue "
        "another",
        "Idempotency-Key", "token_is_shown_once");
  }
  auto response = http::json_response(answer, 201);
  response.headers.emplace_back("Location", "/v1/tokens/" + made.token_id);
  co_return response;
}

Answer revoke_token(Call& call) {
  ESAAS_CO_TRY(auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  ESAAS_CO_CHECK(refuse_rest(object, "none"));
  auto submission = make_submission(call, command::RevokeToken{call.parameters[0]}, options);
  if (options.dry_run) co_return co_await answer_preview(call, std::move(submission));
  ESAAS_CO_TRY(const auto accepted, co_await submit(call, std::move(submission)));
  co_return http::json_response(json::object{{"token_id", call.parameters[0]}, {"seq", accepted.seq}});
}

using http::Verb;
constexpr std::array kRoutes{
    Route{Verb::kGet, "/v1/tenants", auth::kReaders, &list_tenants, kTakesAt},
    Route{Verb::kPost, "/v1/tenants", auth::kFleetAdmins, &create_tenant},
    Route{Verb::kGet, "/v1/tokens", auth::kAdmins, &list_tokens, kTakesAt},
    Route{Verb::kPost, "/v1/tokens", auth::kAdmins, &issue_token},
    Route{Verb::kDelete, "/v1/tokens/{token}", auth::kAdmins, &revoke_token},
};

}  // namespace

std::span<const Route> admin_routes() { return kRoutes; }

}  // namespace esaas::api
