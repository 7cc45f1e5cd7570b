#pragma once
// StoppableLog: a log for reads that shall end when they are asked to, however much they would still read: from then on
// each read, and each step of one that was begun, is kUnavailable. Thread-safe; must not outlive the log.

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

#include "store/log/event_log.h"

namespace esaas::store {

class StoppableLog final : public EventLog {
 public:
  StoppableLog(EventLog& log, std::stop_token stop) : log_(log), stop_(std::move(stop)) {}

  /// What is written goes on.
  Result<void> append(Batch batch) override { return log_.append(std::move(batch)); }
  [[nodiscard]] std::uint64_t last_seq() const override { return log_.last_seq(); }
  [[nodiscard]] std::int64_t last_time_at_us() const override { return log_.last_time_at_us(); }
  [[nodiscard]] Result<std::optional<IdempotencyEntry>> find_idempotency(std::string_view key) const override;
  [[nodiscard]] Result<std::unique_ptr<Cursor>> read(std::uint64_t from_seq, ReadOptions options = {}) const override;
  [[nodiscard]] Result<event::Event> read_one(std::uint64_t seq) const override;
  [[nodiscard]] Result<Hash> hash_of(std::uint64_t seq) const override;
  [[nodiscard]] Result<std::vector<std::uint64_t>> read_index(const IndexQuery& query) const override;
  [[nodiscard]] std::uint64_t events_to_index() const override { return log_.events_to_index(); }
  [[nodiscard]] Tail& tail() override { return log_.tail(); }

 private:
  EventLog& log_;
  std::stop_token stop_;
};

}  // namespace esaas::store
