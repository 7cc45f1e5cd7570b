#include "tests/simulation/mesos_link.h"

#include <fmt/format.h>

#include <algorithm>

#include "reconcilers/effects/mesos/calls.h"
#include "reconcilers/effects/mesos/operator_calls.h"
#include "reconcilers/effects/mesos/resources.h"

namespace esaas::simulation {
namespace {

/// When a master has noticed at the latest that a connection is no more.
constexpr Duration kConnectionNoticed = std::chrono::seconds{30};

using std::chrono::milliseconds;
using std::chrono::seconds;

mesos::wire::FrameworkInfo info_of(const std::string& id, const std::vector<std::string>& roles) {
  mesos::FrameworkSpec spec;
  spec.user = "esaas";
  spec.principal = "esaas";
  spec.roles = roles;
  spec.id = id;
  return mesos::framework_info(spec);
}

}  // namespace

MesosLink::MesosLink(test::SimulationClock& clock, test::Prng prng, MesosSide& mesos, Journal& journal, Hooks hooks)
    : clock_(clock), prng_(prng), mesos_(mesos), journal_(journal), hooks_(std::move(hooks)) {
  mesos_.on_event([this](embedded::StreamEvent event) { take(std::move(event)); });
  mesos_.on_closed([this](const embedded::StreamId& stream) {
    if (stream_ == stream && !broken_) {
      broken_ = true;
      clock_.after(latency(), [this, connection = connection_] {
        if (connection == connection_) lost();
      });
    }
  });
}

void MesosLink::start(const std::string& framework_id, const std::vector<std::string>& roles) {
  started_ = true;
  framework_id_ = framework_id;
  roles_ = roles;
  subscribe_later();
}

void MesosLink::subscribe_later() {
  clock_.after(prng_.between(milliseconds{50}, seconds{2}), [this, connection = connection_] {
    if (connection == connection_ && started_ && !stopped_ && !stream_) subscribe();
  });
}

void MesosLink::subscribe() {
  if (!mesos_.master_up()) return subscribe_later();
  Call call;
  call.set_type(Call::SUBSCRIBE);
  *call.mutable_subscribe()->mutable_framework_info() = info_of(framework_id_, roles_);
  if (!framework_id_.empty()) call.mutable_framework_id()->set_value(framework_id_);
  for (const std::string& role : suppressed_) {
    if (std::ranges::find(roles_, role) != roles_.end()) call.mutable_subscribe()->add_suppressed_roles(role);
  }
  ++connection_;
  broken_ = false;
  delivered_until_.clear();
  calls_until_ = clock_.now();
  const auto answer = mesos_.model().subscribe(call, {}, clock_.now());
  if (answer.status != 200) {
    journal_.violate(fmt::format("SUBSCRIBE was answered {} {}", answer.status, answer.text));
    return;
  }
  stream_ = answer.stream;
  mesos_.pump();
}

void MesosLink::confirm() {
  unconfirmed_ = false;
  for (const Event& event : std::exchange(held_, {})) hand_over(event);
}

void MesosLink::send(Call call) {
  hooks_.check_call(call);
  const bool is_about_offers = call.type() == Call::DECLINE || call.type() == Call::SUPPRESS ||
                               call.type() == Call::REVIVE || call.type() == Call::ACCEPT;
  if (journal_.verbose() && is_about_offers) {
    journal_.note((stream_ && !unconfirmed_ ? "call " : "call to nobody ") + call.ShortDebugString().substr(0, 300));
  }
  if (!stream_ || unconfirmed_) return;
  note_suppression(call);
  call.mutable_framework_id()->set_value(framework_id_);
  calls_until_ = std::max(calls_until_, clock_.now() + latency());
  clock_.at(calls_until_, [this, connection = connection_, call = std::move(call)] {
    if (connection == connection_ && !broken_) arrive(call);
  });
}

void MesosLink::operate(mesos::wire::master::Call call,
                        std::function<void(loop::Controller&, Result<Response>&)> answer) {
  clock_.after(latency(), [this, process = process_, call = std::move(call), answer = std::move(answer)] {
    Result<Response> response = fail(ErrorCode::kUnavailable, "no master answers");
    if (mesos_.master_up() && !broken_) {
      response = mesos_.model().operate(call, clock_.now());
      mesos_.pump();
    }
    clock_.after(latency(), [this, process, answer, response = std::move(response)]() mutable {
      if (process != process_) return;  // nobody is left who asked
      hooks_.to_controller([&](loop::Controller& controller) { answer(controller, response); });
    });
  });
}

void MesosLink::ask_agents() {
  operate(mesos::operator_calls::get_agents(), [this](loop::Controller& controller, Result<Response>& response) {
    Result<Response::GetAgents> agents = std::unexpected(Error{});
    if (response) {
      agents = std::move(*response->mutable_get_agents());
    } else {
      agents = std::unexpected(response.error());
    }
    controller.agents_answered(agents, clock_.now());
  });
}

void MesosLink::update_quota(const std::string& tenant, std::uint64_t seq,
                             const mesos::wire::quota::QuotaConfig& config) {
  operate(mesos::operator_calls::update_quota(config),
          [this, tenant, seq](loop::Controller& controller, Result<Response>& response) {
            Result<void> outcome;
            if (!response) outcome = std::unexpected(response.error());
            controller.quota_answered(tenant, seq, outcome, clock_.now());
          });
}

void MesosLink::ask_quotas() {
  operate(mesos::operator_calls::get_quota(), [this](loop::Controller& controller, Result<Response>& response) {
    Result<Response::GetQuota> quotas = std::unexpected(Error{});
    if (response) {
      quotas = std::move(*response->mutable_get_quota());
    } else {
      quotas = std::unexpected(response.error());
    }
    controller.quotas_answered(quotas, clock_.now());
  });
}

void MesosLink::arrive(const Call& call) {
  const auto answer = mesos_.model().call(call, *stream_, {}, clock_.now());
  const int expected = call.type() == Call::UPDATE_FRAMEWORK ? 200 : 202;
  if (answer.status != expected) {
    journal_.violate(fmt::format("the master answered {} \"{}\" to {}", answer.status, answer.text,
                                 call.ShortDebugString().substr(0, 400)));
  }
  mesos_.pump();
}

/// SUBSCRIBE and UPDATE_FRAMEWORK replace the set of suppressed roles, so it is remembered here.
void MesosLink::note_suppression(const Call& call) {
  if (call.type() == Call::SUPPRESS) {
    suppressed_.insert(call.suppress().roles().begin(), call.suppress().roles().end());
  }
  if (call.type() == Call::REVIVE) {
    for (const auto& role : call.revive().roles()) suppressed_.erase(role);
    if (call.revive().roles().empty()) suppressed_.clear();
  }
}

void MesosLink::set_roles(const std::vector<std::string>& roles) {
  roles_ = roles;
  if (!stream_) return;
  std::vector<std::string> suppressed(suppressed_.begin(), suppressed_.end());
  send(mesos::calls::update_framework(info_of(framework_id_, roles_), suppressed));
}

void MesosLink::process_ended() {
  ++process_;
  // The master learns of it at once, or a while later: most often not before the next subscription.
  if (stream_ && !broken_) {
    if (prng_.chance(2, 3)) {
      mesos_.model().disconnect(*stream_, clock_.now());
    } else {
      clock_.after(kConnectionNoticed, [this, stream = *stream_] {
        mesos_.model().disconnect(stream, clock_.now());
        mesos_.pump();
      });
    }
  }
  stream_.reset();
  held_.clear();
  suppressed_.clear();
  started_ = stopped_ = unconfirmed_ = false;
  ++connection_;
  mesos_.pump();
}

void MesosLink::break_connection(Duration unnoticed) {
  if (!stream_ || broken_) return;
  broken_ = true;
  mesos_.model().disconnect(*stream_, clock_.now());
  mesos_.pump();
  clock_.after(unnoticed, [this, connection = connection_] {
    if (connection == connection_) lost();
  });
}

void MesosLink::lost() {
  ++connection_;
  stream_.reset();
  held_.clear();
  unconfirmed_ = false;
  hooks_.to_controller([](loop::Controller& controller) { controller.mesos_disconnected(); });
  subscribe_later();
}

void MesosLink::take(embedded::StreamEvent event) {
  if (stream_ != event.stream || broken_) return;
  hooks_.seen(event.event);
  deliver_later(std::move(event.event));
}

std::string MesosLink::channel_of(const Event& event) {
  switch (event.type()) {
    case Event::UPDATE: return "agent " + event.update().status().agent_id().value();
    case Event::UPDATE_OPERATION_STATUS: return "agent " + event.update_operation_status().status().agent_id().value();
    case Event::FAILURE: return "failure";
    default: return "master";
  }
}

Duration MesosLink::latency() {
  if (rough_ && prng_.chance(1, 8)) return prng_.between(milliseconds{100}, seconds{3});
  return prng_.between(milliseconds{1}, milliseconds{20});
}

void MesosLink::deliver_later(Event event) {
  const bool repeatable = event.type() == Event::UPDATE || event.type() == Event::UPDATE_OPERATION_STATUS;
  const bool first = event.type() == Event::SUBSCRIBED;
  Time& until = delivered_until_[channel_of(event)];
  until = std::max({until, delivered_until_["subscribed"], clock_.now() + latency()});
  if (first) delivered_until_["subscribed"] = until;
  const auto deliver_at = [&](Time when) {
    clock_.at(when, [this, connection = connection_, event] {
      if (connection == connection_) deliver(event);
    });
  };
  deliver_at(until);
  if (repeatable && rough_ && prng_.chance(1, 6)) {
    until += latency();
    deliver_at(until);
  }
}

void MesosLink::deliver(const Event& event) {
  if (event.type() == Event::ERROR) {
    const std::string why = event.error().message();
    journal_.note("the master says ERROR: " + why);
    stopped_ = true;
    ++connection_;
    stream_.reset();
    const bool for_good = why.find("removed") != std::string::npos;
    hooks_.to_controller([&](loop::Controller& controller) { controller.mesos_stopped(for_good, why, clock_.now()); });
    return;
  }
  if (event.type() == Event::HEARTBEAT) return;
  if (event.type() == Event::SUBSCRIBED) {
    const bool is_new = framework_id_ != event.subscribed().framework_id().value();
    framework_id_ = event.subscribed().framework_id().value();
    unconfirmed_ = is_new;
    hooks_.to_controller(
        [&](loop::Controller& controller) { controller.mesos_subscribed(event.subscribed(), is_new, clock_.now()); });
    return;
  }
  if (unconfirmed_) {
    held_.push_back(event);
  } else {
    hand_over(event);
  }
}

void MesosLink::hand_over(const Event& event) {
  if (journal_.verbose() && (event.type() == Event::OFFERS || event.type() == Event::RESCIND)) {
    std::string text = event.type() == Event::RESCIND ? "rescinded " + event.rescind().offer_id().value() : "offered";
    for (const auto& offer : event.offers().offers()) {
      text += fmt::format(" {} of {} to {}", offer.id().value(), offer.hostname(), offer.allocation_info().role());
    }
    journal_.note(std::move(text));
  }
  hooks_.to_controller([&](loop::Controller& controller) { controller.mesos_event(event, clock_.now()); });
}

}  // namespace esaas::simulation
