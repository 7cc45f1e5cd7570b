#pragma once
// The embedded Mesos as `serve` sees it: a process of its own that may be running already, and that stays when `serve`
// ends. Called once, at the start.

#include <cstdint>
#include <filesystem>

#include "api/config/config.h"
#include "core/base/result.h"

namespace esaas::api {

/// The port on which the embedded Mesos of this work directory listens; starts it when nobody holds the directory, and
/// waits until it answers. Its output goes to `work_dir`/output.
/// Errors: kUnavailable (it ended at once: the end of its output is in the detail), kDeadlineExceeded.
Result<std::uint16_t> find_or_start_embedded_mesos(const config::MesosConfig& config,
                                                   const std::filesystem::path& work_dir);

}  // namespace esaas::api
