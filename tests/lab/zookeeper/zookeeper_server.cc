#include "tests/lab/zookeeper/zookeeper_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>
#include <vector>

namespace esaas::mesos::testing {
namespace {

constexpr auto kStartTimeout = std::chrono::seconds(30);

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(socket);
  return ntohs(address.sin_port);
}

ZookeeperProgram find_program() {
  ZookeeperProgram program;
  FILE* pipe = ::popen("python3 " ESAAS_SOURCE_DIR "/tests/lab/zookeeper/zookeeper_lab.py classpath", "r");
  if (pipe == nullptr) {
    program.missing = "python3 cannot be started";
    return program;
  }
  std::string text;
  std::array<char, 4096> piece{};
  while (const auto got = std::fread(piece.data(), 1, piece.size(), pipe)) text.append(piece.data(), got);
  if (::pclose(pipe) != 0) {
    program.missing = text.empty() ? "zookeeper_lab.py failed" : text;
    return program;
  }
  std::istringstream lines(text);
  std::getline(lines, program.java);
  std::getline(lines, program.classpath);
  return program;
}

}  // namespace

const ZookeeperProgram& zookeeper_program() {
  static const ZookeeperProgram kProgram = find_program();
  return kProgram;
}

ZookeeperServer::ZookeeperServer() : port_(free_port()) {
  std::string name = (std::filesystem::temp_directory_path() / "esaas-zookeeper-XXXXXX").string();
  root_ = ::mkdtemp(name.data());
}

ZookeeperServer::~ZookeeperServer() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

bool ZookeeperServer::start() { return start_on(port_); }
bool ZookeeperServer::start_elsewhere() { return start_on(free_port()); }

bool ZookeeperServer::start_on(std::uint16_t port) {
  const ZookeeperProgram& program = zookeeper_program();
  const std::string config = (root_ / "zoo.cfg").string();
  std::ofstream(config, std::ios::trunc) << "tickTime=200\nmaxSessionTimeout=20000\ndataDir="
                                         << (root_ / "data").string() << "\nclientPort=" << port
                                         << "\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n"
                                            "4lw.commands.whitelist=ruok\n";
  const std::string log = (root_ / "log").string();
  std::vector<std::string> words{program.java,
                                 "-Xmx64m",
                                 "-XX:+UseSerialGC",
                                 "-XX:TieredStopAtLevel=1",
                                 "-cp",
                                 program.classpath,
                                 "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                                 config};
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, program.java.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed == 0) pid_ = pid;
  const auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  while (failed == 0 && std::chrono::steady_clock::now() < deadline) {
    if (answers(port)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  std::cerr << "ZooKeeper did not start; its log:\n" << std::ifstream(log).rdbuf();
  return false;
}

void ZookeeperServer::kill() {
  if (!pid_) return;
  ::kill(*pid_, SIGKILL);
  ::waitpid(*pid_, nullptr, 0);
  pid_.reset();
}

void ZookeeperServer::forget_all() {
  std::error_code ignored;
  std::filesystem::remove_all(root_ / "data", ignored);
}

bool ZookeeperServer::answers(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = loopback(port);
  const timeval limit{.tv_sec = 1, .tv_usec = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  std::array<char, 8> text{};
  const bool well = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                    ::send(socket, "ruok", 4, MSG_NOSIGNAL) == 4 && ::recv(socket, text.data(), text.size(), 0) == 4;
  ::close(socket);
  return well && std::string_view(text.data(), 4) == "imok";
}

}  // namespace esaas::mesos::testing
