#pragma once
// PastLog: a log as it was when an event was its newest: what came after it is not there, neither in what is read nor
// in what is found. Thread-safe; must not outlive the log that it shows.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "store/log/event_log.h"

namespace esaas::store {

class PastLog final : public EventLog {
 public:
  /// Precondition: `log` has an event `last_seq`, whose time is `last_time_at_us`.
  PastLog(const EventLog& log, std::uint64_t last_seq, std::int64_t last_time_at_us)
      : log_(log), last_seq_(last_seq), last_time_at_us_(last_time_at_us) {}

  /// kConflict: nobody writes into the past.
  Result<void> append(Batch batch) override;
  [[nodiscard]] std::uint64_t last_seq() const override { return last_seq_; }
  [[nodiscard]] std::int64_t last_time_at_us() const override { return last_time_at_us_; }
  /// None: the keys that were known then are not kept.
  [[nodiscard]] Result<std::optional<IdempotencyEntry>> find_idempotency(std::string_view key) const override;
  [[nodiscard]] Result<std::unique_ptr<Cursor>> read(std::uint64_t from_seq, ReadOptions options = {}) const override;
  [[nodiscard]] Result<event::Event> read_one(std::uint64_t seq) const override;
  [[nodiscard]] Result<Hash> hash_of(std::uint64_t seq) const override;
  [[nodiscard]] Result<std::vector<std::uint64_t>> read_index(const IndexQuery& query) const override;
  [[nodiscard]] std::uint64_t events_to_index() const override { return log_.events_to_index(); }
  /// It never tells of anything.
  [[nodiscard]] Tail& tail() override { return tail_; }

 private:
  [[nodiscard]] Result<bool> had_ended(std::uint64_t requested_seq) const;

  const EventLog& log_;
  std::uint64_t last_seq_;
  std::int64_t last_time_at_us_;
  Tail tail_;
};

}  // namespace esaas::store
