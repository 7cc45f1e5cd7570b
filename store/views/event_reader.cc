#include "store/views/event_reader.h"

#include <limits>
#include <vector>

#include "core/base/assert.h"

namespace esaas::store {
namespace {

/// To read one event by its seq costs about as much as to pass so many with a cursor.
constexpr std::uint64_t kPassedForOne = 8;

bool matches(const EventFilter& filter, const event::Event& event) {
  return (filter.tenant.empty() || event.tenant() == filter.tenant) &&
         (filter.cluster.empty() || event.cluster() == filter.cluster);
}

/// The narrowest index that holds all matches.
IndexQuery index_for(const EventFilter& filter) {
  if (!filter.cluster.empty()) return {.kind = IndexKind::kCluster, .value = filter.cluster};
  return {.kind = IndexKind::kTenant, .value = filter.tenant};
}

/// The last seq that was looked at; one less than `first` when there is none.
Result<std::uint64_t> read_span(const EventLog& log, std::uint64_t first, std::uint64_t last, const EventFilter& filter,
                                std::size_t looked_at_max, const TakeEvent& take) {
  std::uint64_t seq = first - 1;
  ESAAS_TRY(const auto cursor, log.read(first, {.to_seq = last}));
  for (std::size_t i = 0; i < looked_at_max; ++i) {
    ESAAS_TRY(const event::Event* event, cursor->next());
    if (event == nullptr) break;
    seq = event->seq();
    if (matches(filter, *event) && !take(*event)) break;
  }
  return seq;
}

/// Precondition: there is a seq.
Result<std::uint64_t> read_each(const EventLog& log, const std::vector<std::uint64_t>& seqs, const EventFilter& filter,
                                const TakeEvent& take) {
  for (const std::uint64_t seq : seqs) {
    ESAAS_TRY(const event::Event event, log.read_one(seq));
    if (matches(filter, event) && !take(event)) return seq;
  }
  return seqs.back();
}

}  // namespace

Result<std::uint64_t> read_events(const EventLog& log, std::uint64_t after_seq, const EventFilter& filter,
                                  std::size_t looked_at_max, const TakeEvent& take) {
  ESAAS_ASSERT(looked_at_max > 0, "without looking nothing is found");
  // What comes while this reads is for the next call, whichever way this one goes.
  const std::uint64_t last = log.last_seq();
  if (after_seq >= last) return after_seq;
  const bool is_filtered = !filter.tenant.empty() || !filter.cluster.empty();
  if (!is_filtered || last - after_seq <= looked_at_max) {
    return read_span(log, after_seq + 1, last, filter, looked_at_max, take);
  }
  IndexQuery index = index_for(filter);
  index.from_seq = after_seq + 1;
  index.to_seq = last;
  index.limit = looked_at_max;
  ESAAS_TRY(const auto seqs, log.read_index(index));
  if (seqs.empty()) return last;
  const bool is_dense = seqs.back() - seqs.front() < kPassedForOne * seqs.size();
  constexpr auto kAll = std::numeric_limits<std::size_t>::max();
  ESAAS_TRY(const std::uint64_t seq, is_dense ? read_span(log, seqs.front(), seqs.back(), filter, kAll, take)
                                              : read_each(log, seqs, filter, take));
  const bool is_whole = seqs.size() < looked_at_max && seq == seqs.back();
  return is_whole ? last : seq;
}

}  // namespace esaas::store
