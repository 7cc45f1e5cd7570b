#include "api/serve/sinks.h"

#include <boost/json/serialize.hpp>

#include "api/routes/present.h"
#include "core/model/web_url.h"
#include "reconcilers/effects/sinks/kafka.h"
#include "reconcilers/effects/sinks/webhook.h"

namespace esaas::api {
namespace {

Result<std::unique_ptr<sinks::Destination>> webhook_of(const model::WebhookSink& webhook,
                                                       const store::SecretStore& secrets) {
  ESAAS_TRY(auto url, model::parse_web_url(webhook.url()));
  std::string secret;
  if (!webhook.secret_id().empty()) {
    ESAAS_TRY(secret, secrets.get(webhook.secret_id(), webhook.secret_version()));
  }
  return sinks::make_webhook(std::move(url), std::move(secret));
}

}  // namespace

Result<std::unique_ptr<sinks::Destination>> make_destination(const model::Sink& sink,
                                                             const store::SecretStore& secrets) {
  switch (sink.kind_case()) {
    case model::Sink::kWebhook: return webhook_of(sink.webhook(), secrets);
    case model::Sink::kKafka: return sinks::make_kafka(sink.kafka());
    case model::Sink::KIND_NOT_SET: break;
  }
  return fail(ErrorCode::kInvalidArgument, "sink " + sink.name() + " is of no kind that this program knows");
}

std::string event_as_json(const event::Event& event) { return boost::json::serialize(present(event)); }

}  // namespace esaas::api
