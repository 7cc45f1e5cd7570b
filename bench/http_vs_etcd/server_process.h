#pragma once
// A server that the bench starts and ends by its pid. Its output goes to a file. Not thread-safe.

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace esaas::bench {

class ServerProcess {
 public:
  /// Starts `arguments` (the first is the program, looked up in PATH).
  static Result<ServerProcess> start(const std::vector<std::string>& arguments, const std::filesystem::path& output);
  ServerProcess(ServerProcess&& other) noexcept;
  ServerProcess& operator=(ServerProcess&&) = delete;
  /// SIGTERM, and after five seconds SIGKILL.
  ~ServerProcess();

  /// Waits until `ready` answers true; an error when the server ended before or `limit` passed.
  Result<void> wait_until(const std::function<bool()>& ready, std::chrono::seconds limit);

 private:
  ServerProcess(pid_t pid, std::filesystem::path output) : pid_(pid), output_(std::move(output)) {}
  pid_t pid_;
  std::filesystem::path output_;
};

/// A TCP port of the loopback that was free just now.
std::uint16_t free_port();

}  // namespace esaas::bench
