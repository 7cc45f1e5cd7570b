#include "reconcilers/loop/sinks/piece.h"

#include <utility>

#include "store/views/event_reader.h"

namespace esaas::sinks {

bool is_position(const event::Event& event) { return event.has_sink_advanced() || event.has_sink_stalled(); }

bool is_wanted(const model::Sink& sink, const event::Event& event) {
  return !is_position(event) && (sink.tenant().empty() || sink.tenant() == event.tenant()) &&
         (sink.cluster().empty() || sink.cluster() == event.cluster());
}

Result<Piece> read_piece(const store::EventLog& log, const model::Sink& sink, std::uint64_t after_seq,
                         const PieceLimits& limits, const Render& render) {
  Piece piece{.delivery = {.sink = sink.name(), .events = {}}, .through_seq = after_seq};
  const bool is_one_by_one = sink.webhook().format() == "cloudevents";
  const std::size_t events_max = is_one_by_one ? 1 : limits.events_max;
  std::uint64_t matches = 0;
  std::size_t bytes = 0;
  Result<void> rendered;
  const auto take = [&](const event::Event& event) {
    ++matches;
    if (!is_wanted(sink, event)) {
      if (!is_position(event)) ++piece.passed;
      return true;
    }
    auto json = render(sink, event);
    if (!json) {
      rendered = std::unexpected(std::move(json.error()));
      return false;
    }
    bytes += json->size();
    if (!event.has_digest_signed()) ++piece.news;
    piece.delivery.events.push_back({.seq = event.seq(),
                                     .key = event.cluster().empty() ? event.tenant() : event.cluster(),
                                     .json = std::move(*json)});
    return piece.delivery.events.size() < events_max && bytes < limits.bytes;
  };
  const store::EventFilter filter{.tenant = sink.tenant(), .cluster = sink.cluster()};
  ESAAS_TRY(piece.through_seq, store::read_events(log, after_seq, filter, limits.looked_at_max, take));
  ESAAS_CHECK(rendered);
  // What the filter left out was seen by nobody here; some of it may be positions. That two sinks come past each
  // other's reports of it is no reason to report: it takes 100,000 of them.
  piece.passed += piece.through_seq - after_seq - matches;
  return piece;
}

}  // namespace esaas::sinks
