#include "store/backup/log_copy.h"

#include <utility>

#include "store/log/big_endian.h"

namespace esaas::store {
namespace {

constexpr std::size_t kRecordsAtOnce = 1'000;
constexpr std::size_t kBytesAtOnce = 16U << 20U;

}  // namespace

Result<void> RecordAppender::add(std::string_view record) {
  records_.emplace_back(record);
  bytes_ += record.size();
  return records_.size() < kRecordsAtOnce && bytes_ < kBytesAtOnce ? Result<void>() : finish();
}

Result<void> RecordAppender::finish() {
  if (records_.empty()) return {};
  ESAAS_CHECK(log_.append_records(records_, {}));
  records_.clear();
  bytes_ = 0;
  return {};
}

Result<void> copy_log(const StoredRecords& from, std::uint64_t to_seq, std::vector<IdempotencyEntry> idempotency,
                      DurableLog& to) {
  if (to_seq == 0) return {};
  std::erase_if(idempotency, [&](const IdempotencyEntry& entry) { return entry.seq > to_seq; });
  RecordAppender appender(to);
  Result<void> added;
  const auto take = [&](std::string_view key, std::string_view record) {
    if (!added) return;
    if (key.size() != kBigEndianBytes) {
      added = fail(ErrorCode::kDataLoss, "something is stored under a key that is no seq");
    } else if (read_big_endian(key) < to_seq) {  // the last one brings the keys, which are of no later time
      added = appender.add(record);
    }
  };
  ESAAS_CHECK(from.read(1, to_seq, take));
  ESAAS_CHECK(added);
  ESAAS_TRY(const auto last, from.find(to_seq));
  if (!last) return fail(ErrorCode::kDataLoss, "event " + std::to_string(to_seq) + " is missing");
  ESAAS_CHECK(appender.finish());
  return to.append_records({&*last, 1}, std::move(idempotency));
}

}  // namespace esaas::store
