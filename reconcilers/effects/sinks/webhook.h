#pragma once
// Webhook: a Destination that takes events by POST, one request for a delivery:
//
//     {"sink":"NAME","first_seq":FIRST,"last_seq":LAST,"events":[...]}
//
// with the headers ESaaS-Sink, ESaaS-First-Seq, ESaaS-Last-Seq and, when there is a secret, ESaaS-Signature:
// sha256=HEX, the HMAC-SHA-256 of the body. Any 2xx takes them; what else is answered, a redirect too, does not.

#include <memory>
#include <string>
#include <string_view>

#include "core/model/web_url.h"
#include "reconcilers/effects/sinks/destination.h"

namespace esaas::sinks {

/// The body of the request.
std::string webhook_body(const Delivery& delivery);
/// "sha256=" and 64 lower-case hexadecimal digits.
std::string webhook_signature(std::string_view body, std::string_view secret);

/// `secret` empty: not signed. A server over TLS has to have a certificate that this machine trusts.
std::unique_ptr<Destination> make_webhook(model::WebUrl url, std::string secret);

}  // namespace esaas::sinks
