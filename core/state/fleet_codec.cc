// The bytes of a FleetState: the head, then every cluster and every open operation, each behind its length (varint),
// the two lists behind their counts. Deterministic because the maps are ordered and the messages hold no map.

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <limits>

#include "core/state/fleet_state.h"

namespace esaas::state {
namespace {

using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

void write(CodedOutputStream& out, const google::protobuf::Message& message) {
  out.WriteVarint64(message.ByteSizeLong());
  message.SerializeWithCachedSizes(&out);
}

bool read(CodedInputStream& in, google::protobuf::Message& message) {
  std::uint64_t size = 0;
  if (!in.ReadVarint64(&size) || size > static_cast<std::uint64_t>(in.BytesUntilLimit())) return false;
  const auto limit = in.PushLimit(static_cast<int>(size));
  const bool parsed = message.MergePartialFromCodedStream(&in) && in.ConsumedEntireMessage();
  in.PopLimit(limit);
  return parsed;
}

template <typename Map, typename KeyOf>
bool read_all(CodedInputStream& in, Map& map, KeyOf key_of) {
  std::uint64_t count = 0;
  if (!in.ReadVarint64(&count)) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    typename Map::mapped_type value;
    if (!read(in, value)) return false;
    std::string key = key_of(value);
    map.emplace_hint(map.end(), std::move(key), std::move(value));
  }
  return map.size() == count;
}

}  // namespace

std::string encode(const FleetState& state) {
  std::string bytes;
  google::protobuf::io::StringOutputStream sink(&bytes);
  CodedOutputStream out(&sink);
  out.SetSerializationDeterministic(true);
  write(out, state.head);
  out.WriteVarint64(state.clusters.size());
  for (const auto& [name, cluster] : state.clusters) write(out, cluster);
  out.WriteVarint64(state.operations.size());
  for (const auto& [id, operation] : state.operations) write(out, operation);
  out.Trim();
  return bytes;
}

Result<FleetState> decode_fleet(std::string_view bytes) {
  constexpr std::size_t kSizeMax = std::numeric_limits<int>::max();
  if (bytes.size() > kSizeMax) {
    return fail(ErrorCode::kDataLoss,
                "a fleet state has less than 2 GiB, not " + std::to_string(bytes.size()) + " bytes");
  }
  FleetState state;
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  in.PushLimit(static_cast<int>(bytes.size()));
  if (!read(in, state.head) || !read_all(in, state.clusters, [](const Cluster& cluster) { return cluster.name(); }) ||
      !read_all(in, state.operations, [](const Operation& operation) { return operation.id(); }) ||
      in.BytesUntilLimit() != 0) {
    return fail(ErrorCode::kDataLoss, "these " + std::to_string(bytes.size()) + " bytes are not a fleet state");
  }
  return state;
}

}  // namespace esaas::state
