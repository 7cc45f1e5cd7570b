#include "reconcilers/effects/mesos/operator_client.h"

#include <deque>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "reconcilers/effects/mesos/http_transport.h"

namespace esaas::mesos {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using wire::master::Call;

}  // namespace

/// Outlives the OperatorClient for as long as a coroutine holds it; `ended_` from then on.
class OperatorClient::Impl : public std::enable_shared_from_this<OperatorClient::Impl> {
 public:
  Impl(asio::io_context& io, Leader leader, Limits limits)
      : io_(io), leader_(std::move(leader)), limits_(limits), timer_(io) {}

  void ask(Call call, Done<Response> done) {
    if (queue_.size() >= limits_.queued_max) {
      Error full{ErrorCode::kResourceExhausted, fmt::format("{} questions to the master wait already", queue_.size())};
      asio::post(io_, [self = shared_from_this(), done = std::move(done), full = std::move(full)] {
        if (!self->ended_) done(std::unexpected(full));
      });
      return;
    }
    queue_.push_back({std::move(call), std::move(done), Clock::now() + limits_.answer_timeout});
    if (std::exchange(running_, true)) return;
    asio::co_spawn(io_, run(shared_from_this()), asio::detached);
  }

  void end() {
    ended_ = true;
    queue_.clear();
    timer_.cancel();
    if (transport_) transport_->close();
  }

 private:
  struct Entry {
    Call call;
    Done<Response> done;
    Clock::time_point deadline;
  };

  static asio::awaitable<void> run(std::shared_ptr<Impl> self) {
    // Not before the question has returned: co_spawn begins at once when it runs on this thread.
    co_await asio::post(self->io_, asio::use_awaitable);
    while (!self->ended_ && !self->queue_.empty()) {
      const Entry entry = std::move(self->queue_.front());
      self->queue_.pop_front();
      auto answer = co_await self->perform(entry);
      self->timer_.cancel();
      if (self->ended_) co_return;
      if (!answer && Clock::now() >= entry.deadline) {
        answer = fail(ErrorCode::kDeadlineExceeded, Call::Type_Name(entry.call.type()) + " had no answer in time");
      }
      entry.done(answer);
    }
    self->running_ = false;
  }

  asio::awaitable<Result<Response>> perform(const Entry& entry) {
    const std::string& name = Call::Type_Name(entry.call.type());
    if (Clock::now() >= entry.deadline) {
      co_return fail(ErrorCode::kDeadlineExceeded, name + " waited too long to be sent");
    }
    const auto access = leader_();
    if (!access) co_return fail(ErrorCode::kUnavailable, name + ": no leading master is known");
    const bool same = transport_ && open_to_ == access->master && open_with_ == access->tls;
    if (!same) {
      transport_ = std::make_shared<HttpTransport>(io_, access->tls);
      open_to_ = access->master;
      open_with_ = access->tls;
    }
    arm(entry.deadline);
    const auto transport = transport_;
    if (!transport->reusable()) {
      const auto opened = co_await transport->open(access->master);
      if (!opened) co_return fail(opened.error().code, fmt::format("{}: {}", name, opened.error().detail));
    }
    auto request = make_request(operator_calls::kPath, entry.call.SerializeAsString(), access->credentials);
    const auto answer = co_await transport->exchange_whole(std::move(request), limits_.answer_bytes_max);
    if (!answer) co_return fail(answer.error().code, fmt::format("{}: {}", name, answer.error().detail));
    co_return operator_calls::read_answer(entry.call, answer->status, answer->text);
  }

  void arm(Clock::time_point deadline) {
    timer_.expires_at(deadline);
    timer_.async_wait([weak = std::weak_ptr<HttpTransport>(transport_)](const boost::system::error_code& ec) {
      if (ec) return;
      if (const auto transport = weak.lock()) transport->close();
    });
  }

  asio::io_context& io_;
  Leader leader_;
  Limits limits_;
  asio::steady_timer timer_;
  std::shared_ptr<HttpTransport> transport_;
  Endpoint open_to_;
  asio::ssl::context* open_with_ = nullptr;
  std::deque<Entry> queue_;
  bool running_ = false;
  bool ended_ = false;
};

OperatorClient::OperatorClient(asio::io_context& io, Leader leader, Limits limits)
    : impl_(std::make_shared<Impl>(io, std::move(leader), limits)) {}

OperatorClient::~OperatorClient() { impl_->end(); }

void OperatorClient::ask(Call call, Done<Response> done) { impl_->ask(std::move(call), std::move(done)); }

void OperatorClient::ask_agents(Done<Response::GetAgents> done) {
  ask(operator_calls::get_agents(), [done = std::move(done)](const Result<Response>& response) {
    if (!response) return done(std::unexpected(response.error()));
    done(response->get_agents());
  });
}

void OperatorClient::ask_quota(Done<Response::GetQuota> done) {
  ask(operator_calls::get_quota(), [done = std::move(done)](const Result<Response>& response) {
    if (!response) return done(std::unexpected(response.error()));
    done(response->get_quota());
  });
}

void OperatorClient::update_quota(wire::quota::QuotaConfig config, Done<void> done) {
  ask(operator_calls::update_quota(std::move(config)), [done = std::move(done)](const Result<Response>& response) {
    if (!response) return done(std::unexpected(response.error()));
    done({});
  });
}

}  // namespace esaas::mesos
