#pragma once
// The sinks of `serve`: what the runner needs to make each of them.

#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/events/event.pb.h"
#include "core/model/sink.pb.h"
#include "reconcilers/effects/sinks/destination.h"
#include "store/log/event_log.h"
#include "store/secrets/secret_store.h"

namespace esaas::api {

/// With the secret that it signs with, or that its user has. Errors: a URL that is none, a format that this program
/// does not know, a secret that is not to be had.
Result<std::unique_ptr<sinks::Destination>> make_destination(const model::Sink& sink,
                                                             const store::SecretStore& secrets);

/// An event as the sink takes it: as GET /v1/events shows it, or that in a CloudEvent. Errors: the log's.
Result<std::string> render_for(const model::Sink& sink, const event::Event& event, const store::EventLog& log);

}  // namespace esaas::api
