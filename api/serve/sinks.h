#pragma once
// The sinks of `serve`: what the runner needs to make each of them.

#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/events/event.pb.h"
#include "core/model/sink.pb.h"
#include "reconcilers/effects/sinks/destination.h"
#include "store/secrets/secret_store.h"

namespace esaas::api {

/// With the secret that it signs with. Errors: a URL that is none, a secret that is not to be had.
Result<std::unique_ptr<sinks::Destination>> make_destination(const model::Sink& sink,
                                                             const store::SecretStore& secrets);

/// An event as GET /v1/events shows it.
std::string event_as_json(const event::Event& event);

}  // namespace esaas::api
