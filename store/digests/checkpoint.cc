#include "store/digests/checkpoint.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "core/base/hash.h"
#include "core/base/proto_json.h"
#include "store/digests/digest_record.h"
#include "store/snapshots/durable_file.h"

namespace esaas::store {
namespace {

namespace json = boost::json;

constexpr std::string_view kCheckpointFormat = "esaas log checkpoint 1";

/// False when it is absent or of another type.
bool take_seq(const json::object& object, const char* name, std::uint64_t& seq) {
  const json::value* value = object.if_contains(name);
  boost::system::error_code failed;
  if (value != nullptr) seq = value->to_number<std::uint64_t>(failed);
  return value != nullptr && !failed;
}

bool take_bytes(const json::object& object, std::string_view name, std::string& bytes) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return false;
  auto taken = bytes_of_hex(value->get_string(), name);
  if (!taken) return false;
  bytes = *std::move(taken);
  return true;
}

/// A digest is of events before its own, which is in what was verified.
bool makes_sense(const Checkpoint& checkpoint) {
  if (checkpoint.hash.size() != sizeof(Hash)) return false;
  if (checkpoint.digest_seq == 0) return checkpoint.digest_through_seq == 0;
  return checkpoint.digest_through_seq < checkpoint.digest_seq && checkpoint.digest_seq <= checkpoint.seq &&
         (checkpoint.digest_through_seq == 0 || checkpoint.digest_chain_hash.size() == sizeof(Hash));
}

}  // namespace

std::string to_text(const Checkpoint& checkpoint) {
  json::object keys;
  for (const auto& [id, key] : checkpoint.public_keys) keys[id] = to_hex(key);
  const json::object object{{"format", kCheckpointFormat},
                            {"seq", checkpoint.seq},
                            {"hash", to_hex(checkpoint.hash)},
                            {"digest_seq", checkpoint.digest_seq},
                            {"digest_through_seq", checkpoint.digest_through_seq},
                            {"digest_chain_hash", to_hex(checkpoint.digest_chain_hash)},
                            {"public_keys", std::move(keys)}};
  return json::serialize(object) + "\n";
}

std::optional<Checkpoint> checkpoint_from_text(std::string_view text) {
  const auto value = parse_json(text);
  if (!value || !value->is_object()) return std::nullopt;
  const json::object& object = value->get_object();
  const json::value* format = object.if_contains("format");
  const json::value* keys = object.if_contains("public_keys");
  if (format == nullptr || !format->is_string() || std::string_view(format->get_string()) != kCheckpointFormat ||
      keys == nullptr || !keys->is_object()) {
    return std::nullopt;
  }
  Checkpoint checkpoint;
  const bool is_whole = take_seq(object, "seq", checkpoint.seq) && take_bytes(object, "hash", checkpoint.hash) &&
                        take_seq(object, "digest_seq", checkpoint.digest_seq) &&
                        take_seq(object, "digest_through_seq", checkpoint.digest_through_seq) &&
                        take_bytes(object, "digest_chain_hash", checkpoint.digest_chain_hash) &&
                        makes_sense(checkpoint);
  if (!is_whole) return std::nullopt;
  for (const auto& key : keys->get_object()) {
    if (!take_bytes(keys->get_object(), key.key(), checkpoint.public_keys[key.key()])) return std::nullopt;
  }
  return checkpoint;
}

Result<std::optional<Checkpoint>> load_checkpoint(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return std::optional<Checkpoint>();
  ESAAS_TRY(const std::string text, read_whole(file));
  auto checkpoint = checkpoint_from_text(text);
  if (checkpoint) return checkpoint;
  return fail(ErrorCode::kInvalidArgument, file.string() + " is no checkpoint of a log", "checkpoint", "format");
}

Result<void> save_checkpoint(const Checkpoint& checkpoint, const std::filesystem::path& file) {
  return write_durably(file, to_text(checkpoint));
}

}  // namespace esaas::store
