#include "core/commands/sinks.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/commands/attribution.h"
#include "core/commands/checks.h"
#include "core/commands/kafka_sink.h"
#include "core/commands/validate.h"
#include "core/model/web_url.h"

namespace esaas::command {
namespace {

using Events = std::vector<event::Event>;

constexpr std::size_t kStalledLengthMax = 1'000;
constexpr std::array<std::string_view, 2> kFormats{"cloudevents", "cloudevents-batch"};

const state::SinkState* find_sink(const state::FleetState& state, const std::string& name) {
  const auto found =
      std::ranges::find(state.head.sinks(), name, [](const state::SinkState& one) { return one.sink().name(); });
  return found == state.head.sinks().end() ? nullptr : &*found;
}

bool is_theirs(const Context& context, const state::SinkState& sink) {
  return context.caller.tenant.empty() || context.caller.tenant == sink.sink().tenant();
}

Result<void> check_webhook(const model::WebhookSink& webhook) {
  if (webhook.url().empty()) return refuse("webhook.url", "is missing", "required");
  if (webhook.url().size() > kSinkUrlLengthMax) {
    return refuse("webhook.url", "has more than " + std::to_string(kSinkUrlLengthMax) + " characters", "length");
  }
  if (const auto url = model::parse_web_url(webhook.url()); !url) {
    return refuse("webhook.url", url.error().detail, "web_url");
  }
  if (webhook.format().empty() || std::ranges::find(kFormats, webhook.format()) != kFormats.end()) return {};
  return refuse("webhook.format", "has to be one of " + joined(kFormats) + ", or empty", "known_format");
}

/// `before` is null for a new one.
Result<void> check_kind(const model::Sink& sink, const state::SinkState* before) {
  switch (sink.kind_case()) {
    case model::Sink::kWebhook: return check_webhook(sink.webhook());
    case model::Sink::kKafka:
      return check_kafka(sink.kafka(), before == nullptr ? model::KafkaSink() : before->sink().kafka());
    case model::Sink::KIND_NOT_SET: break;
  }
  return refuse("webhook", "say with webhook or kafka where the events go", "required");
}

Result<void> check_filter(const state::FleetState& state, const model::Sink& sink, const Context& context) {
  if (!context.caller.tenant.empty() && context.caller.tenant != sink.tenant()) {
    return fail(ErrorCode::kPermissionDenied, "tenant: this token belongs to tenant " + context.caller.tenant, "tenant",
                "own_tenant");
  }
  if (!sink.tenant().empty() && state.find_tenant(sink.tenant()) == nullptr) {
    return refuse("tenant", "there is no tenant " + sink.tenant(), "known_tenant");
  }
  // It may be deleted, or not be there yet.
  if (!sink.cluster().empty()) ESAAS_CHECK(validate_name(sink.cluster(), "cluster"));
  return {};
}

Result<void> check_reason(const std::string& reason) {
  if (reason.size() <= kReasonLengthMax) return {};
  return refuse("reason", "has more than " + std::to_string(kReasonLengthMax) + " characters", "length");
}

event::Event by_the_controller(const state::SinkState& sink) {
  event::Event event;
  event.set_tenant(sink.sink().tenant());
  event.mutable_actor()->set_kind(event::ACTOR_KIND_CONTROLLER);
  event.set_cause_seq(sink.configured_seq());
  return event;
}

}  // namespace

Result<Events> decide(const state::FleetState& state, const ConfigureSink& command, const Context& context) {
  model::Sink sink = command.sink;
  ESAAS_CHECK(validate_name(sink.name(), "name"));
  const state::SinkState* before = find_sink(state, sink.name());
  if (before != nullptr && !is_theirs(context, *before)) {
    return fail(ErrorCode::kNotFound, "there is no sink " + sink.name() + " of yours, and the name is not to be had");
  }
  ESAAS_CHECK(check_filter(state, sink, context));
  ESAAS_CHECK(check_kind(sink, before));
  ESAAS_CHECK(check_reason(command.reason));
  if (before == nullptr && state.head.sinks_size() >= kSinksMax) {
    return fail(ErrorCode::kResourceExhausted, "there are " + std::to_string(kSinksMax) + " sinks", "", "sinks_max");
  }
  if (sink.from_seq() == 0) sink.set_from_seq(before == nullptr ? context.next_seq : before->sink().from_seq());
  if (sink.from_seq() > context.next_seq) {
    return refuse("from_seq", "the next event will be " + std::to_string(context.next_seq), "within_the_log");
  }
  event::Event event;
  auto& payload = *event.mutable_sink_configured();
  if (before != nullptr) *payload.mutable_before() = before->sink();
  payload.set_method(command.method);
  payload.set_url(command.url);
  payload.set_reason(command.reason);
  event.set_tenant(sink.tenant());
  *payload.mutable_after() = std::move(sink);
  attribute(event, context);
  return Events{std::move(event)};
}

Result<Events> decide(const state::FleetState& state, const RemoveSink& command, const Context& context) {
  ESAAS_CHECK(check_reason(command.reason));
  const state::SinkState* sink = find_sink(state, command.name);
  if (sink == nullptr || !is_theirs(context, *sink)) {
    return fail(ErrorCode::kNotFound, "there is no sink " + command.name);
  }
  event::Event event;
  auto& payload = *event.mutable_sink_removed();
  payload.set_name(command.name);
  payload.set_method(command.method);
  payload.set_url(command.url);
  payload.set_reason(command.reason);
  event.set_tenant(sink->sink().tenant());
  event.set_cause_seq(sink->configured_seq());
  attribute(event, context);
  return Events{std::move(event)};
}

Result<Events> decide(const state::FleetState& state, const ReportSink& command, const Context& context) {
  const state::SinkState* sink = find_sink(state, command.name);
  if (sink == nullptr) return fail(ErrorCode::kNotFound, "there is no sink " + command.name);
  if (sink->configured_seq() != command.configured_seq) {
    return fail(ErrorCode::kConflict, "sink " + command.name + " is another one now", "", "same_configuration");
  }
  if (command.through_seq >= context.next_seq) {
    return refuse("through_seq", "the log does not reach that far", "within_the_log");
  }
  event::Event event = by_the_controller(*sink);
  if (!command.stalled.empty()) {
    if (!sink->stalled().empty()) {
      return fail(ErrorCode::kConflict, "sink " + command.name + " has stalled already", "", "told_once");
    }
    event.mutable_sink_stalled()->set_name(command.name);
    event.mutable_sink_stalled()->set_why(command.stalled.substr(0, kStalledLengthMax));
    return Events{std::move(event)};
  }
  if (command.through_seq <= sink->through_seq() && sink->stalled().empty()) {
    return fail(ErrorCode::kConflict, "sink " + command.name + " has come that far", "", "changes_something");
  }
  event.mutable_sink_advanced()->set_name(command.name);
  event.mutable_sink_advanced()->set_through_seq(command.through_seq);
  return Events{std::move(event)};
}

}  // namespace esaas::command
