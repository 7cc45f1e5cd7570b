#include "api/routes/change_routes.h"

#include <array>

#include "api/http/co_try.h"
#include "api/routes/body.h"
#include "api/routes/submit.h"
#include "core/base/proto_json.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
using Answer = asio::awaitable<Result<http::Response>>;

/// Body and options of a change to the cluster of the path.
struct Change {
  ChangeOptions options;
  command::SubmitOperation operation;
};

/// The body is the message: `message` lies within the request that is submitted later.
Result<Change> read_change(const Call& call, google::protobuf::Message& message) {
  Change change;
  ESAAS_TRY(change.options, read_change_options(call));
  ESAAS_TRY(auto object, read_object(call.request()));
  ESAAS_TRY(change.operation.reason, take_reason(call.request(), object));
  ESAAS_CHECK(from_json(object, message));
  change.operation.cluster = call.parameters[0];
  return change;
}

Answer submit_change(Call& call, Change change, model::Request request) {
  change.operation.request = std::move(request);
  co_return co_await submit_operation(call, std::move(change.options), std::move(change.operation));
}

/// A change whose body is the message that `kMutable` gives: ScaleNodeGroup and so on.
template <auto kMutable>
Answer change_cluster(Call& call) {
  model::Request request;
  ESAAS_CO_TRY(auto change, read_change(call, *(request.*kMutable)()));
  co_return co_await submit_change(call, std::move(change), std::move(request));
}

/// What the path names, a body need not name; if it does, it names the same.
Result<void> take_from_path(std::string& member, const std::string& in_path, const char* field) {
  if (!member.empty() && member != in_path) {
    return fail(ErrorCode::kInvalidArgument, std::string(field) + ": differs from the path, which says " + in_path,
                field, "same_as_path");
  }
  member = in_path;
  return {};
}

Answer remove_plugin(Call& call) {
  model::Request request;
  auto& remove = *request.mutable_remove_plugin();
  ESAAS_CO_TRY(auto change, read_change(call, remove));
  ESAAS_CO_CHECK(take_from_path(*remove.mutable_name(), call.parameters[1], "name"));
  co_return co_await submit_change(call, std::move(change), std::move(request));
}

/// Of a snapshot that the path names by its repository and name.
template <auto kMutable>
Answer change_snapshot(Call& call) {
  model::Request request;
  auto& message = *(request.*kMutable)();
  ESAAS_CO_TRY(auto change, read_change(call, message));
  ESAAS_CO_CHECK(take_from_path(*message.mutable_repository(), call.parameters[1], "repository"));
  ESAAS_CO_CHECK(take_from_path(*message.mutable_snapshot(), call.parameters[2], "snapshot"));
  co_return co_await submit_change(call, std::move(change), std::move(request));
}

using http::Verb;
using model::Request;
constexpr std::array kRoutes{
    Route{Verb::kPost, "/v1/clusters/{cluster}/scale", auth::kOperators, &change_cluster<&Request::mutable_scale>},
    Route{Verb::kPost, "/v1/clusters/{cluster}/resize", auth::kOperators, &change_cluster<&Request::mutable_resize>},
    Route{Verb::kPost, "/v1/clusters/{cluster}/suspend", auth::kOperators, &change_cluster<&Request::mutable_suspend>},
    Route{Verb::kPost, "/v1/clusters/{cluster}/resume", auth::kOperators, &change_cluster<&Request::mutable_resume>},
    Route{Verb::kPatch, "/v1/clusters/{cluster}/labels", auth::kOperators, &change_cluster<&Request::mutable_label>},
    Route{Verb::kPost, "/v1/clusters/{cluster}/restart", auth::kOperators, &change_cluster<&Request::mutable_restart>},
    Route{Verb::kPost, "/v1/clusters/{cluster}/upgrade", auth::kOperators, &change_cluster<&Request::mutable_upgrade>},
    Route{Verb::kPost, "/v1/clusters/{cluster}/configure", auth::kOperators,
          &change_cluster<&Request::mutable_configure>},
    Route{Verb::kPut, "/v1/clusters/{cluster}/settings", auth::kOperators, &change_cluster<&Request::mutable_settings>},
    Route{Verb::kPut, "/v1/clusters/{cluster}/replicas", auth::kOperators, &change_cluster<&Request::mutable_replicas>},
    Route{Verb::kPost, "/v1/clusters/{cluster}/indices/open", auth::kOperators,
          &change_cluster<&Request::mutable_open_indices>},
    Route{Verb::kPost, "/v1/clusters/{cluster}/indices/close", auth::kOperators,
          &change_cluster<&Request::mutable_close_indices>},
    Route{Verb::kPost, "/v1/clusters/{cluster}/plugins", auth::kOperators,
          &change_cluster<&Request::mutable_install_plugin>},
    Route{Verb::kDelete, "/v1/clusters/{cluster}/plugins/{plugin}", auth::kOperators, &remove_plugin},
    Route{Verb::kPost, "/v1/clusters/{cluster}/repositories", auth::kOperators,
          &change_cluster<&Request::mutable_register_repository>},
    Route{Verb::kPost, "/v1/clusters/{cluster}/snapshots", auth::kOperators,
          &change_cluster<&Request::mutable_take_snapshot>},
    Route{Verb::kDelete, "/v1/clusters/{cluster}/snapshots/{repository}/{snapshot}", auth::kOperators,
          &change_snapshot<&Request::mutable_delete_snapshot>},
    Route{Verb::kPost, "/v1/clusters/{cluster}/snapshots/{repository}/{snapshot}/restore", auth::kOperators,
          &change_snapshot<&Request::mutable_restore_snapshot>},
    Route{Verb::kPut, "/v1/clusters/{cluster}/policies", auth::kOperators, &change_cluster<&Request::mutable_policies>},
};

}  // namespace

std::span<const Route> change_routes() { return kRoutes; }

}  // namespace esaas::api
