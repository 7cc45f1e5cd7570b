// Fuzzes everything that reads an answer of HAProxy, and what would be said to one that stands so.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/assert.h"
#include "reconcilers/effects/haproxy/runtime.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace haproxy = esaas::haproxy;
  const std::string_view answer(reinterpret_cast<const char*>(data), size);
  haproxy::Standing standing;
  if (auto slots = haproxy::parse_slots(answer)) standing.slots = std::move(*slots);
  static_cast<void>(haproxy::parse_sessions(answer, standing.slots).has_value());
  if (auto entries = haproxy::parse_entries(answer)) {
    for (auto& [key, value] : *entries) standing.doors.insert_or_assign(key, value);
  }
  const haproxy::Orders orders{
      .servers = {{.node = "data-0", .backend = "elasticsearch", .address = "127.0.0.11", .port = 31000}},
      .asks_for_users = true,
      .digests = {"AB"}};
  if (const auto commands = haproxy::commands_for(standing, orders)) {
    for (const auto& command : *commands) {
      ESAAS_ASSERT(command.find('\n') == std::string::npos, "a command has more than one line");
    }
  }
  return 0;
}
