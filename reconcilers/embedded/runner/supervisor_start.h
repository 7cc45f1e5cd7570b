#pragma once
// Starting a supervisor as a process that has nothing of ours: its own session, no open descriptors, signals blocked
// until it reads them.

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace esaas::embedded {

/// Runs `words` with `folder` added. The caller reaps it when it ends.
Result<pid_t> start_supervisor(const std::vector<std::string>& words, const std::filesystem::path& folder);

}  // namespace esaas::embedded
