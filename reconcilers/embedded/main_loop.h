#pragma once
// The embedded Mesos as a process: `esaas embedded-mesos ...`. It outlives the controller and ends by SIGTERM or
// SIGINT; its tasks run on, and are found again by the next start in the same work directory.
//
// In the work directory it keeps `lock`, `state`, `port` (what it listens on, for who started it with port 0), `pid`,
// tasks/, agents/ (the volumes), cache/ and trash/.

#include "reconcilers/embedded/embedded_config.h"
#include "reconcilers/embedded/runner/supervisor.h"

namespace esaas::embedded {

/// Serves until it is told to end. Returns the exit code of the process: 0 after SIGTERM or SIGINT, 1 when it could not
/// start or could not save its state (the reason is on stderr), 2 for a configuration with mistakes.
int run_embedded_mesos(const EmbeddedConfig& config);

}  // namespace esaas::embedded
