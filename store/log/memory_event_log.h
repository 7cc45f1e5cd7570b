#pragma once
// MemoryEventLog: the reference implementation, for tests and simulation. Same contract as on disk, nothing durable: a
// "crash" is to drop the controller and keep the log. The events are kept encoded, so that a reader gets what was
// stored.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/log/event_log.h"

namespace esaas::store {

class MemoryEventLog final : public EventLog {
 public:
  MemoryEventLog();
  ~MemoryEventLog() override;

  Result<void> append(Batch batch) override;
  [[nodiscard]] std::uint64_t last_seq() const override;
  [[nodiscard]] std::int64_t last_time_at_us() const override;
  [[nodiscard]] Result<std::optional<IdempotencyEntry>> find_idempotency(std::string_view key) const override;
  [[nodiscard]] Result<std::unique_ptr<Cursor>> read(std::uint64_t from_seq, ReadOptions options = {}) const override;
  [[nodiscard]] Result<event::Event> read_one(std::uint64_t seq) const override;
  [[nodiscard]] Result<Hash> hash_of(std::uint64_t seq) const override;
  [[nodiscard]] Result<std::vector<std::uint64_t>> read_index(const IndexQuery& query) const override;
  [[nodiscard]] std::uint64_t events_to_index() const override { return 0; }
  [[nodiscard]] Tail& tail() override;

  /// The next append fails with this error, keeps nothing and poisons the log, as a disk that fails would.
  void fail_next_append(Error error);
  /// The same, but the batch is kept: the write reached the disk and its acknowledgement did not reach us. It becomes
  /// visible with reopen().
  void fail_next_append_after_write(Error error);
  /// What a restart of the process does: lifts the poison and shows what an append had written before it failed.
  void reopen();

  /// The stored bytes of an event, for tests that break them. Precondition: 1 <= seq <= last_seq().
  std::string& stored_bytes(std::uint64_t seq);

 private:
  enum class Fault : std::uint8_t { kNone, kBeforeWrite, kAfterWrite };
  struct Shared;
  class MemoryCursor;
  struct Encoded {
    Batch batch;
    std::vector<std::string> records;
  };

  [[nodiscard]] Result<Encoded> encode(Batch batch) const;
  void keep(Encoded encoded);

  std::unique_ptr<Shared> shared_;
  Tail tail_;
  std::atomic<std::uint64_t> last_seq_{0};
  std::atomic<std::int64_t> last_time_at_us_{0};
  Fault fault_ = Fault::kNone;
  Error fault_error_;
  std::optional<Error> poison_;
  std::optional<Encoded> written_unseen_;
};

}  // namespace esaas::store
