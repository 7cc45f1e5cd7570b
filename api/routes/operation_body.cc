#include "api/routes/operation_body.h"

#include "api/routes/body.h"
#include "core/base/proto_json.h"
#include "core/model/request.h"

namespace esaas::api {

Result<command::SubmitOperation> read_operation(boost::json::object& object, const command::Caller& caller,
                                                std::string_view known) {
  command::SubmitOperation operation;
  ESAAS_TRY(operation.cluster, take_text(object, "cluster"));
  const auto request = object.find("request");
  if (request == object.end()) {
    return fail(ErrorCode::kInvalidArgument, "request: name one of " + model::kind_names(), "request", "required");
  }
  auto read = from_json(request->value(), operation.request);
  if (!read) {
    auto error = std::move(read).error();
    error.field = error.field.empty() ? "request" : "request." + error.field;
    return std::unexpected(std::move(error));
  }
  if (!operation.request.undoes().empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "request.undoes: is said by the server alone: POST /v1/operations/" + operation.request.undoes() +
                    "/undo makes such a request",
                "request.undoes", "set_by_the_server");
  }
  object.erase(request);
  ESAAS_CHECK(refuse_rest(object, known));
  if (operation.request.has_create()) {
    auto& create = *operation.request.mutable_create();
    if (create.tenant().empty()) create.set_tenant(caller.tenant);
    if (operation.cluster.empty()) operation.cluster = create.name();
    if (operation.cluster != create.name()) {
      return fail(ErrorCode::kInvalidArgument, "cluster: differs from request.create.name", "cluster", "same_name");
    }
  }
  return operation;
}

void name_in_body(Error& error, model::Request::KindCase kind) {
  const auto* member = model::Request::descriptor()->FindFieldByNumber(static_cast<int>(kind));
  if (member == nullptr) return;
  const std::string first = error.field.substr(0, error.field.find_first_of(".["));
  if (member->message_type()->FindFieldByName(first) == nullptr) return;
  error.field.insert(0, "request." + member->name() + ".");
}

}  // namespace esaas::api
