#pragma once
// How the sinks are: what the log says of each, and how far it is now. Thread-safe.

#include <boost/json/object.hpp>

#include <functional>
#include <optional>
#include <string_view>

#include "core/state/state.pb.h"
#include "reconcilers/loop/front.h"
#include "reconcilers/loop/sinks/progress.h"
#include "store/log/event_log.h"

namespace esaas::api {

class Metrics;

/// Nothing for a sink that does not run (yet). Any thread.
using SinkProgress = std::function<std::optional<sinks::Progress>(std::string_view sink)>;

/// Events of the log that it has not come past; those that it does not want among them. Never negative.
std::uint64_t lag_of(const state::SinkState& sink, const std::optional<sinks::Progress>& progress,
                     std::uint64_t last_seq);

/// A sink as GET shows it; never its secret.
boost::json::object present(const state::SinkState& sink, const std::optional<sinks::Progress>& progress,
                            std::uint64_t last_seq);

/// esaas_sink_lag_events and esaas_sink_stalled. All that is given outlives the metrics.
void add_sink_gauges(Metrics& metrics, const loop::Front& front, const store::EventLog& log, SinkProgress progress);

}  // namespace esaas::api
