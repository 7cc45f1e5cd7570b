// Fuzzes the small readers of text from outside: moments, identifiers, URLs, UTF-8.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/assert.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/model/ids.h"
#include "core/model/web_url.h"

namespace {

void check_url(std::string_view text) {
  const auto url = esaas::model::parse_web_url(text);
  if (!url) return;
  ESAAS_ASSERT(!url->host.empty() && url->port != 0 && url->target.starts_with('/'), "a URL leads somewhere");
  const bool is_address = url->host.contains(':');
  const std::string again = std::string(url->tls ? "https://" : "http://") + (is_address ? "[" : "") + url->host +
                            (is_address ? "]:" : ":") + std::to_string(url->port) + url->target;
  const auto back = esaas::model::parse_web_url(again);
  ESAAS_ASSERT(back && back->tls == url->tls && back->host == url->host && back->port == url->port &&
                   back->target == url->target,
               "and is put together again from its parts");
}

}  // namespace

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
  check_url(text);
  const std::string valid = esaas::to_valid_utf8(text);
  ESAAS_ASSERT(esaas::is_valid_utf8(valid), "mended text is UTF-8");
  ESAAS_ASSERT((valid == text) == esaas::is_valid_utf8(text), "and only what was not is changed");
  return 0;
}
