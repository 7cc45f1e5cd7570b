#pragma once
// The two encodings of the API: JSON and protobuf bodies, chosen by Content-Type and Accept as a real master does.
// Pure.

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace esaas::embedded {

enum class Encoding : std::uint8_t { kJson, kProtobuf };

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kProtobufType = "application/x-protobuf";

constexpr std::string_view content_type(Encoding encoding) {
  return encoding == Encoding::kJson ? kJsonType : kProtobufType;
}

/// kInvalidArgument: there is none (400). kUnavailable: it is neither of the two (415).
Result<Encoding> encoding_of_body(std::string_view content_type);

/// JSON when it is allowed, as on a real master. kInvalidArgument: neither is (406).
Result<Encoding> encoding_of_answer(std::string_view accept);

/// Fills `message`, required fields included or not. JSON: unknown fields are ignored, bytes are base64. The error is
/// the sentence of the 400; `what` is the message's name in it.
Result<void> decode(std::string_view body, Encoding encoding, std::string_view what,
                    google::protobuf::Message& message);

std::string encode(const google::protobuf::Message& message, Encoding encoding);

}  // namespace esaas::embedded
