// Fuzzes what reads the log's own files: records, index postings, what is indexed, idempotency entries, snapshots. A
// disk is outside too. The first byte chooses the reader. What is taken is written again as the same bytes, or means
// the same.

#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/assert.h"
#include "store/log/idempotency_codec.h"
#include "store/log/index_codec.h"
#include "store/log/index_coverage.h"
#include "store/log/record_codec.h"
#include "store/snapshots/snapshot_codec.h"

namespace {

using namespace esaas::store;

void check_record(std::string_view bytes) {
  esaas::event::Event event;
  if (!decode_record(bytes, 7, event)) return;
  ESAAS_ASSERT(event.seq() == 7, "a record is of the event that it was stored for");
  std::string again;
  ESAAS_ASSERT(encode_record(event, again).has_value(), "what was read can be stored");
  esaas::event::Event back;
  ESAAS_ASSERT(decode_record(again, 7, back).has_value(), "and read");
  ESAAS_ASSERT(back.SerializeAsString() == event.SerializeAsString(), "and means the same");
}

void check_posting(std::string_view bytes) {
  std::vector<std::uint64_t> seqs;
  if (!expand_posting(7, bytes, seqs)) return;
  std::string again;
  for (std::size_t i = 1; i < seqs.size(); ++i) {
    ESAAS_ASSERT(seqs[i - 1] < seqs[i], "the events of a posting ascend");
    append_distance(seqs[i - 1], seqs[i], again);
  }
  std::vector<std::uint64_t> back;
  ESAAS_ASSERT(expand_posting(7, again, back).has_value() && back == seqs, "a posting reads back");
}

void check_coverage(std::string_view text) {
  auto coverage = IndexCoverage::decode(text);
  if (!coverage) return;
  const auto back = IndexCoverage::decode(coverage->encode());
  ESAAS_ASSERT(back && back->encode() == coverage->encode(), "what is indexed reads back");
  // A rebuild gets through, and never backwards.
  std::uint64_t above = UINT64_MAX;
  for (int step = 0; step < 100; ++step) {
    const SeqRange range = coverage->next(1'000);
    if (range.first > range.last) return;
    ESAAS_ASSERT(range.last - range.first < 1'000 && range.last <= above, "it is built downwards, so many at a time");
    above = range.first - 1;
    coverage->done(range);
  }
}

void check_idempotency(std::string_view bytes) {
  static_cast<void>(parse_expiry_key(bytes).has_value());
  const auto entry = decode_idempotency("tenant/key", bytes);
  if (!entry) return;
  const auto back = decode_idempotency("tenant/key", encode_idempotency(*entry));
  ESAAS_ASSERT(back && back->body_hash == entry->body_hash && back->operation_id == entry->operation_id &&
                   back->seq == entry->seq && back->revision == entry->revision && back->at_us == entry->at_us,
               "an answer reads back");
}

void check_snapshot(std::string_view bytes) {
  const auto snapshot = decode_snapshot(bytes);
  if (!snapshot) return;
  const auto back = decode_snapshot(encode_snapshot(*snapshot));
  ESAAS_ASSERT(back && *back == *snapshot, "a snapshot reads back");
}

}  // namespace

// Debug builds of protobuf print a line for each string that is not UTF-8, which made-up inputs are full of.
[[maybe_unused]] auto* const kNoProtobufLog = google::protobuf::SetLogHandler(nullptr);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0: check_record(bytes); break;
    case 1: check_posting(bytes); break;
    case 2: check_idempotency(bytes); break;
    case 3: check_snapshot(bytes); break;
    default: check_coverage(bytes); break;
  }
  return 0;
}
