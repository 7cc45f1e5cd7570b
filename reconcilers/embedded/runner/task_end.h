#pragma once
// How a task's files are read: its status, what its end means as a report, and which tasks have a folder.

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reconcilers/embedded/model/mesos_model.h"
#include "reconcilers/embedded/runner/supervisor.pb.h"
#include "reconcilers/embedded/runner/work_folders.h"

namespace esaas::embedded {

/// Nothing when there is none, or none that can be read.
std::optional<SupervisorStatus> read_status(const std::filesystem::path& task_folder);

/// What a master says about an end that was written down. Precondition: the phase is ENDED.
TaskReport report_of(const SupervisorStatus& status);

/// The same for a task whose supervisor and command are gone without a word.
TaskReport report_of_vanished(const SupervisorStatus& status, bool kill_asked);

/// A task that could not be started.
TaskReport launch_failure(const std::string& why);

/// Every task that has a folder, by the names of the folders.
std::vector<std::pair<TaskKey, std::filesystem::path>> task_folders(const WorkFolders& folders);

}  // namespace esaas::embedded
