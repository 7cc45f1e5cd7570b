#include "api/serve/sinks.h"

#include <boost/json/serialize.hpp>

#include "api/routes/present.h"
#include "api/serve/cloud_event.h"
#include "core/model/web_url.h"
#include "reconcilers/effects/sinks/kafka.h"
#include "reconcilers/effects/sinks/webhook.h"
#include "store/export/cloud_events.h"

namespace esaas::api {
namespace {

using Made = Result<std::unique_ptr<sinks::Destination>>;

/// Of a webhook or of Kafka: empty when it has none.
Result<std::string> secret_of(const auto& kind, const store::SecretStore& secrets) {
  if (kind.secret_id().empty()) return std::string();
  return secrets.get(kind.secret_id(), kind.secret_version());
}

Made webhook_of(const model::WebhookSink& webhook, const store::SecretStore& secrets) {
  ESAAS_TRY(auto url, model::parse_web_url(webhook.url()));
  ESAAS_TRY(const auto format, sinks::webhook_format(webhook.format()));
  ESAAS_TRY(auto secret, secret_of(webhook, secrets));
  return sinks::make_webhook(std::move(url), std::move(secret), format);
}

Made kafka_of(const model::KafkaSink& kafka, const store::SecretStore& secrets) {
  ESAAS_TRY(auto password, secret_of(kafka, secrets));
  return sinks::make_kafka(kafka, std::move(password));
}

}  // namespace

Result<std::unique_ptr<sinks::Destination>> make_destination(const model::Sink& sink,
                                                             const store::SecretStore& secrets) {
  switch (sink.kind_case()) {
    case model::Sink::kWebhook: return webhook_of(sink.webhook(), secrets);
    case model::Sink::kKafka: return kafka_of(sink.kafka(), secrets);
    case model::Sink::KIND_NOT_SET: break;
  }
  return fail(ErrorCode::kInvalidArgument, "sink " + sink.name() + " is of no kind that this program knows");
}

Result<std::string> render_for(const model::Sink& sink, const event::Event& event, const store::EventLog& log) {
  if (sink.webhook().format().empty()) return boost::json::serialize(present(event));
  ESAAS_TRY(const std::string source, store::log_source(log));
  return boost::json::serialize(as_cloud_event(event, source));
}

}  // namespace esaas::api
