#include "reconcilers/effects/mesos/client.h"

#include <algorithm>
#include <deque>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/base/time.h"
#include "reconcilers/effects/mesos/call_channel.h"
#include "reconcilers/effects/mesos/calls.h"
#include "reconcilers/effects/mesos/http_transport.h"
#include "reconcilers/effects/mesos/live_framework.h"
#include "reconcilers/effects/mesos/operator_calls.h"

namespace esaas::mesos {
namespace {

namespace asio = boost::asio;

SessionConfig session_config(const ClientConfig& config) {
  SessionConfig session = config.session.value_or(SessionConfig{});
  session.masters = config.masters;
  session.masters_detected = config.zookeeper.has_value();
  if (config.credentials) session.principal = config.credentials->principal;
  session.tls = config.tls != nullptr;
  session.takes_over = config.takes_over;
  session.jitter_seed = config.jitter_seed;
  return session;
}

constexpr std::size_t kFrameworksBytesMax = std::size_t{64} << 20;

/// The master does not answer this question, to us or to anybody, and would not if it were asked again.
bool is_not_answered(int status) {
  return status == 400 || status == 403 || status == 404 || status == 405 || status == 406 || status == 415 ||
         status == 501;
}

// Deadlines must not jump with the wall clock, so the session's `now` is the start of the process
// plus steady time.
Time steady_now() {
  static const auto kSteadyStart = std::chrono::steady_clock::now();
  static const auto kStart = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  return kStart + std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - kSteadyStart);
}

}  // namespace

/// Outlives the Client for as long as a coroutine holds it; `handler_` is null from then on.
class Client::Impl : public std::enable_shared_from_this<Client::Impl>, public ZookeeperDetector::Handler {
 public:
  Impl(asio::io_context& io, ClientConfig config, Client::Handler& handler)
      : io_(io), config_(std::move(config)), handler_(&handler), session_(session_config(config_)), timer_(io) {}

  void start(wire::FrameworkInfo info) {
    channel_ = std::make_shared<CallChannel>(
        io_, config_,
        [weak = weak_from_this()](const Call& call, const CallDone& done, const Result<void>& result, int status) {
          if (const auto self = weak.lock()) self->on_call_answered(call, done, result, status);
        });
    enqueue(session_.start(std::move(info), steady_now()));
    if (config_.zookeeper) detector_.emplace(io_, *config_.zookeeper, *this);
    post_pump();
  }

  void confirm() {
    enqueue(session_.confirm_framework_id_durable(steady_now()));
    if (session_.ready()) channel_->open(session_.master(), session_.stream_id());
    post_pump();
  }

  void stop() {
    enqueue(session_.stop());
    post_pump();
  }

  void send(Call call, CallDone done) {
    session_.note_call(call);
    *call.mutable_framework_id() = session_.framework_info().id();
    if (!channel_) return post_failure(std::move(call), std::move(done), not_started());
    if (auto taken = channel_->enqueue(call, done); !taken) {
      post_failure(std::move(call), std::move(done), std::move(taken).error());
    }
  }

  void update_framework_info(wire::FrameworkInfo info, CallDone done) {
    session_.set_framework_info(std::move(info));
    if (!session_.ready()) {
      return asio::post(io_, [self = shared_from_this(), done = std::move(done)] { self->report({}, done, {}); });
    }
    send(calls::update_framework(session_.framework_info(), session_.suppressed_roles()), std::move(done));
  }

  /// The owner is gone: nothing is called any more.
  void detach() {
    handler_ = nullptr;
    detector_.reset();
    pending_.clear();
    ++stream_generation_;
    timer_.cancel();
    if (stream_) stream_->close();
    if (channel_) channel_->abandon();
  }

  bool ready() const { return session_.ready(); }

  MasterProblem problem() const { return session_.ready() ? MasterProblem::kNone : problem_; }

  std::optional<MasterAccess> leading_master() const {
    if (!session_.ready()) return std::nullopt;
    return MasterAccess{session_.master(), config_.credentials, config_.tls};
  }

  std::size_t calls_pending() const { return channel_ ? channel_->depth() : 0; }

 private:
  static Error not_started() { return Error{ErrorCode::kUnavailable, "the Mesos client has not been started"}; }

  void enqueue(SessionActions actions) {
    for (auto& action : actions) pending_.push_back(std::move(action));
  }

  void feed(SessionActions actions) {
    enqueue(std::move(actions));
    pump();
  }

  void post_pump() {
    asio::post(io_, [self = shared_from_this()] { self->pump(); });
  }

  void post_failure(Call call, CallDone done, Error error) {
    asio::post(io_, [self = shared_from_this(), call = std::move(call), done = std::move(done),
                     error = std::move(error)] { self->report(call, done, std::unexpected(error)); });
  }

  // ---- ZookeeperDetector::Handler ----

  void leader_changed(const std::optional<MasterInfo>& leader) override {
    const auto self = shared_from_this();  // a handler may destroy the client
    std::optional<Endpoint> endpoint;
    if (leader) endpoint = leader->endpoint(config_.tls != nullptr);
    if (!leader) problem_ = MasterProblem::kNoLeader;
    enqueue(session_.on_leader(endpoint, steady_now()));
    handler_->master_note(fmt::format("{} names {} as the leading master", config_.zookeeper->group.to_string(),
                                      endpoint ? endpoint->to_string() : "nobody"));
    pump();
  }

  void detector_note(const std::string& text) override { handler_->master_note(text); }

  void zookeeper_answers(bool answers) override {
    if (answers) handler_->master_note(fmt::format("{} answers", config_.zookeeper->group.to_string()));
  }

  // Actions go out in order even when carrying one out produces more.
  void pump() {
    if (pumping_) return;
    pumping_ = true;
    while (handler_ != nullptr && !pending_.empty()) {
      const SessionAction action = std::move(pending_.front());
      pending_.pop_front();
      std::visit([this](const auto& what) { carry_out(what); }, action);
    }
    pumping_ = false;
    if (handler_ != nullptr) arm();
  }

  void arm() {
    const auto wake = session_.next_wake();
    if (!wake) {
      timer_.cancel();
      return;
    }
    timer_.expires_after(std::max(Duration::zero(), *wake - steady_now()));
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& ec) {
      if (ec) return;
      if (const auto self = weak.lock(); self && self->handler_ != nullptr)
        self->feed(self->session_.on_time(steady_now()));
    });
  }

  void carry_out(const OpenStream& what) {
    if (problem_ == MasterProblem::kNoLeader) problem_ = MasterProblem::kConnecting;
    asio::co_spawn(io_, run_stream(shared_from_this(), ++stream_generation_, what), asio::detached);
  }

  void carry_out(const DropStream&) {
    ++stream_generation_;
    if (stream_) stream_->close();
    stream_.reset();
    channel_->close("the subscription ended");
  }

  void carry_out(const SubscribedTo& what) {
    begun_ = true;
    refusal_told_ = MasterProblem::kNone;
    problem_ = MasterProblem::kConnecting;  // until the id is durable
    if (!what.confirmation_needed && session_.ready()) channel_->open(session_.master(), session_.stream_id());
    handler_->subscribed(what.event, what.confirmation_needed);
  }

  void carry_out(const DeliverEvent& what) { handler_->event(what.event); }
  void carry_out(const SkippedEvent& what) { handler_->event_skipped(what.why); }
  void carry_out(const LostSubscription& what) {
    problem_ = what.problem;
    // Once, and not with each attempt of each master: they are the same credentials.
    const bool is_refusal = what.problem == MasterProblem::kCredentialsRefused ||
                            what.problem == MasterProblem::kLiveFramework ||
                            what.problem == MasterProblem::kWrongFramework;
    if (is_refusal && std::exchange(refusal_told_, what.problem) == what.problem) return;
    handler_->disconnected(what.why);
  }
  void carry_out(const SessionStopped& what) { handler_->stopped(what.reason, what.why); }

  void on_call_answered(const Call& call, const CallDone& done, const Result<void>& result, int status) {
    report(call, done, result);
    if (handler_ == nullptr || result) return;
    feed(session_.on_call_refused(status, result.error().detail, steady_now()));
  }

  void report(const Call& call, const CallDone& done, const Result<void>& result) {
    if (handler_ == nullptr) return;
    if (done) {
      done(call, result);
    } else if (!result) {
      handler_->call_failed(call, result.error());
    }
  }

  bool current(std::uint64_t generation) const { return handler_ != nullptr && generation == stream_generation_; }

  /// A transport for the stream, or for what is asked before it; DropStream closes it.
  std::shared_ptr<HttpTransport> renew_transport() {
    if (stream_) stream_->close();
    return stream_ = std::make_shared<HttpTransport>(io_, config_.tls);
  }

  /// False: the session has been told why the master is not subscribed to now, or is past this attempt.
  static asio::awaitable<bool> may_begin(std::shared_ptr<Impl> self, std::uint64_t generation, OpenStream what) {
    const auto transport = self->renew_transport();
    const auto opened = co_await transport->open(what.master);
    if (!self->current(generation)) co_return false;
    if (!opened) {
      self->feed(self->session_.on_connection_lost(opened.error().detail, steady_now()));
      co_return false;
    }
    const auto call = operator_calls::get_frameworks();
    auto request = make_request(operator_calls::kPath, call.SerializeAsString(), self->config_.credentials);
    const auto answer = co_await transport->exchange_whole(std::move(request), kFrameworksBytesMax);
    if (!self->current(generation)) co_return false;
    if (!answer) {
      self->feed(self->session_.on_connection_lost(answer.error().detail, steady_now()));
      co_return false;
    }
    co_return self->judge_frameworks(what, operator_calls::read_answer(call, answer->status, answer->text),
                                     answer->status);
  }

  bool judge_frameworks(const OpenStream& what, const Result<wire::master::Response>& answer, int status) {
    if (answer) {
      const auto& ours = what.subscribe.subscribe().framework_info();
      const auto& frameworks = answer->get_frameworks();
      if (ours.has_id()) {
        const auto why = why_not_taken_over(ours, frameworks);
        if (!why) return true;
        feed(session_.on_begin_refused(MasterProblem::kWrongFramework, *why, steady_now()));
        return false;
      }
      const auto live = live_framework_like(ours, frameworks);
      if (!live) return true;
      feed(session_.on_begin_refused(MasterProblem::kLiveFramework, why_not_beside(*live, ours), steady_now()));
      return false;
    }
    if (is_not_answered(status)) {
      handler_->master_note(fmt::format("{} can not be told: {}",
                                        what.subscribe.has_framework_id()
                                            ? "whether the framework to take over is ours"
                                            : "whether an earlier framework has live tasks",
                                        answer.error().detail));
      return true;
    }
    if (status == 307) return true;  // so is SUBSCRIBE, and the leader is asked anew
    ResponseHead refusal;
    refusal.status = status;
    refusal.error_text = answer.error().detail;
    feed(session_.on_response_head(refusal, steady_now()));
    return false;
  }

  static asio::awaitable<void> run_stream(std::shared_ptr<Impl> self, std::uint64_t generation, OpenStream what) {
    const bool is_new = !what.subscribe.has_framework_id();
    const bool asks_first = is_new ? self->config_.refuses_beside_live_tasks : self->config_.takes_over;
    if (asks_first && !self->begun_) {
      const bool begins = co_await may_begin(self, generation, what);
      if (!begins) co_return;
    }
    const auto transport = self->renew_transport();
    const auto opened = co_await transport->open(what.master);
    if (!self->current(generation)) co_return;
    if (!opened) co_return self->feed(self->session_.on_connection_lost(opened.error().detail, steady_now()));

    auto request = make_request(what.subscribe, {}, self->config_.credentials);
    const auto head = co_await transport->open_stream(std::move(request));
    if (!self->current(generation)) co_return;
    if (!head) co_return self->feed(self->session_.on_connection_lost(head.error().detail, steady_now()));
    self->feed(self->session_.on_response_head(*head, steady_now()));

    while (self->current(generation)) {
      const auto bytes = co_await transport->read_some();
      if (!self->current(generation)) co_return;
      if (!bytes) co_return self->feed(self->session_.on_connection_lost(bytes.error().detail, steady_now()));
      self->feed(self->session_.on_body(*bytes, steady_now()));
    }
  }

  asio::io_context& io_;
  ClientConfig config_;
  Client::Handler* handler_;
  SchedulerSession session_;
  MasterProblem problem_ = config_.zookeeper ? MasterProblem::kNoLeader : MasterProblem::kConnecting;
  MasterProblem refusal_told_ = MasterProblem::kNone;
  std::optional<ZookeeperDetector> detector_;
  asio::steady_timer timer_;
  std::shared_ptr<CallChannel> channel_;
  std::shared_ptr<HttpTransport> stream_;
  std::uint64_t stream_generation_ = 0;
  std::deque<SessionAction> pending_;
  bool pumping_ = false;
  bool begun_ = false;  ///< a first subscription worked: what comes after it goes on
};

Client::Client(asio::io_context& io, ClientConfig config, Handler& handler)
    : impl_(std::make_shared<Impl>(io, std::move(config), handler)) {}

Client::~Client() { impl_->detach(); }

void Client::start(wire::FrameworkInfo info) { impl_->start(std::move(info)); }
void Client::confirm_framework_id_durable() { impl_->confirm(); }
void Client::send(Call call, CallDone done) { impl_->send(std::move(call), std::move(done)); }
void Client::update_framework_info(wire::FrameworkInfo info, CallDone done) {
  impl_->update_framework_info(std::move(info), std::move(done));
}
void Client::stop() { impl_->stop(); }
bool Client::ready() const { return impl_->ready(); }
MasterProblem Client::problem() const { return impl_->problem(); }
std::optional<MasterAccess> Client::leading_master() const { return impl_->leading_master(); }
std::size_t Client::calls_pending() const { return impl_->calls_pending(); }

}  // namespace esaas::mesos
