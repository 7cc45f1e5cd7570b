#include "store/log/past_log.h"

#include <algorithm>
#include <string>

#include "core/model/ids.h"

namespace esaas::store {
namespace {

/// Its entries are filed under the seq of a request, and say what came of it: possibly later than the past that is
/// shown.
bool is_of_what_came_later(IndexKind kind) {
  return kind == IndexKind::kOutcomeLater || kind == IndexKind::kOutcomeWord;
}

}  // namespace

Result<void> PastLog::append(Batch) { return fail(ErrorCode::kConflict, "what has happened cannot be added to"); }

Result<std::optional<IdempotencyEntry>> PastLog::find_idempotency(std::string_view) const { return std::nullopt; }

Result<std::unique_ptr<Cursor>> PastLog::read(std::uint64_t from_seq, ReadOptions options) const {
  options.to_seq = std::min(options.to_seq, last_seq_);
  return log_.read(from_seq, options);
}

Result<event::Event> PastLog::read_one(std::uint64_t seq) const {
  if (seq > last_seq_) {
    return fail(ErrorCode::kNotFound,
                "there is no event " + std::to_string(seq) + ": the log ends at " + std::to_string(last_seq_));
  }
  return log_.read_one(seq);
}

Result<Hash> PastLog::hash_of(std::uint64_t seq) const {
  if (seq > last_seq_) return fail(ErrorCode::kNotFound, "there is no event " + std::to_string(seq));
  return log_.hash_of(seq);
}

Result<bool> PastLog::had_ended(std::uint64_t requested_seq) const {
  ESAAS_TRY(const auto ends, log_.read_index({.kind = IndexKind::kOperationEnd,
                                              .value = model::operation_id(requested_seq),
                                              .to_seq = last_seq_,
                                              .limit = 1}));
  return !ends.empty();
}

Result<std::vector<std::uint64_t>> PastLog::read_index(const IndexQuery& query) const {
  IndexQuery asked = query;
  asked.to_seq = std::min(asked.to_seq, last_seq_);
  if (!is_of_what_came_later(asked.kind)) return log_.read_index(asked);
  std::vector<std::uint64_t> known;
  while (known.size() < query.limit && asked.from_seq <= asked.to_seq) {
    ESAAS_TRY(const auto seqs, log_.read_index(asked));
    for (const std::uint64_t seq : seqs) {
      ESAAS_TRY(const bool is_known, had_ended(seq));
      if (is_known && known.size() < query.limit) known.push_back(seq);
    }
    if (seqs.size() < asked.limit) break;
    if (asked.newest_first) {
      asked.to_seq = seqs.back() - 1;
    } else {
      asked.from_seq = seqs.back() + 1;
    }
  }
  return known;
}

}  // namespace esaas::store
