#include "reconcilers/loop/sinks/piece.h"

#include <utility>

namespace esaas::sinks {

bool is_position(const event::Event& event) { return event.has_sink_advanced() || event.has_sink_stalled(); }

bool is_wanted(const model::Sink& sink, const event::Event& event) {
  return !is_position(event) && (sink.tenant().empty() || sink.tenant() == event.tenant()) &&
         (sink.cluster().empty() || sink.cluster() == event.cluster());
}

Result<Piece> read_piece(const store::EventLog& log, const model::Sink& sink, std::uint64_t after_seq,
                         const PieceLimits& limits, const Render& render) {
  Piece piece{.delivery = {.sink = sink.name(), .events = {}}, .through_seq = after_seq};
  ESAAS_TRY(const auto cursor, log.read(after_seq + 1));
  std::size_t bytes = 0;
  for (std::size_t looked_at = 0; looked_at < limits.looked_at_max; ++looked_at) {
    if (piece.delivery.events.size() >= limits.events_max || bytes >= limits.bytes) break;
    ESAAS_TRY(const event::Event* event, cursor->next());
    if (event == nullptr) break;
    piece.through_seq = event->seq();
    if (!is_wanted(sink, *event)) {
      if (!is_position(*event)) ++piece.passed;
      continue;
    }
    OutEvent out{.seq = event->seq(),
                 .key = event->cluster().empty() ? event->tenant() : event->cluster(),
                 .json = render(*event)};
    bytes += out.json.size();
    if (!event->has_digest_signed()) ++piece.news;
    piece.delivery.events.push_back(std::move(out));
  }
  return piece;
}

}  // namespace esaas::sinks
