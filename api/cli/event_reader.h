#pragma once
// Reading server-sent events: bytes in any pieces to events; and following a stream across broken connections.

#include <functional>
#include <string>
#include <string_view>

#include "api/cli/session.h"

namespace esaas::api::cli {

/// Takes the lines of text/event-stream apart. Not thread-safe.
class EventParser {
 public:
  struct Event {
    std::string id;  ///< the last one that was told
    std::string kind;
    std::string data;
  };

  /// Calls `take` for each event that these bytes complete. False: `take` wants no more.
  bool feed(std::string_view bytes, const std::function<bool(const Event&)>& take);
  /// The id to resume after; empty before any.
  [[nodiscard]] const std::string& last_id() const { return last_id_; }
  /// A connection ended: half an event is forgotten.
  void reset();

 private:
  void line(std::string_view text);

  std::string rest_;
  Event event_;
  std::string last_id_;
};

struct Follow {
  std::string target;          ///< of the stream, with its filters
  std::uint64_t from_seq = 0;  ///< 0: what happens next
  bool snapshot = false;       ///< the fleet as it is first, then what happens next
};

/// Prints events, one a line, until it is interrupted or refused; as of `session.at`, up to that moment. Connects again
/// after the last one that was seen. The lines of a snapshot are printed when all of it is there, so that no connection
/// that breaks leaves half of one.
int follow_events(const Session& session, const Follow& follow);

}  // namespace esaas::api::cli
