#include "store/views/event_reader.h"

#include <algorithm>
#include <memory>

#include "store/views/index_walk.h"
#include "store/views/operation_view.h"
#include "store/views/operation_walk.h"

namespace esaas::store {
namespace {

bool matches(const EventFilter& filter, const event::Event& event) {
  return (filter.tenant.empty() || event.tenant() == filter.tenant) &&
         (filter.cluster.empty() || event.cluster() == filter.cluster) &&
         (filter.operation_id.empty() || event.operation_id() == filter.operation_id);
}

/// The narrowest index that holds all matches, where no operation is asked for.
IndexQuery index_for(const EventFilter& filter) {
  if (!filter.cluster.empty()) return {.kind = IndexKind::kCluster, .value = filter.cluster};
  return {.kind = IndexKind::kTenant, .value = filter.tenant};
}

/// `source` holds what may match of [first, to]; the log ends at `last`.
template <typename Source>
Result<EventPage> read_from(Source& source, const EventFilter& filter, std::uint64_t first, std::uint64_t to,
                            std::uint64_t last, std::size_t limit) {
  EventPage page;
  page.next_seq = first;
  for (std::size_t scanned = 0; scanned < kViewScanMax && page.events.size() < limit; ++scanned) {
    ESAAS_TRY(const event::Event* event, source.next());
    if (event == nullptr) {
      page.next_seq = std::max(first, to + 1);
      break;
    }
    page.next_seq = event->seq() + 1;
    if (matches(filter, *event)) page.events.push_back(*event);
  }
  page.at_end = page.next_seq > last;
  return page;
}

}  // namespace

Result<EventPage> read_events(const EventLog& log, std::uint64_t from_seq, const EventFilter& filter,
                              std::size_t limit) {
  const std::uint64_t first = std::max<std::uint64_t>(from_seq, 1);
  const std::uint64_t last = log.last_seq();
  limit = std::clamp<std::size_t>(limit, 1, kViewPageMax);
  if (filter.tenant.empty() && filter.cluster.empty() && filter.operation_id.empty()) {
    ESAAS_TRY(const auto cursor, log.read(first, {.to_seq = std::min(last, first + limit - 1)}));
    return read_from(*cursor, filter, first, std::min(last, first + limit - 1), last, limit);
  }
  if (!filter.operation_id.empty()) {
    OperationWalk walk(log, filter.operation_id, first, last);
    return read_from(walk, filter, first, last, last, limit);
  }
  IndexQuery index = index_for(filter);
  index.from_seq = first;
  index.to_seq = last;
  IndexWalk walk(log, index);
  return read_from(walk, filter, first, last, last, limit);
}

}  // namespace esaas::store
