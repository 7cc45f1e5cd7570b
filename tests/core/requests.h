#pragma once
// Requests on cluster `search` from the JSON that a client would send: one line for each row of a table.

#include <string>

#include "core/commands/decide.h"

namespace esaas::test {

/// {"restart": {"group": "data"}} as a submission. Fails the test when it is no request.
command::SubmitOperation submit_json(const std::string& request);

}  // namespace esaas::test
