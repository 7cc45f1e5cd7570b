// Fuzzes the reader of stored events: what it takes, it writes back in a form that it takes again, unchanged.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/assert.h"
#include "core/events/codec.h"
#include "core/events/event_kind.h"
#include "core/events/storable.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto event = esaas::event::decode({reinterpret_cast<const char*>(data), size});
  if (!event) return 0;
  const std::string bytes = esaas::event::encode(*event);
  esaas::event::make_storable(*event);
  ESAAS_ASSERT(esaas::event::encode(*event) == bytes, "an event that was read needs no mending");
  const auto again = esaas::event::decode(bytes);
  ESAAS_ASSERT(again && esaas::event::encode(*again) == bytes, "an event reads back as it was written");
  ESAAS_ASSERT(esaas::event::is_kind(esaas::event::kind_of(*event)), "an event that was read has a kind");
  return 0;
}
