#include "reconcilers/effects/mesos/call_channel.h"

#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace esaas::mesos {
namespace {

namespace asio = boost::asio;

ErrorCode code_for(int status) {
  switch (status) {
    case 400: return ErrorCode::kInvalidArgument;
    case 401: return ErrorCode::kUnauthenticated;
    case 403: return ErrorCode::kPermissionDenied;
    case 307:
    case 429:
    case 503: return ErrorCode::kUnavailable;
    default: return ErrorCode::kInternal;
  }
}

std::string type_name(const wire::scheduler::Call& call) { return wire::scheduler::Call::Type_Name(call.type()); }

// UPDATE_FRAMEWORK is answered 200, everything else 202.
Result<void> verdict(const wire::scheduler::Call& call, const HttpAnswer& answer) {
  if (answer.status == 202 || answer.status == 200) return {};
  return fail(code_for(answer.status),
              fmt::format("{} was answered with status {}: {}", type_name(call), answer.status, answer.text));
}

}  // namespace

CallChannel::CallChannel(asio::io_context& io, const ClientConfig& config, Report report)
    : io_(io),
      credentials_(config.credentials),
      tls_(config.tls),
      queued_max_(config.calls_queued_max),
      timeout_(config.call_timeout),
      report_(std::move(report)),
      timer_(io) {}

void CallChannel::open(Endpoint master, std::string stream_id) {
  master_ = std::move(master);
  stream_id_ = std::move(stream_id);
}

void CallChannel::abandon() {
  ++generation_;
  running_ = false;
  stream_id_.clear();
  timer_.cancel();
  if (transport_) transport_->close();
  transport_.reset();
  queue_.clear();
}

void CallChannel::close(const std::string& why) {
  std::deque<Entry> failed;
  failed.swap(queue_);
  abandon();
  for (const auto& entry : failed) {
    report_(entry.call, entry.done, fail(ErrorCode::kUnavailable, fmt::format("{}: {}", type_name(entry.call), why)),
            0);
  }
}

Result<void> CallChannel::enqueue(Call call, Client::CallDone done) {
  if (stream_id_.empty()) {
    return fail(ErrorCode::kUnavailable, fmt::format("{}: not subscribed", type_name(call)));
  }
  if (queue_.size() >= queued_max_) {
    return fail(ErrorCode::kResourceExhausted,
                fmt::format("{}: {} calls are waiting already", type_name(call), queue_.size()));
  }
  queue_.push_back(Entry{std::move(call), std::move(done), Clock::now() + timeout_});
  if (!running_) {
    running_ = true;
    asio::co_spawn(io_, run(shared_from_this(), generation_), asio::detached);
  }
  return {};
}

asio::awaitable<void> CallChannel::run(std::shared_ptr<CallChannel> self, std::uint64_t generation) {
  while (self->generation_ == generation && !self->queue_.empty()) {
    const Entry& front = self->queue_.front();
    if (Clock::now() >= front.deadline) {
      self->finish_front(fail(ErrorCode::kDeadlineExceeded, type_name(front.call) + " waited too long to be sent"), 0);
      continue;
    }
    if (!self->transport_) self->transport_ = std::make_shared<HttpTransport>(self->io_, self->tls_);
    self->arm(front.deadline);
    auto request = make_request(front.call, self->stream_id_, self->credentials_);
    const auto answer = co_await self->perform(self->transport_, std::move(request));
    if (self->generation_ != generation) co_return;
    self->timer_.cancel();
    const Entry& sent = self->queue_.front();
    if (answer) {
      self->finish_front(verdict(sent.call, *answer), answer->status);
    } else if (Clock::now() >= sent.deadline) {
      self->finish_front(fail(ErrorCode::kDeadlineExceeded, type_name(sent.call) + " had no answer in time"), 0);
    } else {
      self->finish_front(fail(answer.error().code, fmt::format("{}: {}", type_name(sent.call), answer.error().detail)),
                         0);
    }
  }
  if (self->generation_ == generation) self->running_ = false;
}

asio::awaitable<Result<HttpAnswer>> CallChannel::perform(std::shared_ptr<HttpTransport> transport,
                                                         HttpRequest request) {
  if (!transport->reusable()) {
    auto opened = co_await transport->open(master_);
    if (!opened) co_return std::unexpected(opened.error());
  }
  co_return co_await transport->exchange(std::move(request));
}

void CallChannel::arm(Clock::time_point deadline) {
  timer_.expires_at(deadline);
  timer_.async_wait([weak = std::weak_ptr<HttpTransport>(transport_)](const boost::system::error_code& ec) {
    if (ec) return;
    if (const auto transport = weak.lock()) transport->close();
  });
}

void CallChannel::finish_front(const Result<void>& result, int status) {
  // Taken out first: the report may close the channel or send more.
  const Entry entry = std::move(queue_.front());
  queue_.pop_front();
  report_(entry.call, entry.done, result, status);
}

}  // namespace esaas::mesos
