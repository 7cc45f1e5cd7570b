#include "reconcilers/embedded/runner/process_identity.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace esaas::embedded {
namespace {

struct Stat {
  char state = '?';
  int group = 0;
  std::uint64_t start_ticks = 0;
};

std::optional<Stat> read_stat(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The name may hold anything, so what counts begins behind the last parenthesis: state is field 3.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(line.substr(name_end + 1));
  std::vector<std::string> fields(20);  // 3 to 22
  for (std::string& field : fields) {
    if (!(rest >> field)) return std::nullopt;
  }
  Stat stat;
  stat.state = fields[0][0];
  const auto number = [](const std::string& text, auto& value) {
    return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
  };
  if (!number(fields[2], stat.group) || !number(fields[19], stat.start_ticks)) return std::nullopt;
  return stat;
}

std::string boot_id() {
  static const std::string id = [] {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string text;
    std::getline(file, text);
    return text;
  }();
  return id;
}

bool is_same(const ProcessId& process) {
  if (process.boot_id() != boot_id()) return false;
  const auto stat = read_stat(process.pid());
  return stat && stat->start_ticks == process.start_ticks();
}

}  // namespace

std::optional<ProcessId> identify(int pid) {
  const auto stat = read_stat(pid);
  if (!stat) return std::nullopt;
  ProcessId process;
  process.set_pid(pid);
  process.set_start_ticks(stat->start_ticks);
  process.set_boot_id(boot_id());
  return process;
}

bool is_running(const ProcessId& process) {
  if (process.boot_id() != boot_id()) return false;
  const auto stat = read_stat(process.pid());
  return stat && stat->start_ticks == process.start_ticks() && stat->state != 'Z' && stat->state != 'X';
}

int open_process(const ProcessId& process) {
  if (process.pid() <= 0) return -1;
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, process.pid(), 0));
  if (fd < 0) return -1;
  // Checked after opening: from here on the descriptor cannot come to mean another process.
  if (is_same(process)) return fd;
  ::close(fd);
  return -1;
}

bool send_signal(int pidfd, int signal) { return ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0; }

int signal_group(const ProcessId& leader, int signal) {
  if (leader.boot_id() != boot_id()) return 0;
  int count = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    int pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc() || pid <= 0) continue;
    const auto belongs = [&] {
      const auto stat = read_stat(pid);
      const bool has_ended = stat && (stat->state == 'Z' || stat->state == 'X');
      return stat && !has_ended && stat->group == leader.pid() && stat->start_ticks >= leader.start_ticks();
    };
    if (!belongs()) continue;
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (fd < 0) continue;
    if (belongs() && send_signal(fd, signal)) ++count;
    ::close(fd);
  }
  return count;
}

}  // namespace esaas::embedded
