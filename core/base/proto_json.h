#pragma once
// The one way between protobuf messages and JSON: strict on the way in, stable on the way out. Pure, thread-safe.
//
// Names are the proto's own (snake_case). Enumerators lose their prefix and are lower-case: NODE_ROLE_DATA is "data".
// 64-bit integers are numbers. A field whose name ends in `_at_us` is a moment: JSON calls it by the name without
// `_us` and shows RFC 3339; 0 is left out. Bytes are lower-case hexadecimal. A oneof is the one member that is set.
// Fields without presence that hold their default are shown (so that a reader sees the whole object), unset messages,
// empty `bytes` and enumerators that are UNSPECIFIED are left out.

#include <google/protobuf/message.h>
#include <boost/json/value.hpp>

#include <string_view>

#include "core/base/result.h"

namespace esaas {

/// The JSON object that shows `message`.
boost::json::object to_json(const google::protobuf::Message& message);

/// Fills `message` (empty before) from `value`. Refuses, with the path of the field and a sentence: unknown fields
/// (with the nearest known name), wrong types, numbers out of range, unknown enumerators, the same oneof set twice.
Result<void> from_json(const boost::json::value& value, google::protobuf::Message& message);

/// Parses text. A syntax error names its byte offset. Nesting is bounded at 32. A key that one object has twice is
/// refused by name.
Result<boost::json::value> parse_json(std::string_view text);

}  // namespace esaas
