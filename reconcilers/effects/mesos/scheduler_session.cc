#include "reconcilers/effects/mesos/scheduler_session.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/assert.h"

namespace esaas::mesos {
namespace {

using wire::scheduler::Call;
using wire::scheduler::Event;

constexpr std::string_view kProtobuf = "application/x-protobuf";

// The master words these two ERROR events so (master.cpp at c1b42f79d1, lines 2598 and 3167); it
// sends no code.
constexpr std::string_view kRemovedText = "has been removed";
constexpr std::string_view kFailedOverText = "failed over";

// An interval outside of this is a mistake of the peer that would either drop every stream or never
// drop one.
constexpr double kHeartbeatSecondsMin = 0.1;
constexpr double kHeartbeatSecondsMax = 3600.0;

bool is_protobuf(std::string_view content_type) { return content_type.substr(0, content_type.find(';')) == kProtobuf; }

bool is_final_refusal(int status) { return status == 400 || status == 406 || status == 415; }

}  // namespace

std::string_view name_of(MasterProblem problem) {
  switch (problem) {
    case MasterProblem::kNone: return "none";
    case MasterProblem::kConnecting: return "connecting";
    case MasterProblem::kNoLeader: return "no_leading_master";
    case MasterProblem::kUnreachable: return "master_unreachable";
    case MasterProblem::kCredentialsRefused: return "credentials_refused";
    case MasterProblem::kLiveFramework: return "live_framework";
    case MasterProblem::kWrongFramework: return "wrong_framework";
  }
  ESAAS_ASSERT(false, "every MasterProblem has a name");
}

std::string_view name_of(StopReason reason) {
  switch (reason) {
    case StopReason::kRequested: return "requested";
    case StopReason::kFrameworkRemoved: return "framework_removed";
    case StopReason::kFailedOver: return "failed_over";
    case StopReason::kSubscriptionRefused: return "subscription_refused";
  }
  ESAAS_ASSERT(false, "every StopReason has a name");
}

SchedulerSession::SchedulerSession(SessionConfig config)
    : config_(std::move(config)), backoff_(config_.backoff_first, config_.backoff_longest, config_.jitter_seed) {
  ESAAS_ASSERT(config_.masters_detected == config_.masters.empty(),
               "a session is told its masters or waits for them to be detected");
}

SessionActions SchedulerSession::start(wire::FrameworkInfo info, Time now) {
  ESAAS_ASSERT(state_ == State::kIdle, "a session starts once");
  info_ = std::move(info);
  id_durable_ = info_.has_id() && !config_.takes_over;
  SessionActions actions;
  if (config_.masters.empty()) {
    state_ = State::kWaiting;
  } else {
    open(config_.masters[next_master_], now, actions);
  }
  return actions;
}

SessionActions SchedulerSession::on_leader(const std::optional<Endpoint>& leader, Time now) {
  ESAAS_ASSERT(config_.masters_detected, "a session that has a list of masters follows it");
  SessionActions actions;
  if (stopped()) return actions;
  std::vector<Endpoint> masters;
  if (leader) masters.push_back(*leader);
  if (masters == config_.masters) return actions;
  config_.masters = std::move(masters);
  next_master_ = 0;
  failed_in_round_ = 0;
  if (state_ == State::kIdle) return actions;
  if (stream_open() && leader == current_) return actions;  // a redirect was quicker
  redirects_ = 0;
  stream_id_.clear();
  backoff_.reset();
  if (stream_open()) actions.push_back(DropStream{});
  if (leader) {
    if (stream_open()) {
      actions.push_back(
          LostSubscription{fmt::format("master {} leads instead of {}", leader->to_string(), current_.to_string()),
                           MasterProblem::kConnecting});
    }
    open(*leader, now, actions);
  } else {
    actions.push_back(LostSubscription{"no master leads", MasterProblem::kNoLeader});
    state_ = State::kWaiting;
    wake_.reset();
  }
  return actions;
}

SessionActions SchedulerSession::stop() {
  SessionActions actions;
  if (!stopped()) stop_for_good(StopReason::kRequested, "stopped on request", actions);
  return actions;
}

void SchedulerSession::open(const Endpoint& master, Time now, SessionActions& actions) {
  state_ = State::kOpening;
  current_ = master;
  stream_id_.clear();
  decoder_ = RecordDecoder();
  wake_ = now + config_.subscribe_timeout;

  Call call;
  call.set_type(Call::SUBSCRIBE);
  *call.mutable_subscribe()->mutable_framework_info() = info_;
  for (auto& role : suppressed_roles()) call.mutable_subscribe()->add_suppressed_roles(std::move(role));
  if (info_.has_id()) *call.mutable_framework_id() = info_.id();
  actions.push_back(OpenStream{master, std::move(call)});
}

SessionActions SchedulerSession::on_response_head(const ResponseHead& head, Time now) {
  SessionActions actions;
  if (state_ != State::kOpening) return actions;
  if (head.status == 307) {
    redirect(head, now, actions);
  } else if (is_final_refusal(head.status)) {
    stop_for_good(StopReason::kSubscriptionRefused,
                  fmt::format("master {} refused the subscription with status {}: {}", current_.to_string(),
                              head.status, head.error_text),
                  actions);
  } else if (head.status == 401) {
    retry(fmt::format("master {} {}", current_.to_string(), credentials_text()), now, actions,
          MasterProblem::kCredentialsRefused);
  } else if (head.status != 200) {
    retry(fmt::format("master {} answered status {}: {}", current_.to_string(), head.status, head.error_text), now,
          actions);
  } else if (head.stream_id.empty()) {
    retry(fmt::format("master {} sent no Mesos-Stream-Id", current_.to_string()), now, actions);
  } else if (!is_protobuf(head.content_type)) {
    retry(fmt::format("master {} answered with content type \"{}\", not {}", current_.to_string(), head.content_type,
                      kProtobuf),
          now, actions);
  } else {
    state_ = State::kSubscribing;
    stream_id_ = head.stream_id;
  }
  return actions;
}

void SchedulerSession::redirect(const ResponseHead& head, Time now, SessionActions& actions) {
  const auto target = parse_redirect(head.location, config_.tls);
  if (!target) return retry(target.error().detail, now, actions);
  if (++redirects_ > config_.redirects_max) {
    return retry(
        fmt::format("more than {} redirects in a row, the last to {}", config_.redirects_max, target->to_string()), now,
        actions);
  }
  actions.push_back(DropStream{});
  open(*target, now, actions);
}

std::string SchedulerSession::credentials_text() const {
  if (config_.principal.empty()) return "wants credentials (status 401), and none are configured";
  return fmt::format("refuses the credentials of principal \"{}\" (status 401): unknown to it, or another secret",
                     config_.principal);
}

void SchedulerSession::retry(std::string why, Time now, SessionActions& actions, MasterProblem problem) {
  const bool was_subscribed = state_ == State::kReady || state_ == State::kUnconfirmed;
  if (stream_open()) actions.push_back(DropStream{});
  actions.push_back(LostSubscription{std::move(why), problem});
  redirects_ = 0;
  stream_id_.clear();
  next_master_ = (next_master_ + 1) % config_.masters.size();
  ++failed_in_round_;
  if (!was_subscribed && failed_in_round_ < config_.masters.size()) {
    return open(config_.masters[next_master_], now, actions);
  }
  // After a subscription that worked, all instances notice at the same moment: the jitter spreads
  // them.
  failed_in_round_ = 0;
  state_ = State::kWaiting;
  wake_ = now + backoff_.next();
}

void SchedulerSession::stop_for_good(StopReason reason, std::string why, SessionActions& actions) {
  if (stream_open()) actions.push_back(DropStream{});
  state_ = State::kStopped;
  stream_id_.clear();
  wake_.reset();
  actions.push_back(SessionStopped{reason, std::move(why)});
}

SessionActions SchedulerSession::on_connection_lost(std::string why, Time now) {
  SessionActions actions;
  if (stream_open()) retry(fmt::format("connection to master {}: {}", current_.to_string(), why), now, actions);
  return actions;
}

SessionActions SchedulerSession::on_begin_refused(MasterProblem problem, std::string why, Time now) {
  SessionActions actions;
  if (state_ == State::kOpening) {
    retry(fmt::format("master {}: {}", current_.to_string(), why), now, actions, problem);
  }
  return actions;
}

SessionActions SchedulerSession::on_call_refused(int status, std::string_view text, Time now) {
  SessionActions actions;
  if (state_ != State::kReady || (status != 403 && status != 307)) return actions;
  retry(fmt::format("master {} answered a call with status {}: {}", current_.to_string(), status, text), now, actions);
  return actions;
}

SessionActions SchedulerSession::on_time(Time now) {
  SessionActions actions;
  if (!wake_ || now < *wake_) return actions;
  switch (state_) {
    case State::kWaiting: open(config_.masters[next_master_], now, actions); break;
    case State::kOpening:
    case State::kSubscribing:
      retry(fmt::format("master {} did not confirm the subscription within {}", current_.to_string(),
                        to_text(config_.subscribe_timeout)),
            now, actions);
      break;
    case State::kUnconfirmed:
      retry(fmt::format("the framework id was not made durable within {}", to_text(config_.confirm_timeout)), now,
            actions);
      break;
    case State::kReady:
      retry(fmt::format("master {} was silent for {} heartbeats of {}", current_.to_string(),
                        config_.heartbeats_missed_max, to_text(heartbeat_)),
            now, actions);
      break;
    case State::kIdle:
    case State::kStopped: break;
  }
  return actions;
}

SessionActions SchedulerSession::on_body(std::string_view bytes, Time now) {
  SessionActions actions;
  if (state_ != State::kSubscribing && state_ != State::kUnconfirmed && state_ != State::kReady) return actions;
  last_heard_ = now;
  decoder_.feed(bytes);
  drain_records(now, actions);
  return actions;
}

void SchedulerSession::drain_records(Time now, SessionActions& actions) {
  while (state_ == State::kSubscribing || state_ == State::kReady) {
    const auto record = decoder_.next();
    if (!record) return retry(record.error().detail, now, actions);
    if (!*record) break;
    take_record(**record, now, actions);
  }
  if (state_ == State::kReady) wake_ = silence_deadline();
  if (state_ == State::kUnconfirmed && decoder_.buffered_bytes() > kRecordBytesMax) {
    retry(fmt::format("more than {} bytes of events while the framework id was not durable", kRecordBytesMax), now,
          actions);
  }
}

void SchedulerSession::take_record(const std::string& record, Time now, SessionActions& actions) {
  Event event;
  if (!event.ParsePartialFromString(record)) {
    return retry(fmt::format("a record of {} bytes is not a scheduler event", record.size()), now, actions);
  }
  if (!event.IsInitialized()) {
    actions.push_back(SkippedEvent{
        fmt::format("event of type {} lacks {}", static_cast<int>(event.type()), event.InitializationErrorString())});
    return;
  }
  if (event.type() == Event::ERROR) return take_error(event.error().message(), now, actions);
  if (event.type() == Event::HEARTBEAT) return;
  if (state_ == State::kSubscribing) {
    if (event.type() == Event::SUBSCRIBED && event.has_subscribed()) {
      return take_subscribed(event.subscribed(), now, actions);
    }
    return retry(fmt::format("event {} came before SUBSCRIBED", Event::Type_Name(event.type())), now, actions);
  }
  if (event.type() == Event::SUBSCRIBED) return retry("a second SUBSCRIBED on one stream", now, actions);
  if (event.type() == Event::UNKNOWN) {
    actions.push_back(SkippedEvent{"event of a type that this version does not know"});
    return;
  }
  actions.push_back(DeliverEvent{std::move(event)});
}

void SchedulerSession::take_subscribed(const Event::Subscribed& subscribed, Time now, SessionActions& actions) {
  const std::string& id = subscribed.framework_id().value();
  if (id.empty()) return retry("SUBSCRIBED with an empty framework id", now, actions);
  if (info_.has_id() && info_.id().value() != id) {
    return stop_for_good(StopReason::kSubscriptionRefused,
                         fmt::format("subscribed as framework {} and was answered as {}", info_.id().value(), id),
                         actions);
  }
  *info_.mutable_id() = subscribed.framework_id();
  const double seconds = subscribed.heartbeat_interval_seconds();
  const bool usable = subscribed.has_heartbeat_interval_seconds() && std::isfinite(seconds) &&
                      seconds >= kHeartbeatSecondsMin && seconds <= kHeartbeatSecondsMax;
  heartbeat_ = usable ? Duration{static_cast<Duration::rep>(seconds * 1e6)} : config_.heartbeat_default;
  backoff_.reset();
  failed_in_round_ = 0;
  redirects_ = 0;
  if (id_durable_) {
    state_ = State::kReady;
    wake_ = silence_deadline();
  } else {
    state_ = State::kUnconfirmed;
    wake_ = now + config_.confirm_timeout;
  }
  actions.push_back(SubscribedTo{subscribed, current_, !id_durable_});
}

void SchedulerSession::take_error(const std::string& message, Time now, SessionActions& actions) {
  const bool before_subscribed = state_ == State::kSubscribing;
  if (message.find(kRemovedText) != std::string::npos) {
    return stop_for_good(StopReason::kFrameworkRemoved, message, actions);
  }
  if (message.find(kFailedOverText) != std::string::npos) {
    return stop_for_good(StopReason::kFailedOver, message, actions);
  }
  if (before_subscribed) return stop_for_good(StopReason::kSubscriptionRefused, message, actions);
  retry("master sent ERROR: " + message, now, actions);
}

SessionActions SchedulerSession::confirm_framework_id_durable(Time now) {
  SessionActions actions;
  if (info_.has_id()) id_durable_ = true;
  if (state_ != State::kUnconfirmed) return actions;
  state_ = State::kReady;
  drain_records(now, actions);
  return actions;
}

void SchedulerSession::note_call(const Call& call) {
  if (call.type() == Call::SUPPRESS) {
    const auto& roles = call.suppress().roles().empty() ? info_.roles() : call.suppress().roles();
    suppressed_.insert(roles.begin(), roles.end());
  } else if (call.type() == Call::REVIVE) {
    if (call.revive().roles().empty()) suppressed_.clear();
    for (const auto& role : call.revive().roles()) suppressed_.erase(role);
  }
}

void SchedulerSession::set_framework_info(wire::FrameworkInfo info) {
  if (info_.has_id()) {
    *info.mutable_id() = info_.id();
  } else {
    info.clear_id();
  }
  info_ = std::move(info);
}

std::vector<std::string> SchedulerSession::suppressed_roles() const {
  std::vector<std::string> roles;
  for (const auto& role : suppressed_) {
    if (std::ranges::find(info_.roles(), role) != info_.roles().end()) roles.push_back(role);
  }
  return roles;
}

Time SchedulerSession::silence_deadline() const { return last_heard_ + heartbeat_ * config_.heartbeats_missed_max; }

}  // namespace esaas::mesos
