#include "api/routes/event_stream.h"

#include <boost/json/serialize.hpp>

#include "api/auth/token.h"
#include "api/http/co_try.h"
#include "api/routes/event_feed.h"
#include "api/routes/past_call.h"
#include "api/routes/present.h"
#include "api/routes/read_pool.h"
#include "core/events/event_kind.h"
#include "store/log/event_log.h"
#include "store/views/event_reader.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;

void append_event(const event::Event& event, std::string& text) {
  text.append("id: ").append(std::to_string(event.seq()));
  text.append("\nevent: ").append(event::kind_of(event));
  // JSON text has no line break, so one data line holds it all.
  text.append("\ndata: ").append(boost::json::serialize(present(event))).append("\n\n");
}

std::string id_alone(std::uint64_t seq, std::string_view comment) {
  return "id: " + std::to_string(seq) + "\n: " + std::string(comment) + "\n\n";
}

}  // namespace

EventStream::EventStream(const Call& call, EventFilter filter, std::uint64_t after_seq, std::string token_hash)
    : foundation_(call.foundation),
      exchange_(call.exchange),
      scope_(std::make_shared<const Scope>(Scope{std::move(filter), call.caller})),
      token_hash_(std::move(token_hash)),
      seq_(after_seq),
      is_of_the_past_(is_of_the_past(call)) {}

EventStream::EventStream(const Call& call, EventFilter filter, std::string token_hash)
    : EventStream(call, std::move(filter), 0, std::move(token_hash)) {
  snapshot_.emplace(foundation_.front.picture(), scope_->filter, scope_->caller);
  seq_ = snapshot_->seq();
}

EventStream::~EventStream() { foundation_.feed.forget(this); }

bool EventStream::is_wanted(const event::Event& event, const Scope& scope) {
  const auto& filter = scope.filter;
  return auth::may_see(scope.caller, event.tenant()) && (filter.tenant.empty() || event.tenant() == filter.tenant) &&
         (filter.cluster.empty() || event.cluster() == filter.cluster) &&
         (filter.kind.empty() || event::kind_of(event) == filter.kind);
}

Result<EventStream::Read> EventStream::read_piece(const store::EventLog& log, const Scope& scope,
                                                  std::uint64_t after_seq) {
  Read read;
  const std::string& tenant = scope.filter.tenant.empty() ? scope.caller.tenant : scope.filter.tenant;
  const store::EventFilter filter{.tenant = tenant, .cluster = scope.filter.cluster};
  const auto take = [&](const event::Event& event) {
    if (is_wanted(event, scope)) append_event(event, read.text);
    return read.text.size() < kPieceBytes;
  };
  ESAAS_TRY(read.seq, store::read_events(log, after_seq, filter, kPieceEventsMax, take));
  return read;
}

asio::awaitable<Result<bool>> EventStream::next(std::string& piece) {
  if (!begun_) {
    begun_ = true;
    piece = "retry: 1000\n\n";
    co_return true;
  }
  while (!exchange_->stopping() && !ended_) {
    if (!is_of_the_past_) {
      ESAAS_CO_CHECK(
          auth::authenticate_hash(foundation_.front, token_hash_, exchange_->peer_address, foundation_.now()));
    }
    if (snapshot_) {
      if (!snapshot_->append_piece(piece, kPieceBytes)) snapshot_.reset();
      co_return true;
    }
    // An id moves a reader whose filter let nothing through, so that it resumes from here.
    if (is_of_the_past_ && seq_ >= foundation_.log.last_seq()) {
      piece = id_alone(seq_, "the end");
      ended_ = true;
      co_return true;
    }
    if (!is_of_the_past_ && foundation_.feed.wake_after(seq_, this, exchange_->begin_wait())) {
      const bool woken = co_await exchange_->wait(foundation_.limits.heartbeat_interval, http::Exchange::OnStop::kEnd);
      if (!woken && !exchange_->stopping()) {
        piece = id_alone(seq_, "heartbeat");
        co_return true;
      }
      continue;
    }
    std::function<Result<Read>()> read_next = [&log = foundation_.log, scope = scope_, seq = seq_] {
      return read_piece(log, *scope, seq);
    };
    ESAAS_CO_TRY(auto read, co_await foundation_.reads.run<Read>(exchange_, std::move(read_next)));
    seq_ = read.seq;
    if (!read.text.empty()) {
      piece = std::move(read.text);
      co_return true;
    }
  }
  co_return false;
}

}  // namespace esaas::api
