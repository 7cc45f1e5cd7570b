#include "core/events/event_kind.h"

#include <google/protobuf/descriptor.h>

namespace esaas::event {

std::string_view kind_of(const Event& event) {
  if (event.payload_case() == Event::PAYLOAD_NOT_SET) return {};
  return Event::descriptor()->FindFieldByNumber(static_cast<int>(event.payload_case()))->name();
}

bool is_kind(std::string_view name) {
  const auto* field = Event::descriptor()->FindFieldByName(std::string(name));
  return field != nullptr && field->real_containing_oneof() != nullptr;
}

}  // namespace esaas::event
