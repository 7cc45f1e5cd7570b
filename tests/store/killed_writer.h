#pragma once
// A process that appends to a log until it is killed (crash_writer.cc). What includes this defines ESAAS_CRASH_WRITER,
// the path of its program.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <string>

namespace esaas::store::testing {

/// The writer of crash_writer.cc as a child process.
class KilledWriter {
 public:
  KilledWriter(const std::filesystem::path& directory, int seed) {
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
  KilledWriter(const KilledWriter&) = delete;
  KilledWriter& operator=(const KilledWriter&) = delete;
  ~KilledWriter() {
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

}  // namespace esaas::store::testing
