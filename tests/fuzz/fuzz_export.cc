// Fuzzes the import of a log from a file. The first byte chooses: the file as it is, or its frames before they are
// packed, each behind its length, so that what is within them is reached too. Nothing but a chain is ever appended.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/assert.h"
#include "store/backup/log_export.h"
#include "store/export/zstd_frames.h"
#include "store/log/big_endian.h"
#include "store/log/memory_event_log.h"
#include "store/log/record_codec.h"

namespace {

using namespace esaas;
using namespace esaas::store;

/// Takes what a log takes, and keeps the last one's hash.
class ChainEnd final : public DurableLog {
 public:
  Result<void> append_records(std::span<const std::string> records, std::vector<IdempotencyEntry> /*none*/) override {
    for (const std::string& record : records) {
      event::Event event;
      ESAAS_CHECK(decode_record(record, seq_ + 1, event));
      if (event.prev_hash() != to_bytes(hash_)) return fail(ErrorCode::kDataLoss, "does not follow");
      hash_ = blake2b_256(record);
      ++seq_;
    }
    return {};
  }
  std::uint64_t last_seq() const override { return seq_; }
  Result<Hash> hash_of(std::uint64_t seq) const override {
    ESAAS_ASSERT(seq == seq_, "an import asks for the end");
    return hash_;
  }

  // An import asks for nothing of this.
  Result<void> append(Batch batch) override { return none_.append(std::move(batch)); }
  std::int64_t last_time_at_us() const override { return none_.last_time_at_us(); }
  Result<std::optional<IdempotencyEntry>> find_idempotency(std::string_view key) const override {
    return none_.find_idempotency(key);
  }
  Result<std::unique_ptr<Cursor>> read(std::uint64_t from, ReadOptions options) const override {
    return none_.read(from, options);
  }
  Result<event::Event> read_one(std::uint64_t seq) const override { return none_.read_one(seq); }
  Result<std::vector<std::uint64_t>> read_index(const IndexQuery& query) const override {
    return none_.read_index(query);
  }
  std::uint64_t events_to_index() const override { return 0; }
  Tail& tail() override { return none_.tail(); }
  Result<std::vector<IdempotencyEntry>> idempotency_entries() const override { return {}; }
  std::optional<Error> index_failure() const override { return std::nullopt; }
  rocksdb::DB& database() const override { std::abort(); }

 private:
  MemoryEventLog none_;
  std::uint64_t seq_ = 0;
  Hash hash_{};
};

std::string packed(std::string_view frames) {
  std::string file;
  while (frames.size() >= kBigEndianBytes) {
    const std::uint64_t size = read_big_endian(frames.substr(0, kBigEndianBytes));
    frames.remove_prefix(kBigEndianBytes);
    const std::string_view frame = frames.substr(0, size);
    frames.remove_prefix(frame.size());
    ESAAS_ASSERT(append_zstd_frame(frame, file).has_value(), "anything can be packed");
  }
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string file = data[0] % 2 == 0 ? std::string(bytes) : packed(bytes);
  static const int memory = ::memfd_create("export", MFD_CLOEXEC);
  ESAAS_ASSERT(memory >= 0 && ::ftruncate(memory, 0) == 0, "a file in memory");
  ESAAS_ASSERT(::pwrite(memory, file.data(), file.size(), 0) == static_cast<ssize_t>(file.size()), "with these bytes");
  ChainEnd log;
  const auto imported = append_export("/proc/self/fd/" + std::to_string(memory), log);
  if (imported) {
    ESAAS_ASSERT(imported->first_seq == 1 && imported->last_seq == log.last_seq(), "what is imported is told");
    ESAAS_ASSERT(*log.hash_of(log.last_seq()) == imported->chain_hash, "with its end");
  } else {
    ESAAS_ASSERT(!imported.error().detail.empty(), "a refusal says why");
  }
  return 0;
}
