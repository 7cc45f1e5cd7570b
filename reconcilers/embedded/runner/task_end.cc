#include "reconcilers/embedded/runner/task_end.h"

#include <unistd.h>

#include <cstring>

#include "reconcilers/embedded/durable_file.h"
#include "reconcilers/embedded/runner/process_identity.h"

namespace esaas::embedded {

using Reason = wire::TaskStatus;

namespace {

/// As the command executor of Mesos words it: "terminated with signal Killed".
std::string words_for(const SupervisorStatus& status) {
  if (status.signal() == 0) return "exited with status " + std::to_string(status.exit_code());
  const char* name = ::sigdescr_np(status.signal());
  return "terminated with signal " + (name != nullptr ? std::string(name) : std::to_string(status.signal()));
}

}  // namespace

std::optional<SupervisorStatus> read_status(const std::filesystem::path& task_folder) {
  const auto bytes = read_file(task_folder / "status");
  SupervisorStatus status;
  if (!bytes || !*bytes || !status.ParseFromString(**bytes)) return std::nullopt;
  return status;
}

TaskReport report_of(const SupervisorStatus& status) {
  if (!status.failure().empty()) {
    if (status.killed()) return {wire::TASK_KILLED, status.failure(), {}, 0};
    return launch_failure(status.failure());
  }
  const std::string text = "Command " + words_for(status);
  if (status.killed()) return {wire::TASK_KILLED, text, {}, 0};
  if (status.signal() == 0 && status.exit_code() == 0) return {wire::TASK_FINISHED, text, {}, 0};
  return {wire::TASK_FAILED, text, Reason::REASON_COMMAND_EXECUTOR_FAILED, 0};
}

TaskReport report_of_vanished(const SupervisorStatus& status, bool kill_asked) {
  const auto now = identify(::getpid());
  const bool rebooted = now && now->boot_id() != status.supervisor().boot_id();
  const std::string text = rebooted ? "The machine was restarted while the task ran"
                                    : "Executor terminated: the task and its supervisor are gone without a word";
  return {kill_asked ? wire::TASK_KILLED : wire::TASK_FAILED, text, Reason::REASON_EXECUTOR_TERMINATED, 0};
}

TaskReport launch_failure(const std::string& why) {
  return {wire::TASK_FAILED, "Failed to launch the task: " + why, Reason::REASON_CONTAINER_LAUNCH_FAILED, 0};
}

std::vector<std::pair<TaskKey, std::filesystem::path>> task_folders(const WorkFolders& folders) {
  std::vector<std::pair<TaskKey, std::filesystem::path>> found;
  std::error_code error;
  for (const auto& framework : std::filesystem::directory_iterator(folders.tasks(), error)) {
    for (const auto& task : std::filesystem::directory_iterator(framework.path(), error)) {
      found.emplace_back(TaskKey{unescape_component(framework.path().filename().string()),
                                 unescape_component(task.path().filename().string())},
                         task.path());
    }
  }
  return found;
}

}  // namespace esaas::embedded
