#include "reconcilers/embedded/main_loop.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/base/hash.h"
#include "reconcilers/embedded/durable_file.h"
#include "reconcilers/embedded/front/engine.h"
#include "reconcilers/embedded/front/http_front.h"
#include "reconcilers/embedded/runner/process_runner.h"

namespace esaas::embedded {
namespace {

namespace fs = std::filesystem;

Time wall_clock() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

void complain(const std::string& text) { std::fprintf(stderr, "embedded-mesos: %s\n", text.c_str()); }

HostFacts host_facts(const fs::path& folder) {
  HostFacts facts;
  const auto pages = static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES));
  facts.mem_mib = pages * static_cast<std::int64_t>(::sysconf(_SC_PAGESIZE)) >> 20U;
  std::error_code error;
  if (const auto space = fs::space(folder, error); !error) {
    facts.disk_free_mib = static_cast<std::int64_t>(space.available >> 20U);
  }
  return facts;
}

/// A name for the master that no other installation has; the state keeps it from the first start on.
std::string new_master_id() {
  std::random_device source;
  std::string bytes;
  for (int count = 0; count < 4; ++count) {
    const unsigned value = source();
    for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(value >> shift & 0xffU);
  }
  std::string text = to_hex(bytes);
  for (const std::size_t place : {20U, 16U, 12U, 8U}) text.insert(place, "-");
  return text;
}

std::vector<std::string> supervisor_of(const EmbeddedConfig& config) {
  if (!config.supervisor.empty()) return config.supervisor;
  std::error_code error;
  return {fs::read_symlink("/proc/self/exe", error).string(), "task-supervisor"};
}

/// Everything of one run, in the order in which it depends on each other.
class Process {
 public:
  explicit Process(const EmbeddedConfig& config) : config_(config), timer_(io_), signals_(io_, SIGTERM, SIGINT) {}

  Result<void> start() {
    std::error_code error;
    fs::create_directories(config_.work_dir, error);
    const fs::path folder = fs::canonical(config_.work_dir, error);
    if (error) {
      return fail(ErrorCode::kInternal, "cannot use " + config_.work_dir.string() + ": " + error.message());
    }
    const EmbeddedConfig config = with_defaults(config_, host_facts(folder));
    ESAAS_TRY(StateFile file, StateFile::open(folder));
    ESAAS_TRY(const std::uint16_t port, choose_port(config, folder));
    ESAAS_TRY(engine_, Engine::open(model_options(config, port), agents_of(config), std::move(file), hooks()));
    runner_ = std::make_unique<ProcessRunner>(
        io_, RunnerOptions{WorkFolders(folder), supervisor_of(config), config.task_user},
        [this](const TaskKey& task, const TaskReport& report) { engine_->report(task, report); });
    engine_->start(*runner_);
    if (engine_->failed()) return fail(ErrorCode::kInternal, "the state cannot be saved");
    ESAAS_CHECK(listen(config, port));
    ESAAS_CHECK(replace_file(folder / "pid", std::to_string(::getpid()) + "\n"));
    ESAAS_CHECK(replace_file(folder / "port", std::to_string(port) + "\n"));
    signals_.async_wait([this](const boost::system::error_code& fault, int) {
      if (!fault) io_.stop();
    });
    std::fprintf(stderr, "embedded-mesos: %u agents, listening on %s:%u, work in %s\n", config.agents,
                 config.listen_address.c_str(), static_cast<unsigned>(port), folder.c_str());
    return {};
  }

  int run() {
    io_.run();
    if (front_) front_->stop();
    return engine_->failed() ? 1 : 0;
  }

 private:
  /// With port 0 a free one is taken once and kept for later starts, so that frameworks find their way back.
  static Result<std::uint16_t> choose_port(const EmbeddedConfig& config, const fs::path& folder) {
    if (config.listen_port != 0) return config.listen_port;
    const auto kept = read_file(folder / "port");
    if (kept) {
      const int port = std::atoi(kept->value_or("").c_str());
      if (port > 0 && port < 65536) return static_cast<std::uint16_t>(port);
    }
    boost::asio::io_context io;
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(config.listen_address, error);
    if (error) return fail(ErrorCode::kInvalidArgument, "'" + config.listen_address + "' is not an address", "listen");
    boost::asio::ip::tcp::acceptor probe(io);
    probe.open(boost::asio::ip::tcp::v4(), error);
    if (!error) probe.bind({address, 0}, error);
    if (error) return fail(ErrorCode::kUnavailable, "there is no free port: " + error.message());
    return probe.local_endpoint().port();
  }

  static ModelOptions model_options(const EmbeddedConfig& config, std::uint16_t port) {
    ModelOptions options;
    options.master_id = new_master_id();
    options.hostname = config.listen_address;
    options.port = port;
    options.heartbeat_interval = config.heartbeat;
    options.allocation_interval = config.allocation_interval;
    return options;
  }

  Engine::Hooks hooks() {
    Engine::Hooks hooks;
    hooks.clock = wall_clock;
    hooks.due_changed = [this](std::optional<Time> due) { wake_at(due); };
    hooks.failed = [this](const Error& error) {
      complain("the state cannot be saved, so this ends: " + error.detail);
      io_.stop();
    };
    return hooks;
  }

  Result<void> listen(const EmbeddedConfig& config, std::uint16_t port) {
    FrontOptions options;
    options.address = config.listen_address;
    options.port = port;
    if (!config.principal.empty()) options.credentials = FrontCredentials{config.principal, config.secret};
    front_ = std::make_unique<HttpFront>(io_, *engine_, std::move(options));
    ESAAS_TRY([[maybe_unused]] const std::uint16_t bound, front_->listen());
    return {};
  }

  void wake_at(std::optional<Time> due) {
    if (!due) return;
    // Not longer than this: when the wall clock is set, nothing waits for hours.
    constexpr Duration kSleepMax = std::chrono::seconds(5);
    timer_.expires_after(std::clamp(*due - wall_clock(), Duration(0), kSleepMax));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) engine_->tick();
    });
  }

  const EmbeddedConfig& config_;
  boost::asio::io_context io_;
  boost::asio::steady_timer timer_;
  boost::asio::signal_set signals_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<ProcessRunner> runner_;
  std::unique_ptr<HttpFront> front_;
};

}  // namespace

int run_embedded_mesos(const EmbeddedConfig& config) {
  if (const auto mistakes = check(config); !mistakes.empty()) {
    for (const std::string& each : mistakes) complain(each);
    return 2;
  }
  ::umask(022);
  ::signal(SIGPIPE, SIG_IGN);
  Process process(config);
  if (const auto started = process.start(); !started) {
    complain(started.error().detail);
    return 1;
  }
  return process.run();
}

}  // namespace esaas::embedded
