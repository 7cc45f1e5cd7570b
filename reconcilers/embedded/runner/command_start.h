#pragma once
// Starting the command of a task as a child of the supervisor.

#include <sys/types.h>

#include <filesystem>

#include "core/base/result.h"
#include "reconcilers/embedded/runner/sandbox.h"
#include "reconcilers/embedded/runner/supervisor.pb.h"

namespace esaas::embedded {

/// Starts the command in the sandbox, as the user, in a process group of its own, with its output in the sandbox's
/// stdout and stderr. Returns its pid once it has been executed; the error says which step failed.
Result<pid_t> start_command(const TaskSpec& spec, const TaskUser& user, const std::filesystem::path& sandbox);

/// Runs the fetches of the spec in a child process with a group of its own; its exit code is 0 when all is there, and
/// else `error_file` holds the sentence.
Result<pid_t> start_fetch(const TaskSpec& spec, const TaskUser& user, const std::filesystem::path& sandbox,
                          const std::filesystem::path& error_file);

}  // namespace esaas::embedded
