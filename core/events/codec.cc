#include "core/events/codec.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <limits>

namespace esaas::event {

std::string encode(const Event& event) {
  std::string bytes;
  bytes.reserve(event.ByteSizeLong());
  google::protobuf::io::StringOutputStream sink(&bytes);
  google::protobuf::io::CodedOutputStream coded(&sink);
  coded.SetSerializationDeterministic(true);
  event.SerializeWithCachedSizes(&coded);
  return bytes;
}

Result<Event> decode(std::string_view bytes) {
  Event event;
  constexpr std::size_t kSizeMax = std::numeric_limits<int>::max();
  if (bytes.size() > kSizeMax || !event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(ErrorCode::kDataLoss, "these " + std::to_string(bytes.size()) + " bytes are not an event");
  }
  const std::string which = "event " + std::to_string(event.seq());
  if (event.min_reader_version() > kReaderVersion) {
    return fail(ErrorCode::kUnsupportedVersion, which + " needs a reader of version " +
                                                    std::to_string(event.min_reader_version()) +
                                                    "; this program is version " + std::to_string(kReaderVersion));
  }
  if (event.payload_case() == Event::PAYLOAD_NOT_SET) {
    return fail(ErrorCode::kUnsupportedVersion, which + " holds a payload that this program does not know");
  }
  return event;
}

}  // namespace esaas::event
