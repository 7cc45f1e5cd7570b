// Fuzzes the small readers of text from outside: moments, identifiers, UTF-8.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/assert.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/model/ids.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto time = esaas::parse_rfc3339(text)) {
    // An offset can lead out of the years that four digits hold.
    const auto again = esaas::parse_rfc3339(esaas::to_rfc3339(*time));
    ESAAS_ASSERT(!again || *again == *time, "a moment reads back as it was shown");
  }
  if (const auto id = esaas::model::parse_id(text)) {
    ESAAS_ASSERT(!id->cluster.empty() && !id->node.empty() && !id->kind.empty(), "an identifier has all its parts");
  }
  const std::string valid = esaas::to_valid_utf8(text);
  ESAAS_ASSERT(esaas::is_valid_utf8(valid), "mended text is UTF-8");
  ESAAS_ASSERT((valid == text) == esaas::is_valid_utf8(text), "and only what was not is changed");
  return 0;
}
