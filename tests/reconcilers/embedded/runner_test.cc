// Real processes: start, end, kill with grace, being found again, users, volumes. Every test works in a folder of its
// own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <map>

#include "reconcilers/embedded/durable_file.h"
#include "reconcilers/embedded/runner/process_identity.h"
#include "reconcilers/embedded/runner/process_runner.h"
#include "reconcilers/embedded/runner/task_end.h"
#include "tests/reconcilers/embedded/driver.h"
#include "tests/reconcilers/embedded/temporary_folder.h"

namespace esaas::embedded::testing {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string content(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Waits for files and processes that others change.
bool eventually(const std::function<bool()>& holds, milliseconds timeout = seconds(20)) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::usleep(5000);
  }
  return true;
}

class Runner : public ::testing::Test {
 protected:
  void SetUp() override { restart(); }
  void TearDown() override {
    for (const auto& [id, report] : ends_) last_.erase(id);
    for (const auto& [id, state] : last_) {
      if (!is_terminal(state)) runner_->kill({key(id), Duration(0)});
    }
    run_until([&] {
      return std::all_of(last_.begin(), last_.end(), [](const auto& each) { return is_terminal(each.second); });
    });
  }

  /// The embedded Mesos ends and starts again; its tasks do not notice.
  void restart() {
    runner_.reset();
    runner_ = std::make_unique<ProcessRunner>(
        io_, RunnerOptions{WorkFolders(folder_.path()), {ESAAS_EMBEDDED_HELPER, "task-supervisor"}},
        [this](const TaskKey& task, const TaskReport& report) { heard(task, report); });
  }

  void heard(const TaskKey& task, const TaskReport& report) {
    reports_[task.task_id].push_back(wire::TaskState_Name(report.state));
    last_[task.task_id] = report.state;
    if (report.pid != 0) pids_[task.task_id] = static_cast<int>(report.pid);
    if (is_terminal(report.state)) ends_[task.task_id] = report;
  }

  static TaskKey key(const std::string& id) { return {"fw", id}; }
  static LaunchCommand command(const std::string& id, const std::string& shell) {
    LaunchCommand launch;
    launch.task = key(id);
    launch.agent_id = "S0";
    launch.agent_name = "agent-1";
    launch.hostname = "127.0.0.11";
    launch.user = "nobody";
    launch.info.set_name(id);
    launch.info.mutable_task_id()->set_value(id);
    launch.info.mutable_agent_id()->set_value("S0");
    launch.info.mutable_command()->set_value(shell);
    return launch;
  }

  bool run_until(const std::function<bool()>& holds, milliseconds timeout = seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + timeout;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io_.restart();
      io_.run_one_for(milliseconds(20));
    }
    return true;
  }
  bool wait_for(const std::string& id, wire::TaskState state) {
    return run_until([&] { return last_.contains(id) && last_[id] == state; });
  }
  TaskReport wait_for_end(const std::string& id) {
    EXPECT_TRUE(run_until([&] { return ends_.contains(id); })) << id << " did not end";
    return ends_[id];
  }
  fs::path task_folder(const std::string& id) const { return WorkFolders(folder_.path()).task(key(id)); }
  fs::path sandbox(const std::string& id) const { return task_folder(id) / "sandbox"; }

  TemporaryFolder folder_;
  boost::asio::io_context io_;
  std::map<std::string, std::vector<std::string>> reports_;
  std::map<std::string, wire::TaskState> last_;
  std::map<std::string, int> pids_;
  std::map<std::string, TaskReport> ends_;
  std::unique_ptr<ProcessRunner> runner_;
};

TEST_F(Runner, RunsToItsEndAndKeepsTheOutput) {
  runner_->launch(command("t1", "echo out; echo err >&2; pwd"));
  const TaskReport end = wait_for_end("t1");
  EXPECT_EQ(end.message, "Command exited with status 0");
  EXPECT_EQ(reports_["t1"].front(), "TASK_STARTING");
  EXPECT_EQ(reports_["t1"].back(), "TASK_FINISHED");
  EXPECT_EQ(content(sandbox("t1") / "stdout"), "out\n" + sandbox("t1").string() + "\n");
  EXPECT_EQ(content(sandbox("t1") / "stderr"), "err\n");
}

TEST_F(Runner, ExitCodesAndSignalsAreFailures) {
  runner_->launch(command("code", "exit 3"));
  runner_->launch(command("signal", "kill -9 $$"));
  EXPECT_EQ(wait_for_end("code").message, "Command exited with status 3");
  EXPECT_EQ(wait_for_end("code").state, wire::TASK_FAILED);
  EXPECT_EQ(wait_for_end("signal").message, "Command terminated with signal Killed");
  EXPECT_EQ(wait_for_end("signal").state, wire::TASK_FAILED);
}

TEST_F(Runner, ArgumentsAndEnvironmentAreGiven) {
  LaunchCommand launch = command("t1", "/bin/sh");
  launch.info.mutable_command()->set_shell(false);
  for (const char* word : {"sh", "-c", "echo \"$GREETING $1 $MESOS_TASK_ID $HOME\"", "zero", "a b"}) {
    launch.info.mutable_command()->add_arguments(word);
  }
  auto* variable = launch.info.mutable_command()->mutable_environment()->add_variables();
  variable->set_name("GREETING");
  variable->set_value("hello");
  runner_->launch(launch);
  EXPECT_EQ(wait_for_end("t1").state, wire::TASK_FINISHED);
  EXPECT_EQ(content(sandbox("t1") / "stdout"), "hello a b t1 " + sandbox("t1").string() + "\n");
}

TEST_F(Runner, ProgramThatIsNotThereSaysSo) {
  LaunchCommand launch = command("t1", "/no/such/program");
  launch.info.mutable_command()->set_shell(false);
  runner_->launch(launch);
  const TaskReport end = wait_for_end("t1");
  EXPECT_EQ(end.state, wire::TASK_FAILED);
  EXPECT_THAT(end.message, HasSubstr("cannot run /no/such/program: No such file or directory"));
}

TEST_F(Runner, KillIsPoliteFirst) {
  runner_->launch(command("t1", "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done"));
  ASSERT_TRUE(eventually([&] {
    return run_until([&] { return last_["t1"] == wire::TASK_RUNNING; }) &&
           content(sandbox("t1") / "stdout") == "ready\n";
  }));
  runner_->kill({key("t1"), seconds(60)});
  const TaskReport end = wait_for_end("t1");
  EXPECT_EQ(end.state, wire::TASK_KILLED);
  EXPECT_EQ(end.message, "Command exited with status 0");
  EXPECT_EQ(content(sandbox("t1") / "stdout"), "ready\nbye\n");
}

TEST_F(Runner, KillIsForcedWhenTheGraceIsOver) {
  runner_->launch(command("t1", "trap '' TERM; echo ready; while :; do sleep 0.01; done"));
  ASSERT_TRUE(wait_for("t1", wire::TASK_RUNNING));
  ASSERT_TRUE(eventually([&] { return content(sandbox("t1") / "stdout") == "ready\n"; }));
  const auto begin = std::chrono::steady_clock::now();
  runner_->kill({key("t1"), milliseconds(300)});
  const TaskReport end = wait_for_end("t1");
  EXPECT_EQ(end.state, wire::TASK_KILLED);
  EXPECT_EQ(end.message, "Command terminated with signal Killed");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(300));
}

TEST_F(Runner, LaterKillMayShortenTheGrace) {
  runner_->launch(command("t1", "trap '' TERM; echo ready; while :; do sleep 0.01; done"));
  ASSERT_TRUE(wait_for("t1", wire::TASK_RUNNING));
  ASSERT_TRUE(eventually([&] { return content(sandbox("t1") / "stdout") == "ready\n"; }));
  runner_->kill({key("t1"), std::chrono::hours(1)});
  ::usleep(50'000);
  runner_->kill({key("t1"), Duration(0)});
  EXPECT_EQ(wait_for_end("t1").message, "Command terminated with signal Killed");
}

TEST_F(Runner, WhatTheCommandLeavesBehindIsEnded) {
  // One child in the group, one that made a session of its own.
  runner_->launch(command("t1",
                          "sleep 1000 & echo $! > in_group; setsid sh -c 'echo $$ > daemon; exec sleep 1000' & "
                          "while [ ! -s daemon ]; do sleep 0.01; done; exit 0"));
  EXPECT_EQ(wait_for_end("t1").state, wire::TASK_FINISHED);
  for (const char* name : {"in_group", "daemon"}) {
    const int pid = std::stoi(content(sandbox("t1") / name));
    const auto left = identify(pid);
    EXPECT_FALSE(left && is_running(*left)) << name;
  }
}

TEST_F(Runner, RunningTaskIsFoundAgainAfterARestart) {
  runner_->launch(command("t1", "while [ ! -e stop ]; do sleep 0.01; done; exit 7"));
  ASSERT_TRUE(wait_for("t1", wire::TASK_RUNNING));
  const int pid = pids_["t1"];
  restart();
  reports_.clear();
  pids_.clear();
  runner_->launch(command("t1", "never run: it is found again"));
  ASSERT_TRUE(run_until([&] { return pids_.contains("t1"); }));
  EXPECT_EQ(pids_["t1"], pid);
  std::ofstream(sandbox("t1") / "stop") << "x";
  EXPECT_EQ(wait_for_end("t1").message, "Command exited with status 7");
}

TEST_F(Runner, EndThatNobodySawIsReportedAfterARestart) {
  runner_->launch(command("t1", "while [ ! -e stop ]; do sleep 0.01; done; exit 7"));
  ASSERT_TRUE(wait_for("t1", wire::TASK_RUNNING));
  runner_.reset();
  std::ofstream(sandbox("t1") / "stop") << "x";
  ASSERT_TRUE(eventually([&] {
    const auto status = read_status(task_folder("t1"));
    return status && status->phase() == SupervisorStatus::ENDED;
  }));
  restart();
  runner_->launch(command("t1", "never run"));
  EXPECT_EQ(wait_for_end("t1").message, "Command exited with status 7");
}

TEST_F(Runner, CommandOutlivesItsSupervisorAndCanStillBeKilled) {
  runner_->launch(command("t1", "sleep 1000 & echo $! > child; wait"));
  ASSERT_TRUE(wait_for("t1", wire::TASK_RUNNING));
  ASSERT_TRUE(eventually([&] { return !content(sandbox("t1") / "child").empty(); }));
  const SupervisorStatus status = read_status(task_folder("t1")).value();
  const int supervisor = open_process(status.supervisor());
  ASSERT_GE(supervisor, 0);
  ASSERT_TRUE(send_signal(supervisor, SIGKILL));
  ::close(supervisor);
  ASSERT_TRUE(run_until([&] { return !is_running(status.supervisor()); }));
  EXPECT_TRUE(is_running(status.command()));
  runner_->kill({key("t1"), seconds(1)});
  // The kill may come before the runner has seen the supervisor's end: it is repeated, as a framework would.
  ASSERT_TRUE(run_until([&] {
    if (!ends_.contains("t1")) runner_->kill({key("t1"), seconds(1)});
    return ends_.contains("t1");
  }));
  EXPECT_EQ(ends_["t1"].state, wire::TASK_KILLED);
  EXPECT_FALSE(is_running(status.command()));
  const auto child = identify(std::stoi(content(sandbox("t1") / "child")));
  EXPECT_FALSE(child && is_running(*child));
}

TEST_F(Runner, TaskWhoseProcessesVanishedHasFailed) {
  runner_->launch(command("t1", "sleep 1000"));
  ASSERT_TRUE(wait_for("t1", wire::TASK_RUNNING));
  const SupervisorStatus status = read_status(task_folder("t1")).value();
  runner_.reset();
  for (const ProcessId& process : {status.supervisor(), status.command()}) {
    const int fd = open_process(process);
    ASSERT_GE(fd, 0);
    send_signal(fd, SIGKILL);
    ::close(fd);
  }
  ASSERT_TRUE(eventually([&] { return !is_running(status.supervisor()) && !is_running(status.command()); }));
  restart();
  runner_->launch(command("t1", "never run"));
  const TaskReport end = wait_for_end("t1");
  EXPECT_EQ(end.state, wire::TASK_FAILED);
  EXPECT_EQ(end.reason, wire::TaskStatus::REASON_EXECUTOR_TERMINATED);
}

TEST_F(Runner, ProcessOfAnotherBootIsNotTheTasks) {
  ProcessId self = identify(::getpid()).value();
  EXPECT_TRUE(is_running(self));
  self.set_boot_id("another");
  EXPECT_FALSE(is_running(self));
  EXPECT_EQ(open_process(self), -1);
  self = identify(::getpid()).value();
  self.set_start_ticks(self.start_ticks() + 1);
  EXPECT_FALSE(is_running(self));
  EXPECT_EQ(open_process(self), -1);
}

std::string children() { return content("/proc/self/task/" + std::to_string(::getpid()) + "/children"); }

TEST_F(Runner, NothingIsLeftAZombie) {
  const std::string before = children();  // of runners that earlier tests destroyed: theirs to be reaped by init
  for (int number = 0; number < 5; ++number) {
    const std::string id = "t" + std::to_string(number);
    runner_->launch(command(id, "exit 0"));
    wait_for_end(id);
  }
  EXPECT_TRUE(run_until([&] { return children() == before; })) << children();
}

TEST_F(Runner, LeftoversOfForgottenTasksAreEnded) {
  runner_->launch(command("t1", "sleep 1000"));
  ASSERT_TRUE(wait_for("t1", wire::TASK_RUNNING));
  const SupervisorStatus status = read_status(task_folder("t1")).value();
  restart();
  runner_->end_all_but({});
  EXPECT_TRUE(run_until([&] { return !is_running(status.command()); }));
  EXPECT_EQ(wait_for_end("t1").state, wire::TASK_KILLED);
}

wire::Resource volume(const std::string& id, const std::string& path) {
  wire::Resource resource = volume_of({}, "es-a", "n1", id);
  resource.mutable_disk()->mutable_volume()->set_container_path(path);
  return resource;
}

TEST_F(Runner, VolumeOutlivesTheTaskAndGoesWhenDestroyed) {
  LaunchCommand writer = command("writer", "echo kept > data/file");
  *writer.info.add_resources() = volume("vol/1", "data");
  runner_->launch(writer);
  ASSERT_EQ(wait_for_end("writer").state, wire::TASK_FINISHED);
  LaunchCommand reader = command("reader", "cat deep/data/file");
  *reader.info.add_resources() = volume("vol/1", "deep/data");
  runner_->launch(reader);
  ASSERT_EQ(wait_for_end("reader").state, wire::TASK_FINISHED);
  EXPECT_EQ(content(sandbox("reader") / "stdout"), "kept\n");
  const fs::path path = volume_folder(WorkFolders(folder_.path()).volumes("agent-1"), "es-a", "vol/1");
  EXPECT_TRUE(fs::exists(path / "file"));
  runner_->destroy_volume({"agent-1", "es-a", "vol/1"});
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(eventually([&] { return fs::is_empty(WorkFolders(folder_.path()).trash()); }));
}

TEST_F(Runner, ContainerPathStaysInTheSandbox) {
  for (const char* path : {"../out", "/etc/out", "a/../../out"}) {
    const std::string id = std::string("t") + std::to_string(std::string(path).size());
    LaunchCommand launch = command(id, "true");
    *launch.info.add_resources() = volume("v", path);
    runner_->launch(launch);
    EXPECT_THAT(wait_for_end(id).message, HasSubstr("container_path")) << path;
  }
}

TEST_F(Runner, LimitsAreSet) {
  LaunchCommand launch = command("t1", "ulimit -n");
  launch.info.mutable_container()->set_type(wire::ContainerInfo::MESOS);
  auto* limit = launch.info.mutable_container()->mutable_rlimit_info()->add_rlimits();
  limit->set_type(wire::RLimitInfo::RLimit::RLMT_NOFILE);
  limit->set_soft(123);
  limit->set_hard(456);
  runner_->launch(launch);
  EXPECT_EQ(wait_for_end("t1").state, wire::TASK_FINISHED);
  EXPECT_EQ(content(sandbox("t1") / "stdout"), "123\n");
}

TEST_F(Runner, OldFoldersGo) {
  RunnerOptions options{WorkFolders(folder_.path()), {ESAAS_EMBEDDED_HELPER, "task-supervisor"}};
  options.ended_tasks_kept = 2;
  runner_ = std::make_unique<ProcessRunner>(
      io_, options, [this](const TaskKey& task, const TaskReport& report) { heard(task, report); });
  for (const char* id : {"t1", "t2", "t3", "t4"}) {
    runner_->launch(command(id, "true"));
    wait_for_end(id);
  }
  EXPECT_FALSE(fs::exists(task_folder("t1")));
  EXPECT_TRUE(fs::exists(task_folder("t4")));
}

/// What only root can do.
class RunnerAsRoot : public Runner {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: only root can run tasks as somebody else";
    Runner::SetUp();
  }
};

TEST_F(RunnerAsRoot, TaskRunsAsItsUserAndOwnsItsSandboxAndVolume) {
  LaunchCommand launch = command("t1", "id -un; id -Gn; touch mine data/mine && rm data/mine");
  *launch.info.add_resources() = volume("v", "data");
  runner_->launch(launch);
  EXPECT_EQ(wait_for_end("t1").state, wire::TASK_FINISHED) << content(sandbox("t1") / "stderr");
  EXPECT_THAT(content(sandbox("t1") / "stdout"), HasSubstr("nobody\nnogroup"));
}

TEST_F(RunnerAsRoot, RootBecomesTheTaskUser) {
  LaunchCommand launch = command("t1", "id -un");
  launch.user = "root";
  runner_->launch(launch);
  EXPECT_EQ(wait_for_end("t1").state, wire::TASK_FINISHED);
  EXPECT_EQ(content(sandbox("t1") / "stdout"), "nobody\n");
}

TEST_F(RunnerAsRoot, MissingUserIsAClearFailure) {
  LaunchCommand launch = command("t1", "true");
  launch.user = "no-such-user";
  runner_->launch(launch);
  const TaskReport end = wait_for_end("t1");
  EXPECT_EQ(end.state, wire::TASK_FAILED);
  EXPECT_THAT(end.message, HasSubstr("the user 'no-such-user' does not exist on this machine"));
}

TEST_F(RunnerAsRoot, ClosedFolderAboveIsAClearFailure) {
  fs::permissions(folder_.path(), fs::perms(0700));
  runner_->launch(command("t1", "true"));
  EXPECT_THAT(wait_for_end("t1").message, HasSubstr("the user 'nobody' cannot enter the sandbox"));
}

}  // namespace
}  // namespace esaas::embedded::testing
