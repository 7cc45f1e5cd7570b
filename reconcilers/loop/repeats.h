#pragma once
// Which effect a repeated intent stands for, and how soon it may be performed once more. Pure.

#include <cstdint>
#include <string>

#include "core/base/time.h"
#include "core/events/event.pb.h"
#include "reconcilers/settings.h"

namespace esaas::loop {

/// One for each effect that is told apart: "exclusions", "request/17", or the id of a task that is killed.
std::string effect_key(const event::Event& intent);

/// The key of the request that was intended with this seq.
std::string request_key(std::uint64_t seq);

/// No sooner than this after the last time.
Duration repeat_pause(const reconcile::Settings& settings, const event::Event& intent);

}  // namespace esaas::loop
