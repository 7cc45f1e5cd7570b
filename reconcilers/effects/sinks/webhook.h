#pragma once
// Webhook: a Destination that takes events by POST, one request for a delivery, in one of three formats:
//
// - an envelope: {"sink":"NAME","first_seq":FIRST,"last_seq":LAST,"events":[...]}
// - CloudEvents, batched (application/cloudevents-batch+json): [...]
// - CloudEvents one by one (application/cloudevents+json): the event; a delivery then has one
//
// with the headers ESaaS-Sink, ESaaS-First-Seq, ESaaS-Last-Seq and, when there is a secret, ESaaS-Signature:
// sha256=HEX, the HMAC-SHA-256 of the body. Any 2xx takes them; what else is answered, a redirect too, does not. What a
// 429 or 503 says by Retry-After is what it asks to wait.

#include <memory>
#include <string>
#include <string_view>

#include "core/model/web_url.h"
#include "reconcilers/effects/sinks/destination.h"

namespace esaas::sinks {

enum class WebhookFormat : std::uint8_t { kEnvelope, kCloudEvent, kCloudEventsBatch };

/// Of model::WebhookSink::format. kInvalidArgument when this program knows no such format.
Result<WebhookFormat> webhook_format(std::string_view name);

/// The body of the request.
std::string webhook_body(const Delivery& delivery, WebhookFormat format = WebhookFormat::kEnvelope);
/// "sha256=" and 64 lower-case hexadecimal digits.
std::string webhook_signature(std::string_view body, std::string_view secret);

/// `secret` empty: not signed. A server over TLS has to have a certificate that this machine trusts.
std::unique_ptr<Destination> make_webhook(model::WebUrl url, std::string secret,
                                          WebhookFormat format = WebhookFormat::kEnvelope);

}  // namespace esaas::sinks
