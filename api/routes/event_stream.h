#pragma once
// EventStream: one reader of /v1/events. It remembers a seq and nothing else; each piece is read from the log when the
// piece before has been written, so that a slow reader costs one piece of memory however far it is behind; one that
// takes none for Limits::write_timeout is cut off, and there are Limits::streams_max readers at most. The reader's
// token is checked again with every piece: a revoked token ends the stream.
//
// One that asks for a snapshot gets the objects of the fleet first, as they are at one durable seq, and then the events
// behind that seq. Meanwhile it holds on to those objects (event_snapshot.h).
//
// As of a moment of the past the stream ends with that moment's last event, whose id is told also when the event is not
// for the reader: so its token is looked at once, as for every other read.

#include <memory>
#include <optional>
#include <string>

#include "api/http/exchange.h"
#include "api/http/response.h"
#include "api/routes/call.h"
#include "api/routes/event_snapshot.h"
#include "core/events/event.pb.h"

namespace esaas::api {

class EventStream final : public http::BodyStream {
 public:
  /// Begins with the first event after `after_seq`.
  EventStream(const Call& call, EventFilter filter, std::uint64_t after_seq, std::string token_hash);
  /// Begins with a snapshot.
  EventStream(const Call& call, EventFilter filter, std::string token_hash);
  ~EventStream() override;

  boost::asio::awaitable<Result<bool>> next(std::string& piece) override;

  /// What one piece holds at most: events that its filter is held against, and bytes after which it ends.
  static constexpr std::size_t kPieceEventsMax = 512;
  static constexpr std::size_t kPieceBytes = 64 * 1024;

 private:
  struct Read {
    std::string text;
    std::uint64_t seq = 0;  ///< what is not behind it was read, or is not wanted
  };
  /// Who reads what. Shared, because a read on the pool that took too long outlives its stream.
  struct Scope {
    EventFilter filter;
    command::Caller caller;
  };
  static bool is_wanted(const event::Event& event, const Scope& scope);
  static Result<Read> read_piece(const store::EventLog& log, const Scope& scope, std::uint64_t after_seq);

  const Foundation& foundation_;
  std::shared_ptr<http::Exchange> exchange_;
  const std::shared_ptr<const Scope> scope_;
  const std::string token_hash_;
  std::uint64_t seq_;
  std::optional<EventSnapshot> snapshot_;  ///< while it is not sent
  const bool is_of_the_past_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace esaas::api
