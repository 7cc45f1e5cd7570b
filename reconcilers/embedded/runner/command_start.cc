#include "reconcilers/embedded/runner/command_start.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "reconcilers/embedded/durable_file.h"
#include "reconcilers/embedded/runner/fetch.h"

namespace esaas::embedded {
namespace {

namespace wire = esaas::mesos::wire;
using Limit = wire::RLimitInfo::RLimit;

std::unexpected<Error> failed(const std::string& what) {
  return fail(ErrorCode::kInternal, what + ": " + std::strerror(errno));
}

/// Signals as a fresh program expects them.
void reset_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGCHLD}) ::signal(signal, SIG_DFL);
}

int resource_of(Limit::Type type) {
  switch (type) {
    case Limit::RLMT_AS: return RLIMIT_AS;
    case Limit::RLMT_CORE: return RLIMIT_CORE;
    case Limit::RLMT_CPU: return RLIMIT_CPU;
    case Limit::RLMT_DATA: return RLIMIT_DATA;
    case Limit::RLMT_FSIZE: return RLIMIT_FSIZE;
    case Limit::RLMT_LOCKS: return RLIMIT_LOCKS;
    case Limit::RLMT_MEMLOCK: return RLIMIT_MEMLOCK;
    case Limit::RLMT_MSGQUEUE: return RLIMIT_MSGQUEUE;
    case Limit::RLMT_NICE: return RLIMIT_NICE;
    case Limit::RLMT_NOFILE: return RLIMIT_NOFILE;
    case Limit::RLMT_NPROC: return RLIMIT_NPROC;
    case Limit::RLMT_RSS: return RLIMIT_RSS;
    case Limit::RLMT_RTPRIO: return RLIMIT_RTPRIO;
    case Limit::RLMT_RTTIME: return RLIMIT_RTTIME;
    case Limit::RLMT_SIGPENDING: return RLIMIT_SIGPENDING;
    case Limit::RLMT_STACK: return RLIMIT_STACK;
    case Limit::UNKNOWN: break;
  }
  return -1;
}

Result<void> set_limits(const wire::TaskInfo& info) {
  for (const Limit& each : info.container().rlimit_info().rlimits()) {
    const int resource = resource_of(each.type());
    if (resource < 0) return fail(ErrorCode::kInvalidArgument, "an rlimit has no known type");
    const rlimit limit{each.has_soft() ? each.soft() : RLIM_INFINITY, each.has_hard() ? each.hard() : RLIM_INFINITY};
    if (::setrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) {
      return failed("cannot set " + Limit::Type_Name(each.type()));
    }
  }
  return {};
}

Result<void> redirect(int target, const std::filesystem::path& path, int flags, const TaskUser* owner) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
  if (fd < 0) return failed("cannot open " + path.string());
  if (owner != nullptr && owner->change && ::fchown(fd, owner->uid, owner->gid) != 0) {
    return failed("cannot hand over " + path.string());
  }
  if (::dup2(fd, target) < 0) return failed("cannot redirect to " + path.string());
  ::close(fd);
  return {};
}

Result<void> become(const TaskUser& user) {
  if (!user.change) return {};
  if (::initgroups(user.name.c_str(), user.gid) != 0) return failed("cannot take the groups of " + user.name);
  if (::setgid(user.gid) != 0 || ::setuid(user.uid) != 0) return failed("cannot become " + user.name);
  return {};
}

/// Everything between fork and exec; the limits before the user changes, who may not raise them.
Result<void> set_stage(const TaskSpec& spec, const TaskUser& user, const std::filesystem::path& sandbox) {
  reset_signals();
  ::umask(022);
  const int append = O_WRONLY | O_CREAT | O_APPEND;
  ESAAS_CHECK(redirect(STDIN_FILENO, "/dev/null", O_RDONLY, nullptr));
  ESAAS_CHECK(redirect(STDOUT_FILENO, sandbox / "stdout", append, &user));
  ESAAS_CHECK(redirect(STDERR_FILENO, sandbox / "stderr", append, &user));
  ESAAS_CHECK(set_limits(spec.info()));
  ESAAS_CHECK(become(user));
  if (::chdir(sandbox.c_str()) != 0) {
    return failed("the user '" + user.name + "' cannot enter the sandbox " + sandbox.string() +
                  " (is a folder above it closed?)");
  }
  return {};
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> list;
  for (std::string& word : words) list.push_back(word.data());
  list.push_back(nullptr);
  return list;
}

/// Only returns when the program could not be executed.
Error execute(const TaskSpec& spec, const TaskUser& user, const std::filesystem::path& sandbox) {
  if (const auto set = set_stage(spec, user, sandbox); !set) return set.error();
  const wire::CommandInfo& command = spec.info().command();
  std::vector<std::string> words = {"sh", "-c", command.value()};
  if (!command.shell()) {
    words.assign(command.arguments().begin(), command.arguments().end());
    if (words.empty()) words.push_back(command.value());
  }
  std::vector<std::string> environment = environment_of(spec, user, sandbox);
  ::execvpe(command.shell() ? "/bin/sh" : command.value().c_str(), pointers(words).data(),
            pointers(environment).data());
  return failed("cannot run " + (command.shell() ? std::string("/bin/sh") : command.value())).error();
}

}  // namespace

Result<pid_t> start_command(const TaskSpec& spec, const TaskUser& user, const std::filesystem::path& sandbox) {
  // Closed by a successful exec: what comes out of it is the error.
  std::array<int, 2> errors{};
  if (::pipe2(errors.data(), O_CLOEXEC) != 0) return failed("cannot make a pipe");
  const pid_t pid = ::fork();
  if (pid < 0) return failed("cannot fork");
  if (pid == 0) {
    ::setpgid(0, 0);
    const std::string text = execute(spec, user, sandbox).detail;
    if (::write(errors[1], text.data(), text.size()) < 0) ::_exit(126);
    ::_exit(127);
  }
  ::setpgid(pid, pid);
  ::close(errors[1]);
  std::string text;
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t count = ::read(errors[0], buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  ::close(errors[0]);
  if (text.empty()) return pid;
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return fail(ErrorCode::kInternal, text);
}

Result<pid_t> start_fetch(const TaskSpec& spec, const TaskUser& user, const std::filesystem::path& sandbox,
                          const std::filesystem::path& error_file) {
  const pid_t pid = ::fork();
  if (pid < 0) return failed("cannot fork");
  if (pid != 0) {
    ::setpgid(pid, pid);
    return pid;
  }
  ::setpgid(0, 0);
  reset_signals();
  for (const auto& uri : spec.info().command().uris()) {
    const auto fetched = fetch(uri, sandbox, spec.cache_folder());
    if (fetched) continue;
    const bool told = replace_file(error_file, fetched.error().detail).has_value();
    ::_exit(told ? 1 : 2);
  }
  hand_over(sandbox, user);
  ::_exit(0);
}

}  // namespace esaas::embedded
