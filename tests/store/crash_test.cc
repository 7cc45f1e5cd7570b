// kill -9 at any moment loses nothing that was acknowledged.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <random>

#include "store/log/rocksdb_event_log.h"
#include "tests/store/log_check.h"
#include "tests/store/temp_directory.h"

namespace esaas::store {
namespace {

using testing::check_log;

/// The writer of crash_writer.cc as a child process.
class Writer {
 public:
  Writer(const std::filesystem::path& directory, int seed) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    output_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string program = ESAAS_CRASH_WRITER;
    std::string path = directory.string();
    std::string number = std::to_string(seed);
    const std::array<char*, 4> arguments = {program.data(), path.data(), number.data(), nullptr};
    EXPECT_EQ(::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() {
    if (pid_ > 0) kill();
    ::close(output_);
  }

  /// Reads acknowledgements for that long; the newest so far.
  std::uint64_t listen(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      pollfd ready{output_, POLLIN, 0};
      if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0 || !read_one())
        return acknowledged_;
    }
  }
  /// Waits for the first acknowledgement.
  std::uint64_t wait_for_first() {
    pollfd ready{output_, POLLIN, 0};
    EXPECT_EQ(::poll(&ready, 1, 30'000), 1);
    EXPECT_TRUE(read_one());
    return acknowledged_;
  }
  /// SIGKILL; then everything that it had still said before.
  std::uint64_t kill() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
    while (read_one()) {
    }
    return acknowledged_;
  }

 private:
  bool read_one() { return ::read(output_, &acknowledged_, sizeof acknowledged_) == sizeof acknowledged_; }

  pid_t pid_ = 0;
  int output_ = -1;
  std::uint64_t acknowledged_ = 0;
};

TEST(Crash, KillAtAnyMomentLosesNothingAcknowledged) {
  const testing::TempDirectory directory;
  std::mt19937 random(7);
  std::uint64_t last = 0;
  for (int round = 0; round < 15; ++round) {
    std::uint64_t acknowledged = 0;
    {
      Writer writer(directory.path(), round);
      writer.wait_for_first();
      writer.listen(std::chrono::milliseconds(random() % 120));
      acknowledged = writer.kill();
    }
    EXPECT_GT(acknowledged, last);
    const auto log = open_rocksdb_log({.directory = directory.path()});
    ASSERT_TRUE(log) << log.error().detail;
    EXPECT_GE((*log)->last_seq(), acknowledged) << "round " << round;
    const auto checked = check_log(**log);
    ASSERT_TRUE(checked) << checked.error().detail;
    EXPECT_EQ(*checked, (*log)->last_seq());
    last = (*log)->last_seq();
  }
}

TEST(Crash, AnotherProcessThatHoldsTheLogIsNamed) {
  const testing::TempDirectory directory;
  Writer writer(directory.path(), 1);
  writer.wait_for_first();
  const auto refused = open_rocksdb_log({.directory = directory.path()});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable) << refused.error().detail;
  writer.kill();
  EXPECT_TRUE(open_rocksdb_log({.directory = directory.path()}));
}

TEST(Crash, KillDuringCreationLeavesALogOrNothing) {
  for (int round = 0; round < 12; ++round) {
    const testing::TempDirectory directory;
    {
      Writer writer(directory.path() / "log", round);
      writer.listen(std::chrono::milliseconds(3 * round));
      writer.kill();
    }
    const auto log = open_rocksdb_log({.directory = directory.path() / "log"});
    ASSERT_TRUE(log) << log.error().detail;
    EXPECT_EQ(*check_log(**log), (*log)->last_seq());
  }
}

}  // namespace
}  // namespace esaas::store
