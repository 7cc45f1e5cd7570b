#include "tests/core/requests.h"

#include <gtest/gtest.h>

#include "core/base/proto_json.h"

namespace esaas::test {

command::SubmitOperation submit_json(const std::string& request) {
  command::SubmitOperation command;
  command.cluster = "search";
  command.method = "POST";
  command.url = "/v1/operations";
  const auto value = parse_json(request);
  if (!value || !value->is_object()) {
    ADD_FAILURE() << "no JSON object: " << request;
    return command;
  }
  const auto read = from_json(value->get_object(), command.request);
  if (!read) ADD_FAILURE() << request << ": " << read.error().detail;
  return command;
}

}  // namespace esaas::test
