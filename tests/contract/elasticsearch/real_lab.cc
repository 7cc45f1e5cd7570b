// The lab on real nodes: each a process of its own on its own 127.0.0.x address, in a sandbox as an agent makes it.

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "core/base/assert.h"
#include "tests/contract/elasticsearch/lab.h"
#include "tests/contract/elasticsearch/plain_http.h"

namespace esaas::contract {
namespace {

namespace fs = std::filesystem;

/// The standard output of a command that ended well, without its last line feed.
Result<std::string> run(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return fail(ErrorCode::kUnavailable, "cannot run " + command);
  std::string output;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), size);
  if (::pclose(pipe) != 0) return fail(ErrorCode::kUnavailable, command + " failed");
  while (!output.empty() && output.back() == '\n') output.pop_back();
  return output;
}

class RealLab final : public Lab {
 public:
  RealLab(fs::path folder, std::string version, std::string java_home)
      : folder_(std::move(folder)), version_(std::move(version)), java_home_(std::move(java_home)) {}
  ~RealLab() override {
    for (const auto& [index, pid] : pids_) end(pid);
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  void kill(std::uint32_t index) override {
    end(pids_.at(index));
    pids_.erase(index);
  }

  LabAnswer http(std::uint32_t index, std::string_view method, std::string_view target,
                 std::string_view body) override {
    const Address address = address_of(index);
    return plain_http(address.host, address.http_port, method, target, body, std::chrono::seconds{5});
  }

  void pass(Duration duration) override {
    ::poll(nullptr, 0, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(duration).count()));
  }

 protected:
  Address address_of(std::uint32_t index) override {
    Address& address = addresses_[index];
    if (address.host.empty()) {
      address.host = "127.0.71." + std::to_string(index + 1);
      address.http_port = free_port(address.host);
      address.transport_port = free_port(address.host);
    }
    return address;
  }

  [[nodiscard]] std::string java_home() const override { return java_home_; }
  [[nodiscard]] std::string version() const override { return version_; }

  void launch(std::uint32_t index, const model::LaunchSpec& spec) override {
    const fs::path sandbox = folder_ / ("node-" + std::to_string(index));
    fs::create_directories(sandbox / "data");
    const std::string home = "elasticsearch-" + version_;
    if (!fs::exists(sandbox / home)) {
      // Hard links: its security manager does not follow symbolic ones.
      fs::copy(folder_ / home, sandbox / home, fs::copy_options::recursive | fs::copy_options::create_hard_links);
    }
    if (::geteuid() == 0) hand_over(sandbox);
    const pid_t pid = ::fork();
    ESAAS_ASSERT(pid >= 0, "fork works");
    if (pid == 0) {
      ::setpgid(0, 0);
      if (::chdir(sandbox.c_str()) != 0 || std::freopen("stdout", "a", stdout) == nullptr) ::_exit(127);
      ::dup2(STDOUT_FILENO, STDERR_FILENO);
      if (::geteuid() == 0 && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) ::_exit(127);
      for (const auto& variable : spec.environment()) ::setenv(variable.name().c_str(), variable.value().c_str(), 1);
      ::execl("/bin/sh", "sh", "-c", spec.command().c_str(), nullptr);
      ::_exit(127);
    }
    pids_[index] = pid;
  }

 private:
  /// No node runs as root: later versions refuse to.
  static void hand_over(const fs::path& sandbox) {
    const auto give = [](const fs::path& path) {
      ESAAS_ASSERT(::lchown(path.c_str(), kNobody, kNobody) == 0, "the sandbox can be given away");
    };
    give(sandbox);
    for (const auto& entry : fs::directory_iterator(sandbox)) {
      if (entry.path().filename().string().starts_with("elasticsearch-")) continue;  // shared by all nodes
      give(entry.path());
      if (!entry.is_directory()) continue;
      for (const auto& below : fs::recursive_directory_iterator(entry)) give(below.path());
    }
  }

  static void end(pid_t pid) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }

  static constexpr uid_t kNobody = 65534;

  fs::path folder_;
  std::string version_;
  std::string java_home_;
  std::map<std::uint32_t, Address> addresses_;
  std::map<std::uint32_t, pid_t> pids_;
};

}  // namespace

Result<std::unique_ptr<Lab>> make_real_lab(const std::string& version) {
  const std::string repository = ESAAS_SOURCE_DIR;
  ESAAS_TRY(const std::string archive, run(repository + "/.ci/fetch-elasticsearch " + version + " 2>/dev/null"));
  ESAAS_TRY(const std::string java, run("bash -c '. " + repository + "/.ci/lib.sh && java_home' 2>/dev/null"));
  std::string name = (fs::temp_directory_path() / "esaas-contract-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return fail(ErrorCode::kUnavailable, "no temporary folder");
  ESAAS_CHECK(run("tar -xzf '" + archive + "' -C '" + name + "' && chmod -R a+rX '" + name + "'"));
  return std::make_unique<RealLab>(name, version, java);
}

}  // namespace esaas::contract
