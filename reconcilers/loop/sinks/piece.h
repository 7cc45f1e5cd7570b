#pragma once
// Piece: what a sink gets next, read from the log.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "core/base/result.h"
#include "core/events/event.pb.h"
#include "core/model/sink.pb.h"
#include "reconcilers/effects/sinks/destination.h"
#include "store/log/event_log.h"

namespace esaas::sinks {

/// An event as the sink takes it: JSON. Called on each sink's thread.
using Render = std::function<Result<std::string>(const model::Sink&, const event::Event&)>;

struct PieceLimits {
  std::size_t events_max = 500;
  std::size_t bytes = 512 * 1024;        ///< of JSON, after which it ends
  std::size_t looked_at_max = 4 * 1024;  ///< that the filter is held against
};

struct Piece {
  Delivery delivery;              ///< maybe without an event
  std::uint64_t through_seq = 0;  ///< the last event that was looked at
  /// Of the delivered: those that are no digests. A digest is signed when the log has grown, and a position makes it
  /// grow: one must not call for the other for ever.
  std::uint64_t news = 0;
  /// Those that are not wanted; but positions of sinks only where they are of another tenant or cluster than the
  /// sink's.
  std::uint64_t passed = 0;
};

/// True for SinkAdvanced and SinkStalled: what sinks come to is no news for sinks.
bool is_position(const event::Event& event);

/// True for what passes the sink's filter and is no position.
bool is_wanted(const model::Sink& sink, const event::Event& event);

/// What follows `after_seq` in the log; `through_seq` is `after_seq` when nothing does. Errors: the log's, and those of
/// `render`. For a sink that takes events one by one it is one.
Result<Piece> read_piece(const store::EventLog& log, const model::Sink& sink, std::uint64_t after_seq,
                         const PieceLimits& limits, const Render& render);

}  // namespace esaas::sinks
