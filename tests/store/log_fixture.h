#pragma once
// LogFixture: a whole log as it was once stored, to be folded for ever: its records, a snapshot from its middle, and
// what the state was at twenty moments. Files of one folder: records.zst, snapshot, states.txt.

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/state/fleet_state.h"
#include "store/log/event_log.h"

namespace esaas::store::testing {

struct LogFixture {
  std::vector<std::string> records;  ///< the stored bytes of event 1, 2, ...
  std::string snapshot;              ///< the bytes of a snapshot file
  std::string states;                ///< describe() at moments spread over the log, the last event's among them
};

/// What a person would say about the state, a line for each thing: what a later program must still find in an old log.
std::string describe(const state::FleetState& fleet);

/// Every how many events the states are described.
std::uint64_t description_distance(std::uint64_t last_seq);

Result<LogFixture> capture(const EventLog& log);
Result<void> save(const LogFixture& fixture, const std::filesystem::path& folder);
Result<LogFixture> load(const std::filesystem::path& folder);

}  // namespace esaas::store::testing
