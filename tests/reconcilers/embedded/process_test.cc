// The embedded Mesos as the process that it is: started, killed without warning, started again, with real tasks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <fstream>

#include <boost/system/system_error.hpp>

#include "reconcilers/embedded/runner/process_identity.h"
#include "reconcilers/embedded/runner/work_folders.h"
#include "tests/contract/mesos/framework.h"
#include "tests/reconcilers/embedded/temporary_folder.h"

extern char** environ;

namespace esaas::embedded::testing {
namespace {

namespace fs = std::filesystem;
using contract::Call;
using contract::Framework;

class EmbeddedProcess : public ::testing::Test {
 protected:
  ~EmbeddedProcess() override { end(SIGTERM); }

  void start(std::vector<std::string> more = {}) {
    std::vector<std::string> words = {
        ESAAS_EMBEDDED_HELPER, "embedded-mesos", "--work-dir", folder_.path().string(), "--listen",
        "127.0.0.1:0",         "--agents",       "2",          "--allocation-ms",       "10"};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ASSERT_EQ(::posix_spawn(&pid_, arguments[0], nullptr, nullptr, arguments.data(), environ), 0);
    ASSERT_TRUE(eventually([&] { return answers(); })) << "it does not answer";
  }
  int end(int signal) {
    if (pid_ == 0) return -1;
    ::kill(pid_, signal);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return status;
  }

  static bool eventually(const std::function<bool()>& holds) {
    for (int turn = 0; turn < 1000; ++turn) {
      if (holds()) return true;
      ::usleep(20'000);
    }
    return false;
  }
  bool answers() {
    int port = 0;
    std::ifstream(folder_.path() / "port") >> port;
    master_.port = static_cast<std::uint16_t>(port);
    if (port == 0) return false;
    try {
      return contract::request(master_, "GET", "/health", "", {}).status == 200;
    } catch (const boost::system::system_error&) {
      return false;
    }
  }
  fs::path sandbox(const Framework& framework, const std::string& task) const {
    return WorkFolders(folder_.path()).task({framework.id(), task}) / "sandbox";
  }

  TemporaryFolder folder_;
  contract::Endpoint master_;
  pid_t pid_ = 0;
};

std::vector<wire::Resource> little() {
  return {contract::scalar("cpus", 0.1, "es-a"), contract::scalar("mem", 32, "es-a")};
}

TEST_F(EmbeddedProcess, KillAndStartAgainLeavesTasksAlone) {
  start();
  Framework framework(master_, "es-a");
  framework.subscribe();
  const auto offer = framework.take_offer(1);
  ASSERT_TRUE(offer);
  framework.accept(*offer,
                   {contract::launch(*offer, "stays", little(), "sleep 600"),
                    contract::launch(*offer, "ends", little(), "while [ ! -e stop ]; do sleep 0.01; done; exit 4")});
  const auto stays = framework.next_status("stays", wire::TASK_RUNNING);
  ASSERT_TRUE(stays);
  const auto process = identify(static_cast<int>(stays->container_status().executor_pid()));
  ASSERT_TRUE(process);
  ASSERT_TRUE(eventually([&] { return fs::exists(sandbox(framework, "ends")); }));

  end(SIGKILL);
  std::ofstream(sandbox(framework, "ends") / "stop") << "x";
  EXPECT_TRUE(is_running(*process));
  start();
  framework.subscribe();
  const auto ended = framework.next_status("ends", wire::TASK_FAILED);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->message(), "Command exited with status 4");
  Call ask = framework.make(Call::RECONCILE);
  ask.mutable_reconcile()->add_tasks()->mutable_task_id()->set_value("stays");
  framework.expect_taken(ask);
  const auto found = framework.next_status("stays");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->state(), wire::TASK_RUNNING);
  EXPECT_EQ(found->container_status().executor_pid(), stays->container_status().executor_pid());
  EXPECT_TRUE(is_running(*process));

  Call kill = framework.make(Call::KILL);
  kill.mutable_kill()->mutable_task_id()->set_value("stays");
  framework.expect_taken(kill);
  EXPECT_TRUE(framework.next_status("stays", wire::TASK_KILLED));
  EXPECT_FALSE(is_running(*process));
}

TEST_F(EmbeddedProcess, TearDownEndsTheTasks) {
  start();
  std::optional<ProcessId> process;
  {
    Framework framework(master_, "es-a");
    framework.subscribe();
    const auto offer = framework.take_offer(1);
    ASSERT_TRUE(offer);
    framework.accept(*offer, {contract::launch(*offer, "t1", little())});
    const auto running = framework.next_status("t1", wire::TASK_RUNNING);
    ASSERT_TRUE(running);
    process = identify(static_cast<int>(running->container_status().executor_pid()));
    ASSERT_TRUE(process);
  }
  EXPECT_TRUE(eventually([&] { return !is_running(*process); }));
}

TEST_F(EmbeddedProcess, EndsPolitelyAndOnlyOneWorksInAFolder) {
  start();
  std::string helper = ESAAS_EMBEDDED_HELPER;
  const std::string second = helper + " embedded-mesos --listen 127.0.0.1:0 --work-dir " + folder_.path().string() +
                             " 2>" + (folder_.path() / "second").string();
  EXPECT_EQ(WEXITSTATUS(std::system(second.c_str())), 1);
  std::ifstream told(folder_.path() / "second");
  std::string line;
  std::getline(told, line);
  EXPECT_THAT(line, ::testing::HasSubstr("another embedded Mesos works in"));
  EXPECT_EQ(WEXITSTATUS(end(SIGTERM)), 0);
}

TEST_F(EmbeddedProcess, DamagedStateIsRefused) {
  start();
  end(SIGTERM);
  std::ofstream(folder_.path() / "state", std::ios::app) << "more";
  const std::string again =
      fmt::format("{} embedded-mesos --listen 127.0.0.1:0 --work-dir {} 2>{}", ESAAS_EMBEDDED_HELPER,
                  folder_.path().string(), (folder_.path() / "told").string());
  EXPECT_EQ(WEXITSTATUS(std::system(again.c_str())), 1);
  std::ifstream told(folder_.path() / "told");
  std::string line;
  std::getline(told, line);
  EXPECT_THAT(line, ::testing::HasSubstr("is damaged: its checksum is wrong"));
}

}  // namespace
}  // namespace esaas::embedded::testing
