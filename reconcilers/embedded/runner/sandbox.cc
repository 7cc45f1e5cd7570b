#include "reconcilers/embedded/runner/sandbox.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>

#include "reconcilers/embedded/runner/work_folders.h"

namespace esaas::embedded {
namespace {

namespace fs = std::filesystem;
using esaas::mesos::wire::Resource;

std::unexpected<Error> refuse(std::string text) { return fail(ErrorCode::kInvalidArgument, std::move(text)); }

Result<void> make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return refuse("cannot make the folder " + path.string() + ": " + error.message());
  return {};
}

/// A relative path that stays within the sandbox.
Result<fs::path> container_path(const Resource& volume) {
  const fs::path path = volume.disk().volume().container_path();
  if (path.empty()) return refuse("volume " + volume.disk().persistence().id() + " has no container_path");
  if (path.is_absolute()) return refuse("container_path " + path.string() + " is not relative");
  for (const fs::path& part : path) {
    if (part == "..") return refuse("container_path " + path.string() + " leaves the sandbox");
  }
  return path.lexically_normal();
}

Result<void> link_volume(const TaskSpec& spec, const TaskUser& user, const Resource& volume, const fs::path& sandbox) {
  if (volume.reservations().empty()) return refuse("a persistent volume is not reserved");
  const std::string& role = volume.reservations(volume.reservations_size() - 1).role();
  const fs::path folder = volume_folder(spec.volumes_folder(), role, volume.disk().persistence().id());
  ESAAS_CHECK(make_folder(folder));
  struct stat info{};
  // Its owner is only changed as a whole: a volume of millions of files is not walked at every start.
  if (::stat(folder.c_str(), &info) == 0 && info.st_uid != user.uid) hand_over(folder, user);
  ESAAS_TRY(const fs::path relative, container_path(volume));
  const fs::path link = sandbox / relative;
  ESAAS_CHECK(make_folder(link.parent_path()));
  std::error_code error;
  fs::remove(link, error);
  fs::create_symlink(folder, link, error);
  if (error) return refuse("cannot link the volume to " + link.string() + ": " + error.message());
  return {};
}

}  // namespace

Result<TaskUser> find_user(const std::string& name) {
  TaskUser user;
  user.uid = ::geteuid();
  user.gid = ::getegid();
  if (user.uid != 0) {
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    ::getpwuid_r(user.uid, &entry, buffer.data(), buffer.size(), &found);
    user.name = found != nullptr ? entry.pw_name : std::to_string(user.uid);
    return user;
  }
  if (name.empty()) return refuse("the task names no user, and tasks do not run as root");
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return refuse("the user '" + name + "' does not exist on this machine");
  }
  if (entry.pw_uid == 0) return refuse("tasks do not run as root: give the task another user than '" + name + "'");
  user.change = true;
  user.uid = entry.pw_uid;
  user.gid = entry.pw_gid;
  user.name = name;
  return user;
}

Result<void> prepare_sandbox(const TaskSpec& spec, const TaskUser& user, const fs::path& sandbox) {
  ESAAS_CHECK(make_folder(sandbox));
  hand_over(sandbox, user);
  for (const Resource& resource : spec.info().resources()) {
    if (!resource.disk().has_persistence()) continue;
    ESAAS_CHECK(link_volume(spec, user, resource, sandbox));
  }
  return {};
}

void hand_over(const fs::path& tree, const TaskUser& user) {
  if (!user.change) return;
  // A file that cannot be handed over shows when the task fails to use it.
  const auto give = [&](const fs::path& path) { return ::lchown(path.c_str(), user.uid, user.gid) == 0; };
  give(tree);
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(tree, ignored)) give(entry.path());
}

std::vector<std::string> environment_of(const TaskSpec& spec, const TaskUser& user, const fs::path& sandbox) {
  std::map<std::string, std::string> variables = {
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
      {"HOME", sandbox.string()},
      {"USER", user.name},
      {"LOGNAME", user.name},
      {"LANG", "C.UTF-8"},
      {"MESOS_SANDBOX", sandbox.string()},
      {"MESOS_FRAMEWORK_ID", spec.framework_id()},
      {"MESOS_AGENT_ID", spec.info().agent_id().value()},
      {"MESOS_TASK_ID", spec.info().task_id().value()},
      {"LIBPROCESS_IP", spec.hostname()},
  };
  for (const auto& each : spec.info().command().environment().variables()) variables[each.name()] = each.value();
  std::vector<std::string> list;
  for (const auto& [name, value] : variables) list.push_back(name + "=" + value);
  return list;
}

}  // namespace esaas::embedded
