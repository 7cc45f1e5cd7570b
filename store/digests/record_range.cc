#include "store/digests/record_range.h"

#include <utility>

#include "store/log/big_endian.h"
#include "store/log/record_codec.h"
#include "store/log/record_header.h"

namespace esaas::store {
namespace {

constexpr auto kDigestField = static_cast<std::uint32_t>(event::Event::kDigestSigned);
constexpr auto kKeyField = static_cast<std::uint32_t>(event::Event::kSigningKeyCreated);

class RangeReader {
 public:
  RangeReader(std::uint64_t first_seq, std::uint64_t last_seq) : last_seq_(last_seq) {
    range_.first_seq = first_seq;
    range_.hashes.resize(last_seq - first_seq + 1);
    next_ = first_seq;
  }

  void take(std::string_view key, std::string_view record) {
    range_.bytes += record.size();
    const bool is_seq = key.size() == kBigEndianBytes;
    const std::uint64_t seq = is_seq ? read_big_endian(key) : 0;
    if (!is_seq || seq < next_ || seq > last_seq_) {
      return note({.kind = Oddity::Kind::kStrangeKey, .seq = next_ - 1});
    }
    if (seq != next_) note({.kind = Oddity::Kind::kGap, .seq = next_, .last_seq = seq - 1});
    hold(seq, record, seq == next_ && seq != range_.first_seq);
    next_ = seq + 1;
  }

  RecordRange finish() {
    if (next_ <= last_seq_) note({.kind = Oddity::Kind::kGap, .seq = next_, .last_seq = last_seq_});
    range_.last_shift = shift_;
    if (has_last_) range_.last_record = before_;
    return std::move(range_);
  }

 private:
  void hold(std::uint64_t seq, std::string_view record, bool has_record_before) {
    const Hash named = std::exchange(before_, blake2b_256(record));
    has_last_ = seq == last_seq_;
    range_.hashes[seq - range_.first_seq] = before_;
    const auto header = read_record_header(record);
    if (!header) return note({.kind = Oddity::Kind::kNoRecord, .seq = seq});
    const auto shift = static_cast<std::int64_t>(header->seq - seq);
    if (shift != shift_) note({.kind = Oddity::Kind::kShift, .seq = seq, .shift = shift});
    shift_ = shift;
    if (seq == range_.first_seq) range_.first_names = header->prev_hash;
    if (has_record_before) {
      const std::string_view hash(reinterpret_cast<const char*>(named.data()), named.size());
      if (header->prev_hash != hash) note({.kind = Oddity::Kind::kBrokenLink, .seq = seq});
    }
    if (header->payload == kDigestField || header->payload == kKeyField) keep_book(seq, record);
  }

  void keep_book(std::uint64_t seq, std::string_view record) {
    event::Event& event = range_.books.emplace_back();
    if (decode_record(record, seq, event)) return;
    range_.books.pop_back();
    note({.kind = Oddity::Kind::kNoRecord, .seq = seq});
  }

  void note(Oddity oddity) {
    if (range_.oddities.size() < kOdditiesMax) range_.oddities.push_back(oddity);
  }

  std::uint64_t last_seq_;
  std::uint64_t next_;
  std::int64_t shift_ = 0;
  Hash before_{};  // of the record that was held last
  bool has_last_ = false;
  RecordRange range_;
};

}  // namespace

Result<RecordRange> read_range(const StoredRecords& records, std::uint64_t first_seq, std::uint64_t last_seq) {
  RangeReader reader(first_seq, last_seq);
  // Before the first event nothing is to be: what lies there is met on the way to it.
  const std::uint64_t from = first_seq == 1 ? 0 : first_seq;
  // And what lies behind the last one is met on the way from it.
  const std::uint64_t to = last_seq < records.last_seq() ? last_seq : UINT64_MAX;
  ESAAS_CHECK(records.read(from, to, [&](std::string_view key, std::string_view record) { reader.take(key, record); }));
  return reader.finish();
}

}  // namespace esaas::store
