#pragma once
// EventSnapshot: the fleet as the beginning of an event stream: an SSE event `snapshot` for each tenant, cluster and
// open operation that the reader may see and asks for, then `snapshot_end`, whose id is the seq at which all of it was
// so. None before has an id, so a reader that is cut off in between begins anew. Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/commands/decide.h"
#include "reconcilers/loop/front.h"

namespace esaas::api {

/// What a reader of events asks for; empty members let all pass that it may see.
struct EventFilter {
  std::string tenant;
  std::string cluster;
  std::string kind;  ///< of events, not of a snapshot's objects
};

class EventSnapshot {
 public:
  EventSnapshot(loop::Picture picture, const EventFilter& filter, const command::Caller& caller);

  [[nodiscard]] std::uint64_t seq() const { return picture_.seq; }

  /// Appends objects until there are `bytes` of text; at least one. False when that was the end.
  bool append_piece(std::string& text, std::size_t bytes);

 private:
  loop::Picture picture_;  ///< what is not for the reader is taken out
  std::vector<std::string> tenants_;
  std::size_t next_ = 0;  ///< of tenants, clusters and operations, one list behind the other
};

}  // namespace esaas::api
