#include "api/routes/companion_routes.h"

#include <array>
#include <memory>

#include "api/http/co_try.h"
#include "api/routes/body.h"
#include "api/routes/cluster_routes.h"
#include "api/routes/endpoints.h"
#include "api/routes/kept_secrets.h"
#include "api/routes/proxy_passwords.h"
#include "api/routes/query.h"
#include "api/routes/read_pool.h"
#include "api/routes/submit.h"
#include "core/base/proto_json.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Answer = asio::awaitable<Result<http::Response>>;

Result<http::Response> get_endpoints(Call& call) {
  ESAAS_CHECK(Query(call.target).done());
  ESAAS_TRY(const auto cluster, find_cluster(call, call.parameters[0]));
  return http::json_response(json::object{{"items", endpoints_of(*cluster)}, {"revision", cluster->revision()}});
}

/// The body's passwords are in the secret store before anything else happens, and in nothing that follows.
Answer put_proxies(Call& call) {
  ESAAS_CO_TRY(auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  command::SubmitOperation operation;
  operation.cluster = call.parameters[0];
  ESAAS_CO_TRY(operation.reason, take_reason(call.request(), object));
  ESAAS_CO_TRY(const auto cluster, find_cluster(call, operation.cluster));
  // Whoever changes that password in between has made what is kept of it now an old one, which is erased.
  if (keeps_a_password(object) && !options.if_match) options.if_match = cluster->revision();
  const auto kept = std::make_shared<store::SecretReferences>();
  std::function<Result<json::object>()> keep = [object = std::move(object), cluster, secrets = call.foundation.secrets,
                                                only_looks = options.dry_run, kept]() mutable -> Result<json::object> {
    ESAAS_CHECK(keep_passwords(object, cluster->name(), cluster->spec().access(), secrets, only_looks, *kept));
    return std::move(object);
  };
  auto without = co_await call.foundation.reads.run<json::object>(call.exchange, std::move(keep));
  Result<http::Response> answer = http::Response();
  if (without) {
    const auto read = from_json(*without, *operation.request.mutable_proxies());
    if (read) {
      answer = co_await submit_operation(call, std::move(options), std::move(operation));
    } else {
      answer = std::unexpected(read.error());
    }
  } else {
    answer = std::unexpected(without.error());
  }
  // A request that came to nothing leaves nothing behind.
  if (came_to_nothing(answer)) co_await forget(call, kept);
  co_return answer;
}

template <auto kMutable>
Answer change_kibana(Call& call) {
  ESAAS_CO_TRY(auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  command::SubmitOperation operation;
  operation.cluster = call.parameters[0];
  ESAAS_CO_TRY(operation.reason, take_reason(call.request(), object));
  ESAAS_CO_CHECK(from_json(object, *(operation.request.*kMutable)()));
  co_return co_await submit_operation(call, std::move(options), std::move(operation));
}

using http::Verb;
constexpr std::array kRoutes{
    Route{Verb::kGet, "/v1/clusters/{cluster}/endpoints", auth::kReaders, &get_endpoints, kTakesAt},
    Route{Verb::kPut, "/v1/clusters/{cluster}/proxies", auth::kOperators, &put_proxies},
    Route{Verb::kPost, "/v1/clusters/{cluster}/kibana", auth::kOperators,
          &change_kibana<&model::Request::mutable_install_kibana>},
    Route{Verb::kDelete, "/v1/clusters/{cluster}/kibana", auth::kOperators,
          &change_kibana<&model::Request::mutable_remove_kibana>},
};

}  // namespace

std::span<const Route> companion_routes() { return kRoutes; }

}  // namespace esaas::api
