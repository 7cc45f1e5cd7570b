#include "api/routes/event_routes.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "api/auth/token.h"
#include "api/routes/event_stream.h"
#include "api/routes/past_call.h"
#include "api/routes/query.h"
#include "core/events/event_kind.h"
#include "store/log/event_log.h"

namespace esaas::api {
namespace {

/// The seq that the reader has seen last. Last-Event-ID, which a browser sends when it connects again, wins.
Result<std::uint64_t> read_position(const Call& call, Query& query) {
  const auto last = call.foundation.log.last_seq();
  // Without `from` the stream begins with what happens next (or behind the snapshot, which is not older than `last`).
  // In the past nothing happens next: there it begins with the first event.
  const auto from = query.number("from", 1, UINT64_MAX, is_of_the_past(call) ? 1 : last + 1);
  const auto& id = call.request().last_event_id;
  std::uint64_t seq = from - 1;
  if (!id.empty()) {
    const auto* end = id.data() + id.size();
    const auto parsed = std::from_chars(id.data(), end, seq);
    if (parsed.ec != std::errc{} || parsed.ptr != end) {
      return fail(ErrorCode::kInvalidArgument, "Last-Event-ID is not a seq", "Last-Event-ID", "seq");
    }
  }
  if (seq > last) {
    return fail(
        ErrorCode::kInvalidArgument,
        "from: the log ends at " + std::to_string(last) + "; the next event will be " + std::to_string(last + 1),
        "from", "within_the_log");
  }
  return seq;
}

Result<http::Response> stream_events(Call& call) {
  Query query(call.target);
  EventFilter filter;
  filter.tenant = query.text("tenant");
  filter.cluster = query.text("cluster");
  filter.kind = query.text("kind");
  const bool snapshot = query.flag("snapshot");
  const auto is_from = [](const auto& parameter) { return parameter.first == "from"; };
  if (snapshot && std::ranges::any_of(call.target.query, is_from)) {
    return fail(ErrorCode::kInvalidArgument, "from: the snapshot says where the events begin", "from", "snapshot");
  }
  const auto after_seq = read_position(call, query);
  ESAAS_CHECK(query.done());
  if (!after_seq) return std::unexpected(after_seq.error());
  if (!filter.kind.empty() && !event::is_kind(filter.kind)) {
    return fail(ErrorCode::kInvalidArgument, "kind: there is no event " + filter.kind, "kind", "known_kind");
  }
  http::Response response;
  if (is_of_the_past(call) && !call.request().last_event_id.empty() && *after_seq == call.foundation.log.last_seq()) {
    response.status = 204;  // a browser that has seen it all comes back no more
    response.content_type = {};
    return response;
  }
  ESAAS_TRY(auto hash, auth::hash_of_bearer(call.request().authorization));
  response.content_type = "text/event-stream";
  response.headers.emplace_back("X-Accel-Buffering", "no");
  // Who comes back with an id had the snapshot before.
  const bool begins_with_snapshot = snapshot && call.request().last_event_id.empty();
  response.stream = begins_with_snapshot
                        ? std::make_unique<EventStream>(call, std::move(filter), std::move(hash))
                        : std::make_unique<EventStream>(call, std::move(filter), *after_seq, std::move(hash));
  return response;
}

constexpr std::array kRoutes{Route{http::Verb::kGet, "/v1/events", auth::kReaders, &stream_events, kTakesAt}};

}  // namespace

std::span<const Route> event_routes() { return kRoutes; }

}  // namespace esaas::api
