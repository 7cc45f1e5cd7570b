#pragma once
// {"cluster":"search","request":{"scale":{...}}} as a command: the body of POST /v1/operations, and each item of a batch.
// Pure.

#include <boost/json/object.hpp>

#include "core/base/result.h"
#include "core/commands/decide.h"

namespace esaas::api {

/// Takes `cluster` and `request` from the object; anything left is refused. A create without a tenant is the caller's.
Result<command::SubmitOperation> read_operation(boost::json::object& object, const command::Caller& caller);

}  // namespace esaas::api
