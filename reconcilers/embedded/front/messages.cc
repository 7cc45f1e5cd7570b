#include "reconcilers/embedded/front/messages.h"

#include <google/protobuf/util/json_util.h>

#include "core/base/assert.h"

namespace esaas::embedded {
namespace {

/// The media type without its parameters.
std::string_view media_type(std::string_view header) {
  header = header.substr(0, header.find(';'));
  while (!header.empty() && header.front() == ' ') header.remove_prefix(1);
  while (!header.empty() && header.back() == ' ') header.remove_suffix(1);
  return header;
}

bool accepts(std::string_view accept, std::string_view type) {
  if (media_type(accept).empty()) return true;
  while (!accept.empty()) {
    const std::size_t comma = std::min(accept.find(','), accept.size());
    const std::string_view each = media_type(accept.substr(0, comma));
    if (each == type || each == "*/*" || each == "application/*") return true;
    accept.remove_prefix(std::min(comma + 1, accept.size()));
  }
  return false;
}

}  // namespace

Result<Encoding> encoding_of_body(std::string_view content_type) {
  const std::string_view type = media_type(content_type);
  if (type.empty()) return fail(ErrorCode::kInvalidArgument, "Expecting 'Content-Type' to be present");
  if (type == kJsonType) return Encoding::kJson;
  if (type == kProtobufType) return Encoding::kProtobuf;
  return fail(ErrorCode::kUnavailable,
              "Expecting 'Content-Type' of " + std::string(kJsonType) + " or " + std::string(kProtobufType));
}

Result<Encoding> encoding_of_answer(std::string_view accept) {
  if (accepts(accept, kJsonType)) return Encoding::kJson;
  if (accepts(accept, kProtobufType)) return Encoding::kProtobuf;
  return fail(ErrorCode::kInvalidArgument,
              "Expecting 'Accept' to allow '" + std::string(kProtobufType) + "' or '" + std::string(kJsonType) + "'");
}

Result<void> decode(std::string_view body, Encoding encoding, std::string_view what,
                    google::protobuf::Message& message) {
  if (encoding == Encoding::kProtobuf) {
    if (message.ParsePartialFromArray(body.data(), static_cast<int>(body.size()))) return {};
    return fail(ErrorCode::kInvalidArgument, "Failed to parse body into " + std::string(what) + " protobuf");
  }
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status = google::protobuf::util::JsonStringToMessage({body.data(), body.size()}, &message, options);
  if (status.ok()) return {};
  return fail(ErrorCode::kInvalidArgument,
              "Failed to convert JSON into " + std::string(what) + " protobuf: " + std::string(status.message()));
}

std::string encode(const google::protobuf::Message& message, Encoding encoding) {
  std::string bytes;
  if (encoding == Encoding::kProtobuf) {
    ESAAS_ASSERT(message.SerializeToString(&bytes), "answers are complete");
    return bytes;
  }
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  const auto status = google::protobuf::util::MessageToJsonString(message, &bytes, options);
  ESAAS_ASSERT(status.ok(), std::string(status.message()));
  return bytes;
}

}  // namespace esaas::embedded
