// Fuzzes what reads the API's requests and its configuration: targets, bodies of operations, the configuration file.
// The first byte chooses the reader.

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/config/load.h"
#include "api/http/target.h"
#include "api/routes/operation_body.h"
#include "core/base/assert.h"
#include "core/base/proto_json.h"

namespace {

void check_target(std::string_view text) {
  const auto target = esaas::api::http::parse_target(text);
  ESAAS_ASSERT(target.has_value() || !target.error().detail.empty(), "a refusal says why");
  const auto decoded = esaas::api::http::percent_decode(text, false);
  ESAAS_ASSERT(!decoded || decoded->size() <= text.size(), "decoding does not grow");
}

void check_operation(std::string_view text) {
  auto value = esaas::parse_json(text);
  if (!value || !value->is_object()) return;
  const auto operation = esaas::api::read_operation(value->get_object(), {}, "");
  ESAAS_ASSERT(operation.has_value() || !operation.error().detail.empty(), "a refusal says why");
}

void check_config(std::string_view text) {
  const auto config = esaas::api::config::parse(text, "/etc/esaas");
  if (config) return;
  ESAAS_ASSERT(!config.error().empty(), "a refused file has a mistake");
  for (std::size_t i = 0; i < config.error().size(); ++i) {
    ESAAS_ASSERT(!config.error()[i].detail.empty(), "and each is told");
    ESAAS_ASSERT(i == 0 || config.error()[i - 1].line <= config.error()[i].line, "in the order of their lines");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0: check_target(text); break;
    case 1: check_operation(text); break;
    default: check_config(text); break;
  }
  return 0;
}
