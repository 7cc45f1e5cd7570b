#include "reconcilers/embedded/runner/process_runner.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "reconcilers/embedded/durable_file.h"
#include "reconcilers/embedded/runner/process_identity.h"
#include "reconcilers/embedded/runner/supervisor_start.h"
#include "reconcilers/embedded/runner/task_end.h"

namespace esaas::embedded {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using boost::system::error_code;

constexpr Duration kLeftoverGrace = std::chrono::seconds(5);

}  // namespace

class ProcessRunner::Impl : public std::enable_shared_from_this<ProcessRunner::Impl> {
 public:
  Impl(asio::io_context& io, RunnerOptions options, Report report)
      : io_(io), options_(std::move(options)), report_(std::move(report)), poll_(io), sweeper_(1) {}

  void launch(const LaunchCommand& command);
  void kill(const TaskKey& key, Duration grace);
  void destroy_volume(const DestroyVolumeCommand& command);
  void end_all_but(const std::vector<TaskKey>& known);
  void stop();

 private:
  /// A task whose end was not reported yet.
  struct Running {
    fs::path folder;
    bool told_running = false;
    bool kill_asked = false;
    bool orphaned = false;  ///< watched without its supervisor
    std::optional<ProcessId> watched;
    std::unique_ptr<asio::posix::stream_descriptor> watch;
    std::unique_ptr<asio::steady_timer> force;  ///< the grace of an orphan, or the wait for the end of what was killed
  };

  Result<void> write_spec(const LaunchCommand& command, const fs::path& folder) const;
  void start(const TaskKey& key);
  void watch(const TaskKey& key, const ProcessId& process);
  void gone(const TaskKey& key);
  void look(const TaskKey& key);
  void look_when_ended(const TaskKey& key);
  void look_again_soon();
  void poll_all();
  void reap();
  void finish(const TaskKey& key, const TaskReport& report);
  void kill_orphan(const TaskKey& key, Running& task, Duration grace);
  void tell_running(const TaskKey& key, const SupervisorStatus& status);
  void remove_old_folders();
  void remove_later(const fs::path& path);
  std::string user_of(const LaunchCommand& command) const;

  asio::io_context& io_;
  RunnerOptions options_;
  Report report_;
  asio::steady_timer poll_;
  bool polling_ = false;
  std::uint64_t trashed_ = 0;
  std::map<TaskKey, Running> tasks_;
  std::vector<pid_t> children_;  ///< supervisors that this program started and has not reaped
  asio::thread_pool sweeper_;    // removing a volume may take long
};

std::string ProcessRunner::Impl::user_of(const LaunchCommand& command) const {
  return command.user.empty() || command.user == "root" ? options_.task_user : command.user;
}

Result<void> ProcessRunner::Impl::write_spec(const LaunchCommand& command, const fs::path& folder) const {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(ErrorCode::kInternal, "cannot make " + folder.string() + ": " + error.message());
  TaskSpec spec;
  spec.set_framework_id(command.task.framework_id);
  spec.set_agent_name(command.agent_name);
  spec.set_hostname(command.hostname);
  spec.set_user(user_of(command));
  *spec.mutable_info() = command.info;
  spec.set_volumes_folder(options_.folders.volumes(command.agent_name).string());
  spec.set_cache_folder(options_.folders.cache().string());
  return replace_file(folder / "spec", spec.SerializeAsString());
}

void ProcessRunner::Impl::launch(const LaunchCommand& command) {
  const TaskKey& key = command.task;
  if (tasks_.contains(key)) return;
  Running& task = tasks_[key];
  task.folder = options_.folders.task(key);
  std::error_code ignored;
  const bool is_new = !fs::exists(task.folder / "spec", ignored);
  report_(key, {wire::TASK_STARTING, {}, {}, 0});
  if (is_new) {
    if (const auto written = write_spec(command, task.folder); !written) {
      finish(key, launch_failure(written.error().detail));
      return;
    }
  }
  // What an earlier run began is looked for; without a status nothing of it ever ran.
  if (is_new || !read_status(task.folder)) {
    start(key);
  } else {
    look(key);
  }
}

void ProcessRunner::Impl::start(const TaskKey& key) {
  Running& task = tasks_.at(key);
  const auto pid = start_supervisor(options_.supervisor, task.folder);
  if (!pid) {
    finish(key, launch_failure(pid.error().detail));
    return;
  }
  children_.push_back(*pid);
  if (const auto process = identify(*pid)) watch(key, *process);
  look_again_soon();
}

void ProcessRunner::Impl::watch(const TaskKey& key, const ProcessId& process) {
  Running& task = tasks_.at(key);
  task.watched = process;
  const int fd = open_process(process);
  if (fd < 0) {
    asio::post(io_, [weak = weak_from_this(), key] {
      if (auto self = weak.lock()) self->gone(key);
    });
    return;
  }
  task.watch = std::make_unique<asio::posix::stream_descriptor>(io_, fd);
  task.watch->async_wait(asio::posix::stream_descriptor::wait_read, [weak = weak_from_this(), key](error_code error) {
    if (error) return;
    if (auto self = weak.lock()) self->gone(key);
  });
}

/// The process that was watched has ended.
void ProcessRunner::Impl::gone(const TaskKey& key) {
  const auto place = tasks_.find(key);
  if (place == tasks_.end()) return;
  Running& task = place->second;
  task.watch.reset();
  task.watched.reset();
  reap();
  look(key);
}

/// Our supervisors that ended. One whose end was just seen may take a moment until it can be reaped.
void ProcessRunner::Impl::reap() {
  std::erase_if(children_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

/// Finds out how a task stands, from its files and its processes.
void ProcessRunner::Impl::look(const TaskKey& key) {
  Running& task = tasks_.at(key);
  const auto status = read_status(task.folder);
  if (status && status->phase() == SupervisorStatus::ENDED) {
    finish(key, report_of(*status));
    return;
  }
  if (!status) {
    if (!task.watch) finish(key, launch_failure("its supervisor ended at once; see " + task.folder.string()));
    return;
  }
  if (is_running(status->supervisor())) {
    tell_running(key, *status);
    if (!task.watch) watch(key, status->supervisor());
    if (!tasks_.at(key).told_running) look_again_soon();
    return;
  }
  if (status->has_command() && is_running(status->command())) {
    task.orphaned = true;
    tell_running(key, *status);
    if (!task.watch) watch(key, status->command());
    return;
  }
  // The end may have been written between the first reading and the supervisor's own end.
  const auto again = read_status(task.folder);
  if (again && again->phase() == SupervisorStatus::ENDED) {
    finish(key, report_of(*again));
    return;
  }
  if (status->has_command() && signal_group(status->command(), SIGKILL) > 0) return look_when_ended(key);
  finish(key, report_of_vanished(*status, task.kill_asked));
}

/// What is left of a task was just killed: its end is told when it is true.
void ProcessRunner::Impl::look_when_ended(const TaskKey& key) {
  Running& task = tasks_.at(key);
  task.force = std::make_unique<asio::steady_timer>(io_, options_.poll_interval);
  task.force->async_wait([weak = weak_from_this(), key](error_code error) {
    auto self = weak.lock();
    if (!error && self && self->tasks_.contains(key)) self->look(key);
  });
}

void ProcessRunner::Impl::tell_running(const TaskKey& key, const SupervisorStatus& status) {
  Running& task = tasks_.at(key);
  if (task.told_running || status.phase() != SupervisorStatus::RUNNING) return;
  task.told_running = true;
  report_(key, {wire::TASK_RUNNING, {}, {}, static_cast<std::uint32_t>(status.command().pid())});
}

void ProcessRunner::Impl::look_again_soon() {
  if (std::exchange(polling_, true)) return;
  poll_.expires_after(options_.poll_interval);
  poll_.async_wait([weak = weak_from_this()](error_code error) {
    auto self = weak.lock();
    if (error || !self) return;
    self->polling_ = false;
    self->poll_all();
  });
}

void ProcessRunner::Impl::poll_all() {
  reap();
  if (children_.size() > tasks_.size()) look_again_soon();
  std::vector<TaskKey> starting;
  for (const auto& [key, task] : tasks_) {
    if (!task.told_running) starting.push_back(key);
  }
  for (const TaskKey& key : starting) {
    const auto place = tasks_.find(key);
    if (place == tasks_.end()) continue;
    const auto status = read_status(place->second.folder);
    if (status) tell_running(key, *status);
    const auto after = tasks_.find(key);
    if (after != tasks_.end() && !after->second.told_running) look_again_soon();
  }
}

void ProcessRunner::Impl::finish(const TaskKey& key, const TaskReport& report) {
  tasks_.erase(key);
  if (children_.size() > tasks_.size()) look_again_soon();  // one that ended is not reaped yet
  report_(key, report);
  remove_old_folders();
}

void ProcessRunner::Impl::kill(const TaskKey& key, Duration grace) {
  const auto place = tasks_.find(key);
  if (place == tasks_.end()) return;
  Running& task = place->second;
  task.kill_asked = true;
  if (task.orphaned) {
    kill_orphan(key, task, grace);
    return;
  }
  KillRequest request;
  request.set_grace_us(grace.count());
  // Without the file the supervisor takes its own grace: the kill itself must not depend on a disk.
  static_cast<void>(replace_file(task.folder / "kill", request.SerializeAsString()));
  if (task.watch) send_signal(task.watch->native_handle(), SIGTERM);
}

/// A command without its supervisor: the group is signalled from here.
void ProcessRunner::Impl::kill_orphan(const TaskKey& key, Running& task, Duration grace) {
  if (!task.watched || task.force) return;
  const ProcessId leader = *task.watched;
  signal_group(leader, SIGTERM);
  task.force = std::make_unique<asio::steady_timer>(io_, grace);
  task.force->async_wait([weak = weak_from_this(), key, leader](error_code error) {
    auto self = weak.lock();
    if (!error && self && self->tasks_.contains(key)) signal_group(leader, SIGKILL);
  });
}

void ProcessRunner::Impl::remove_later(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return;
  fs::create_directories(options_.folders.trash(), error);
  const fs::path grave = options_.folders.trash() / (std::to_string(::getpid()) + "-" + std::to_string(++trashed_));
  fs::rename(path, grave, error);
  const fs::path target = error ? path : grave;
  asio::post(sweeper_, [target] {
    std::error_code ignored;
    fs::remove_all(target, ignored);
  });
}

void ProcessRunner::Impl::destroy_volume(const DestroyVolumeCommand& command) {
  remove_later(volume_folder(options_.folders.volumes(command.agent_name), command.role, command.volume_id));
}

void ProcessRunner::Impl::end_all_but(const std::vector<TaskKey>& known) {
  // What an earlier run did not get to remove.
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(options_.folders.trash(), error)) remove_later(entry.path());
  for (const auto& [key, folder] : task_folders(options_.folders)) {
    if (tasks_.contains(key) || std::find(known.begin(), known.end(), key) != known.end()) continue;
    const auto status = read_status(folder);
    if (!status || status->phase() == SupervisorStatus::ENDED) continue;
    const bool alive = is_running(status->supervisor()) || (status->has_command() && is_running(status->command()));
    if (!alive) continue;
    // Its reports go to an engine that does not know it, and are ignored there.
    tasks_[key].folder = folder;
    tasks_[key].told_running = true;
    look(key);
    kill(key, kLeftoverGrace);
  }
  remove_old_folders();
}

void ProcessRunner::Impl::remove_old_folders() {
  std::vector<std::pair<fs::file_time_type, fs::path>> ended;
  std::error_code error;
  for (const auto& [key, folder] : task_folders(options_.folders)) {
    if (!tasks_.contains(key)) ended.emplace_back(fs::last_write_time(folder, error), folder);
  }
  if (ended.size() <= options_.ended_tasks_kept) return;
  std::sort(ended.begin(), ended.end());
  ended.resize(ended.size() - options_.ended_tasks_kept);
  for (const auto& [time, folder] : ended) remove_later(folder);
}

void ProcessRunner::Impl::stop() {
  poll_.cancel();
  tasks_.clear();
  sweeper_.join();
}

ProcessRunner::ProcessRunner(asio::io_context& io, RunnerOptions options, Report report)
    : impl_(std::make_shared<Impl>(io, std::move(options), std::move(report))) {}
ProcessRunner::~ProcessRunner() { impl_->stop(); }
void ProcessRunner::launch(const LaunchCommand& command) { impl_->launch(command); }
void ProcessRunner::kill(const KillCommand& command) { impl_->kill(command.task, command.grace); }
void ProcessRunner::destroy_volume(const DestroyVolumeCommand& command) { impl_->destroy_volume(command); }
void ProcessRunner::end_all_but(const std::vector<TaskKey>& known) { impl_->end_all_but(known); }

}  // namespace esaas::embedded
