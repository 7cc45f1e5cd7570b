#pragma once
// How an event becomes bytes and comes back. Upcasting of old payloads happens here and nowhere else, so that `evolve`
// sees only the newest version. Pure, thread-safe.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/events/event.pb.h"

namespace esaas::event {

/// The version of the payloads that this program writes.
inline constexpr std::uint32_t kSchemaVersion = 1;
/// The version of the reader that this program is: it refuses events that ask for a higher one.
inline constexpr std::uint32_t kReaderVersion = 1;

/// The bytes as the log stores them: deterministic for one version of the schema.
std::string encode(const Event& event);

/// kDataLoss when the bytes are no event; kUnsupportedVersion when they ask for a newer reader or hold a payload that
/// this program does not know. The detail names the seq where it could be read.
Result<Event> decode(std::string_view bytes);

}  // namespace esaas::event
