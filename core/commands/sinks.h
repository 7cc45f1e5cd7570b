#pragma once
// decide for sinks: where events are sent on to, and how far each has come. Pure; part of decide.

#include "core/commands/decide.h"

namespace esaas::command {

inline constexpr int kSinksMax = 32;
inline constexpr std::size_t kSinkUrlLengthMax = 2'000;

/// SinkConfigured. Who is of one tenant configures sinks of that tenant's events only.
Result<std::vector<event::Event>> decide(const state::FleetState& state, const ConfigureSink& command,
                                         const Context& context);

/// SinkRemoved.
Result<std::vector<event::Event>> decide(const state::FleetState& state, const RemoveSink& command,
                                         const Context& context);

/// SinkAdvanced or SinkStalled; kConflict when the sink was configured anew meanwhile, or the log says it already.
Result<std::vector<event::Event>> decide(const state::FleetState& state, const ReportSink& command,
                                         const Context& context);

}  // namespace esaas::command
