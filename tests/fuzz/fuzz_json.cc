// Fuzzes the JSON that users send: parse_json and from_json, into the message with the most shapes. What is taken is
// shown in a form that is taken again and means the same.

#include <boost/json/serialize.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/assert.h"
#include "core/base/proto_json.h"
#include "core/model/model.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto value = esaas::parse_json({reinterpret_cast<const char*>(data), size});
  if (!value) return 0;
  esaas::model::Request request;
  const auto taken = esaas::from_json(*value, request);
  if (!taken) {
    ESAAS_ASSERT(!taken.error().rule.empty() && !taken.error().detail.empty(), "a refusal names its rule");
    return 0;
  }
  const std::string text = boost::json::serialize(esaas::to_json(request));
  const auto again = esaas::parse_json(text);
  esaas::model::Request back;
  ESAAS_ASSERT(again && esaas::from_json(*again, back), "what was shown is taken again");
  ESAAS_ASSERT(back.SerializeAsString() == request.SerializeAsString(), "and means the same");
  return 0;
}
