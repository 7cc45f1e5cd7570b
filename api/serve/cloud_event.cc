#include "api/serve/cloud_event.h"

#include <string_view>
#include <utility>

#include "api/routes/present.h"
#include "core/base/hash.h"
#include "core/base/time.h"
#include "core/events/event_kind.h"

namespace esaas::api {
namespace {

/// As many bytes of a hash as tell the events apart that can have one seq.
constexpr std::size_t kHashBytes = 8;

}  // namespace

boost::json::object as_cloud_event(const event::Event& event, const std::string& source) {
  const std::string seq = std::to_string(event.seq());
  const std::string before = to_hex(std::string_view(event.prev_hash()).substr(0, kHashBytes));
  boost::json::object object{{"specversion", "1.0"},
                             {"id", seq + "-" + before},
                             {"source", source},
                             {"type", "esaas." + std::string(event::kind_of(event))},
                             {"time", to_rfc3339(from_us(event.time_at_us()))},
                             {"sequence", std::string(20 - seq.size(), '0') + seq},
                             {"datacontenttype", "application/json"}};
  if (!event.tenant().empty() || !event.cluster().empty()) {
    const bool has_both = !event.tenant().empty() && !event.cluster().empty();
    object["subject"] = event.tenant() + (has_both ? "/" : "") + event.cluster();
  }
  object["data"] = present(event);
  return object;
}

}  // namespace esaas::api
