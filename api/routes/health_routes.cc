#include "api/routes/health_routes.h"

#include <boost/json/object.hpp>

#include <array>

#include "api/routes/metrics.h"
#include "api/routes/query.h"

namespace esaas::api {
namespace {

namespace json = boost::json;

Result<http::Response> get_healthz(Call& call) {
  ESAAS_CHECK(Query(call.target).done());
  return http::json_response(json::object{{"status", "ok"}, {"version", call.foundation.version}});
}

/// Ready: changes are taken. Says of each part whether it works, and no more: it needs no token.
Result<http::Response> get_readyz(Call& call) {
  ESAAS_CHECK(Query(call.target).done());
  const auto status = call.foundation.front.status();
  const bool ready = status.log_writable && status.mesos_connected && status.stopped_reason.empty();
  auto response = http::json_response(json::object{{"ready", ready},
                                                   {"log_writable", status.log_writable},
                                                   {"mesos_connected", status.mesos_connected},
                                                   {"mesos_problem", status.mesos_problem},
                                                   {"framework_stopped", !status.stopped_reason.empty()},
                                                   {"durable_seq", status.durable_seq},
                                                   {"leader_term", status.leader_term}},
                                      ready ? 200 : 503);
  if (!ready) response.headers.emplace_back("Retry-After", "1");
  return response;
}

Result<http::Response> get_metrics(Call& call) {
  ESAAS_CHECK(Query(call.target).done());
  http::Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = call.foundation.metrics.text();
  return response;
}

using http::Verb;
constexpr std::array kRoutes{
    Route{Verb::kGet, "/healthz", auth::kOpen, &get_healthz},
    Route{Verb::kGet, "/readyz", auth::kOpen, &get_readyz},
    Route{Verb::kGet, "/metrics", auth::kFleetReaders, &get_metrics},
};

}  // namespace

std::span<const Route> health_routes() { return kRoutes; }

}  // namespace esaas::api
