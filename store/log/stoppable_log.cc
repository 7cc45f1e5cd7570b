#include "store/log/stoppable_log.h"

namespace esaas::store {
namespace {

Result<void> check_goes_on(const std::stop_token& stop) {
  if (!stop.stop_requested()) return {};
  return fail(ErrorCode::kUnavailable, "the server is stopping");
}

class StoppableCursor final : public Cursor {
 public:
  StoppableCursor(std::unique_ptr<Cursor> cursor, std::stop_token stop)
      : cursor_(std::move(cursor)), stop_(std::move(stop)) {}

  Result<const event::Event*> next() override {
    ESAAS_CHECK(check_goes_on(stop_));
    return cursor_->next();
  }

 private:
  std::unique_ptr<Cursor> cursor_;
  std::stop_token stop_;
};

}  // namespace

Result<std::optional<IdempotencyEntry>> StoppableLog::find_idempotency(std::string_view key) const {
  ESAAS_CHECK(check_goes_on(stop_));
  return log_.find_idempotency(key);
}

Result<std::unique_ptr<Cursor>> StoppableLog::read(std::uint64_t from_seq, ReadOptions options) const {
  ESAAS_CHECK(check_goes_on(stop_));
  ESAAS_TRY(auto cursor, log_.read(from_seq, options));
  return std::make_unique<StoppableCursor>(std::move(cursor), stop_);
}

Result<event::Event> StoppableLog::read_one(std::uint64_t seq) const {
  ESAAS_CHECK(check_goes_on(stop_));
  return log_.read_one(seq);
}

Result<Hash> StoppableLog::hash_of(std::uint64_t seq) const {
  ESAAS_CHECK(check_goes_on(stop_));
  return log_.hash_of(seq);
}

Result<std::vector<std::uint64_t>> StoppableLog::read_index(const IndexQuery& query) const {
  ESAAS_CHECK(check_goes_on(stop_));
  return log_.read_index(query);
}

}  // namespace esaas::store
