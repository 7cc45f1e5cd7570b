#include "api/serve/embedded_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace esaas::api {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kStartTimeout{30'000};
constexpr milliseconds kProbeInterval{20};
constexpr std::size_t kShownOutput = 2'000;

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The embedded Mesos holds this lock as long as it lives.
bool is_held(const fs::path& work_dir) {
  const int lock = ::open((work_dir / "lock").c_str(), O_RDWR | O_CLOEXEC);
  if (lock < 0) return false;
  const bool held = ::flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(lock);
  return held;
}

/// The port that it wrote down, if something listens there.
std::uint16_t listening_port(const fs::path& work_dir) {
  const std::string text = read_text(work_dir / "port");
  std::uint16_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  if (port == 0) return 0;
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket socket(io);
  boost::system::error_code failed;
  socket.connect({boost::asio::ip::address_v4::loopback(), port}, failed);
  return failed ? 0 : port;
}

std::vector<std::string> arguments(const config::MesosConfig& config, const fs::path& work_dir) {
  const config::EmbeddedMesosConfig& embedded = config.embedded_mesos;
  std::vector<std::string> result{"esaas",
                                  "embedded-mesos",
                                  "--work-dir",
                                  work_dir.string(),
                                  "--listen",
                                  "127.0.0.1:" + std::to_string(embedded.port),
                                  "--agents",
                                  std::to_string(embedded.agents),
                                  "--first-agent-address",
                                  embedded.first_agent_address,
                                  "--first-port",
                                  std::to_string(embedded.first_port),
                                  "--ports",
                                  std::to_string(embedded.ports),
                                  "--racks",
                                  std::to_string(embedded.racks),
                                  "--zones",
                                  std::to_string(embedded.zones),
                                  "--task-user",
                                  config.task_user};
  const auto add = [&result](const char* name, const std::string& value) {
    result.emplace_back(name);
    result.push_back(value);
  };
  const auto add_cpus = [&add](const char* name, std::uint32_t milli) {
    if (milli == 0) return;
    add(name, std::to_string(milli / 1000) + "." + std::to_string(1000 + milli % 1000).substr(1));
  };
  add_cpus("--agent-cpus", embedded.cpus_milli);
  add_cpus("--agent-revocable-cpus", embedded.revocable_cpus_milli);
  if (embedded.mem_mib != 0) add("--agent-mem", std::to_string(embedded.mem_mib));
  if (embedded.disk_mib != 0) add("--agent-disk", std::to_string(embedded.disk_mib));
  if (embedded.revocable_mem_mib != 0) add("--agent-revocable-mem", std::to_string(embedded.revocable_mem_mib));
  return result;
}

/// In a session of its own, so that what ends `serve` does not end it.
Result<pid_t> spawn(std::vector<std::string> words, const fs::path& output) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // `serve` blocks the signals that it waits for; whoever it starts must not inherit that.
  sigset_t none;
  sigemptyset(&none);
  sigset_t all;
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    return fail(ErrorCode::kInternal, std::string("cannot start the embedded Mesos: ") + std::strerror(failed));
  }
  return pid;
}

std::string end_of(const fs::path& output) {
  const std::string text = read_text(output);
  return text.size() <= kShownOutput ? text : text.substr(text.size() - kShownOutput);
}

}  // namespace

Result<std::uint16_t> find_or_start_embedded_mesos(const config::MesosConfig& config, const fs::path& work_dir) {
  std::error_code failed;
  fs::create_directories(work_dir, failed);
  if (failed) return fail(ErrorCode::kInternal, "cannot make " + work_dir.string() + ": " + failed.message());
  const fs::path output = work_dir / "output";
  pid_t child = 0;
  if (!is_held(work_dir)) {
    fs::remove(work_dir / "pid", failed);  // of one that ended
    ESAAS_TRY(child, spawn(arguments(config, work_dir), output));
  }
  for (const auto deadline = steady_clock::now() + kStartTimeout; steady_clock::now() < deadline;) {
    if (is_held(work_dir)) {
      if (const std::uint16_t port = listening_port(work_dir); port != 0) return port;
    }
    int status = 0;
    if (child != 0 && ::waitpid(child, &status, WNOHANG) == child) {
      return fail(ErrorCode::kUnavailable, "the embedded Mesos ended at once: " + end_of(output));
    }
    std::this_thread::sleep_for(kProbeInterval);
  }
  return fail(ErrorCode::kDeadlineExceeded, "the embedded Mesos did not answer within 30 s: see " + output.string());
}

}  // namespace esaas::api
