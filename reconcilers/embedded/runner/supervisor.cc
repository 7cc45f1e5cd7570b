#include "reconcilers/embedded/runner/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "reconcilers/embedded/durable_file.h"
#include "reconcilers/embedded/runner/command_start.h"
#include "reconcilers/embedded/runner/process_identity.h"
#include "reconcilers/embedded/runner/sandbox.h"

namespace esaas::embedded {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kSweepTime{5000};
constexpr std::chrono::microseconds kDefaultGrace = std::chrono::seconds(3);

/// One task from its spec to its end.
class Supervisor {
 public:
  explicit Supervisor(std::filesystem::path folder) : folder_(std::move(folder)), sandbox_(folder_ / "sandbox") {}

  int run();

 private:
  bool take_lock();
  bool watch_signals();
  Result<void> load();
  Result<void> write_status();
  int end_with(const std::string& failure);
  Result<void> fetch_all();
  void read_signals();
  void begin_kill();
  void reap_strangers();
  std::optional<siginfo_t> ended(pid_t pid);
  siginfo_t wait_for(pid_t pid, bool polite);
  void sweep(pid_t group);

  std::filesystem::path folder_;
  std::filesystem::path sandbox_;
  TaskSpec spec_;
  SupervisorStatus status_;
  TaskUser user_;
  int signals_ = -1;
  pid_t child_ = 0;           // the group that a kill goes to
  bool child_polite_ = true;  // it gets SIGTERM first
  std::optional<Clock::time_point> kill_at_;
};

bool Supervisor::take_lock() {
  const int lock = ::open((folder_ / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  return lock >= 0 && ::flock(lock, LOCK_EX | LOCK_NB) == 0;  // kept open until the process ends
}

bool Supervisor::watch_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) ::sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  return signals_ >= 0 && ::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
}

Result<void> Supervisor::load() {
  ESAAS_TRY(const auto spec, read_file(folder_ / "spec"));
  if (!spec || !spec_.ParseFromString(*spec)) {
    return fail(ErrorCode::kDataLoss, "the task's spec cannot be read in " + folder_.string());
  }
  ESAAS_TRY(const auto before, read_file(folder_ / "status"));
  if (before && !status_.ParseFromString(*before)) {
    return fail(ErrorCode::kDataLoss, "the task's status cannot be read in " + folder_.string());
  }
  return {};
}

Result<void> Supervisor::write_status() { return replace_file(folder_ / "status", status_.SerializeAsString()); }

int Supervisor::end_with(const std::string& failure) {
  status_.set_phase(SupervisorStatus::ENDED);
  status_.set_failure(failure);
  return write_status() ? 0 : 1;
}

void Supervisor::begin_kill() {
  status_.set_killed(true);
  KillRequest request;
  const auto bytes = read_file(folder_ / "kill");
  const bool told = bytes && *bytes && request.ParseFromString(**bytes);
  const auto grace = told ? std::chrono::microseconds(request.grace_us()) : kDefaultGrace;
  const Clock::time_point due = Clock::now() + grace;
  const bool first = !kill_at_;
  kill_at_ = kill_at_ ? std::min(*kill_at_, due) : due;  // a later request may only shorten it
  if (first && child_ > 0) ::kill(-child_, child_polite_ ? SIGTERM : SIGKILL);
}

void Supervisor::read_signals() {
  signalfd_siginfo info{};
  while (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGTERM) begin_kill();
  }
}

/// How `pid` ended; it stays a zombie, so that its number and its group remain ours.
std::optional<siginfo_t> Supervisor::ended(pid_t pid) {
  siginfo_t info{};
  const int result = ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
  if (result == 0 && info.si_pid == pid) return info;
  return std::nullopt;
}

/// What the command left to us when its parent ended.
void Supervisor::reap_strangers() {
  while (true) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
    if (info.si_pid == child_) return;  // the others are found when it is gone
    ::waitpid(info.si_pid, nullptr, WNOHANG);
  }
}

siginfo_t Supervisor::wait_for(pid_t pid, bool polite) {
  child_ = pid;
  child_polite_ = polite;
  if (kill_at_) ::kill(-pid, polite ? SIGTERM : SIGKILL);
  bool forced = false;
  while (true) {
    if (const auto info = ended(pid)) return *info;
    reap_strangers();
    int timeout = -1;  // an end, a kill or the grace's end wakes us
    if (kill_at_ && !forced) {
      const auto left = std::chrono::ceil<milliseconds>(*kill_at_ - Clock::now());
      if (left.count() <= 0) {
        ::kill(-pid, SIGKILL);
        forced = true;
      } else {
        timeout = static_cast<int>(std::min<std::int64_t>(left.count(), 3'600'000));
      }
    }
    pollfd wait{signals_, POLLIN, 0};
    ::poll(&wait, 1, timeout);
    read_signals();
  }
}

/// Ends all that is left of the group and of what was handed to us, and reaps it.
void Supervisor::sweep(pid_t group) {
  ::kill(-group, SIGKILL);
  const Clock::time_point end = Clock::now() + kSweepTime;
  while (Clock::now() < end) {
    std::ifstream list("/proc/self/task/" + std::to_string(::getpid()) + "/children");
    for (pid_t pid = 0; list >> pid;) ::kill(pid, SIGKILL);  // children that are not reaped: the numbers are theirs
    pid_t reaped = 0;
    do {
      reaped = ::waitpid(-1, nullptr, WNOHANG);
    } while (reaped > 0);
    if (reaped < 0 && errno == ECHILD) return;
    pollfd wait{signals_, POLLIN, 0};
    ::poll(&wait, 1, 50);
    read_signals();
  }
}

Result<void> Supervisor::fetch_all() {
  const std::filesystem::path error_file = folder_ / "fetch_error";
  ESAAS_TRY(const pid_t pid, start_fetch(spec_, user_, sandbox_, error_file));
  const siginfo_t info = wait_for(pid, false);
  sweep(pid);
  child_ = 0;
  if (info.si_code == CLD_EXITED && info.si_status == 0) return {};
  if (status_.killed()) return fail(ErrorCode::kConflict, "killed while its files were fetched");
  ESAAS_TRY(const auto text, read_file(error_file));
  return fail(ErrorCode::kInternal, text ? *text : "fetching ended without a word");
}

int Supervisor::run() {
  ::umask(022);
  if (!watch_signals() || !take_lock()) return 1;
  if (const auto loaded = load(); !loaded) return end_with(loaded.error().detail);
  if (status_.phase() != SupervisorStatus::UNKNOWN) return 0;  // it was started before: never twice
  const auto self = identify(::getpid());
  if (!self) return end_with("/proc is not there");
  *status_.mutable_supervisor() = *self;
  status_.set_phase(SupervisorStatus::PREPARING);
  if (!write_status()) return 1;
  auto user = find_user(spec_.user());
  if (!user) return end_with(user.error().detail);
  user_ = std::move(*user);
  if (const auto made = prepare_sandbox(spec_, user_, sandbox_); !made) return end_with(made.error().detail);
  if (spec_.info().command().uris_size() > 0) {
    if (const auto fetched = fetch_all(); !fetched) return end_with(fetched.error().detail);
  }
  read_signals();
  if (status_.killed()) return end_with("killed before it started");
  const auto pid = start_command(spec_, user_, sandbox_);
  if (!pid) return end_with(pid.error().detail);
  if (const auto command = identify(*pid)) *status_.mutable_command() = *command;
  status_.set_phase(SupervisorStatus::RUNNING);
  const bool written = write_status().has_value();
  // A task that nobody could find again must not run.
  if (!written) ::kill(-*pid, SIGKILL);
  const siginfo_t info = wait_for(*pid, true);
  sweep(*pid);
  status_.set_phase(SupervisorStatus::ENDED);
  if (info.si_code == CLD_EXITED) {
    status_.set_exit_code(info.si_status);
  } else {
    status_.set_signal(info.si_status);
  }
  return write_status() ? 0 : 1;
}

}  // namespace

int run_task_supervisor(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: task-supervisor FOLDER\n");
    return 2;
  }
  return Supervisor(argv[1]).run();
}

}  // namespace esaas::embedded
