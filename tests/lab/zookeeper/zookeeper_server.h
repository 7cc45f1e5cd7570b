#pragma once
// A real ZooKeeper server for a test in C++, on loopback and a free port, with a data directory of its own. It is
// fetched as zookeeper_lab.py says. Not thread-safe; the destructor ends the server and removes its files.

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "reconcilers/effects/mesos/endpoint.h"

namespace esaas::mesos::testing {

/// What it takes to start a server.
struct ZookeeperProgram {
  std::string java;
  std::string classpath;
  std::string missing;  ///< not empty: why there is none here
};
/// Asked once in a process.
const ZookeeperProgram& zookeeper_program();

class ZookeeperServer {
 public:
  ZookeeperServer();
  ~ZookeeperServer();
  ZookeeperServer(const ZookeeperServer&) = delete;
  ZookeeperServer& operator=(const ZookeeperServer&) = delete;

  /// Waits until it answers; false with a line on stderr when it does not.
  bool start();
  /// The same on another port, where nobody looks for it: sessions expire while it runs there. `endpoint` stays.
  bool start_elsewhere();
  /// As a crash would. What was acknowledged is kept for the next start.
  void kill();
  /// Neither sessions nor znodes of before are known to the next start.
  void forget_all();

  [[nodiscard]] Endpoint endpoint() const { return {"127.0.0.1", port_}; }

 private:
  bool start_on(std::uint16_t port);
  static bool answers(std::uint16_t port);

  std::filesystem::path root_;
  std::uint16_t port_ = 0;
  std::optional<pid_t> pid_;
};

}  // namespace esaas::mesos::testing
