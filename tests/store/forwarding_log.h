#pragma once
// A log that is another one: what a test changes of it, it overrides.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "store/log/event_log.h"

namespace esaas::store::testing {

class ForwardingLog : public EventLog {
 public:
  /// `log` must outlive it.
  explicit ForwardingLog(EventLog& log) : log_(log) {}
  Result<void> append(Batch batch) override { return log_.append(std::move(batch)); }
  [[nodiscard]] std::uint64_t last_seq() const override { return log_.last_seq(); }
  [[nodiscard]] std::int64_t last_time_at_us() const override { return log_.last_time_at_us(); }
  [[nodiscard]] Result<std::optional<IdempotencyEntry>> find_idempotency(std::string_view key) const override {
    return log_.find_idempotency(key);
  }
  [[nodiscard]] Result<std::unique_ptr<Cursor>> read(std::uint64_t from_seq, ReadOptions options) const override {
    return log_.read(from_seq, options);
  }
  [[nodiscard]] Result<event::Event> read_one(std::uint64_t seq) const override { return log_.read_one(seq); }
  [[nodiscard]] Result<Hash> hash_of(std::uint64_t seq) const override { return log_.hash_of(seq); }
  [[nodiscard]] Result<std::vector<std::uint64_t>> read_index(const IndexQuery& query) const override {
    return log_.read_index(query);
  }
  [[nodiscard]] std::uint64_t events_to_index() const override { return log_.events_to_index(); }
  [[nodiscard]] Tail& tail() override { return log_.tail(); }

 private:
  EventLog& log_;
};

}  // namespace esaas::store::testing
