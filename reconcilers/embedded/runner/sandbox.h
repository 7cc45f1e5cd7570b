#pragma once
// Sandbox: what a task finds when it starts: its folder, its volumes in it, its user and its environment. Used by the
// supervisor; blocking.

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "reconcilers/embedded/runner/supervisor.pb.h"

namespace esaas::embedded {

/// Whom the task runs as. `change`: this process is root and has to become them.
struct TaskUser {
  bool change = false;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
};

/// Root looks the user up and refuses root itself; anybody else can only start tasks as themselves.
Result<TaskUser> find_user(const std::string& name);

/// Makes the sandbox and the volumes, hands them to the user, and links the volumes to their container paths.
Result<void> prepare_sandbox(const TaskSpec& spec, const TaskUser& user, const std::filesystem::path& sandbox);

/// Hands a tree to the user; links are not followed. Nothing happens unless the user changes.
void hand_over(const std::filesystem::path& tree, const TaskUser& user);

/// NAME=VALUE: a clean base, then what the command asks for.
std::vector<std::string> environment_of(const TaskSpec& spec, const TaskUser& user,
                                        const std::filesystem::path& sandbox);

}  // namespace esaas::embedded
