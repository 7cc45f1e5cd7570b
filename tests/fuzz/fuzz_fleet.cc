// Fuzzes the reader of fleet states (what a snapshot holds).

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/assert.h"
#include "core/state/fleet_state.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto state = esaas::state::decode_fleet({reinterpret_cast<const char*>(data), size});
  if (!state) return 0;
  const std::string bytes = esaas::state::encode(*state);
  const auto again = esaas::state::decode_fleet(bytes);
  ESAAS_ASSERT(again && esaas::state::encode(*again) == bytes, "a state reads back as it was written");
  return 0;
}
