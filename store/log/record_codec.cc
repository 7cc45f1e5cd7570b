#include "store/log/record_codec.h"

#include <cstring>
#include <utility>

#include "core/base/assert.h"
#include "core/events/codec.h"

namespace esaas::store {
namespace {

std::string event_name(std::uint64_t seq) { return "event " + std::to_string(seq); }

/// Into the same message again and again, which saves most of the allocations of a replay. Whatever is not plainly of
/// the newest schema goes the way through the codec, which upcasts or refuses.
Result<void> decode_event(std::string_view bytes, std::uint64_t seq, event::Event& event) {
  const bool parsed = event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  if (parsed && event.schema_version() == event::kSchemaVersion &&
      event.min_reader_version() <= event::kReaderVersion && event.payload_case() != event::Event::PAYLOAD_NOT_SET) {
    return {};
  }
  auto decoded = event::decode(bytes);
  if (!decoded) {
    Error error = std::move(decoded).error();
    error.detail = event_name(seq) + " in the log: " + error.detail;
    return std::unexpected(std::move(error));
  }
  event = *std::move(decoded);
  return {};
}

}  // namespace

Result<void> encode_record(const event::Event& event, std::string& record) {
  const std::size_t size = kRecordHeaderBytes + event.ByteSizeLong();
  if (size > kRecordBytesMax) {
    return fail(ErrorCode::kInvalidArgument, event_name(event.seq()) + " has " + std::to_string(size) + " bytes; " +
                                                 std::to_string(kRecordBytesMax) + " are allowed");
  }
  record.resize(size);
  auto* out = reinterpret_cast<std::uint8_t*>(record.data());
  const auto payload = static_cast<std::uint32_t>(event.payload_case());
  out[0] = kRecordMagic;
  out[1] = kRecordVersion;
  out[2] = static_cast<std::uint8_t>(payload >> 8U);
  out[3] = static_cast<std::uint8_t>(payload);
  // The codec's bytes without its stream: events hold no maps, so the plain serialisation is deterministic.
  event.SerializeWithCachedSizesToArray(out + kRecordHeaderBytes);
  return {};
}

std::optional<std::uint32_t> payload_of(std::string_view record) {
  if (record.size() < kRecordHeaderBytes || static_cast<unsigned char>(record[0]) != kRecordMagic ||
      static_cast<unsigned char>(record[1]) != kRecordVersion) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(static_cast<unsigned char>(record[2])) << 8U |
         static_cast<unsigned char>(record[3]);
}

Result<void> decode_record(std::string_view record, std::uint64_t seq, event::Event& event) {
  if (record.size() < kRecordHeaderBytes || static_cast<unsigned char>(record[0]) != kRecordMagic) {
    return fail(ErrorCode::kDataLoss, event_name(seq) + " in the log is no record");
  }
  const auto version = static_cast<unsigned char>(record[1]);
  if (version != kRecordVersion) {
    return fail(ErrorCode::kUnsupportedVersion, event_name(seq) + " in the log is a record of version " +
                                                    std::to_string(version) + "; this program knows version " +
                                                    std::to_string(kRecordVersion));
  }
  ESAAS_CHECK(decode_event(record.substr(kRecordHeaderBytes), seq, event));
  if (event.seq() != seq) {
    return fail(ErrorCode::kDataLoss,
                "where " + event_name(seq) + " should be in the log is " + event_name(event.seq()));
  }
  if (payload_of(record) != static_cast<std::uint32_t>(event.payload_case())) {
    return fail(ErrorCode::kDataLoss, event_name(seq) + " in the log holds another payload than its header says");
  }
  return {};
}

Result<const event::Event*> RecordReader::broken(Error error) {
  error_ = std::move(error);
  return std::unexpected(*error_);
}

Result<const event::Event*> RecordReader::read(std::uint64_t stored_seq, std::string_view record) {
  if (error_) return std::unexpected(*error_);
  if (stored_seq != next_seq_) return end(stored_seq - 1);
  auto decoded = decode_record(record, next_seq_, event_);
  if (!decoded) return broken(std::move(decoded).error());
  if (hash_before_) {
    if (event_.prev_hash() !=
        std::string_view(reinterpret_cast<const char*>(hash_before_->data()), hash_before_->size())) {
      return broken({ErrorCode::kDataLoss, event_name(next_seq_) + " in the log does not follow from the bytes of the "
                                                                   "event before it: the chain is broken there"});
    }
    hash_before_ = blake2b_256(record);
  }
  ++next_seq_;
  return &event_;
}

bool RecordReader::skip(std::uint64_t stored_seq, std::string_view record, const PayloadSet& wanted) {
  if (error_ || stored_seq != next_seq_) return false;
  const auto payload = payload_of(record);
  if (!payload || (*payload < wanted.size() && wanted.test(*payload))) return false;
  ++next_seq_;
  return true;
}

Result<const event::Event*> RecordReader::end(std::uint64_t last_seq) {
  if (error_) return std::unexpected(*error_);
  if (next_seq_ > last_seq) return nullptr;
  std::string what = event_name(next_seq_);
  if (last_seq > next_seq_) what += " to " + std::to_string(last_seq);
  return broken({ErrorCode::kDataLoss, "missing from the log: " + what});
}

}  // namespace esaas::store
