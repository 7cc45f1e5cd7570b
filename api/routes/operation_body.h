#pragma once
// {"cluster":"search","request":{"scale":{...}}} as a command: the body of POST /v1/operations, and each item of a
// batch. Pure.

#include <boost/json/object.hpp>

#include <string_view>

#include "core/base/result.h"
#include "core/commands/decide.h"

namespace esaas::api {

/// Takes `cluster` and `request` from the object; anything left is refused, and `known` is what it is told to know. A
/// create without a tenant is the caller's.
Result<command::SubmitOperation> read_operation(boost::json::object& object, const command::Caller& caller,
                                                std::string_view known);

/// The controller names fields within the request of this kind ("count"); in such a body they are
/// "request.scale.count".
void name_in_body(Error& error, model::Request::KindCase kind);

}  // namespace esaas::api
