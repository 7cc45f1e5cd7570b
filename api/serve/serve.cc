#include "api/serve/serve.h"

#include <prometheus/registry.h>
#include <pthread.h>
#include <signal.h>

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>

#include "api/config/layout.h"
#include "api/config/load.h"
#include "api/http/listening.h"
#include "api/logging/log.h"
#include "api/routes/api_service.h"
#include "api/routes/event_feed.h"
#include "api/routes/fleet_gauges.h"
#include "api/routes/metrics.h"
#include "api/routes/read_pool.h"
#include "api/routes/sink_status.h"
#include "api/serve/backup_keeper.h"
#include "api/serve/budget_watch.h"
#include "api/serve/controller_identity.h"
#include "api/serve/embedded_process.h"
#include "api/serve/first_token.h"
#include "api/serve/past_keeper.h"
#include "api/serve/sinks.h"
#include "api/serve/wiring.h"
#include "core/model/ids.h"
#include "reconcilers/loop/sinks/runner.h"
#include "store/backup/backup_room.h"
#include "store/backup/restore.h"
#include "store/log/free_space.h"
#include "store/log/rocksdb_event_log.h"
#include "store/log/stoppable_log.h"
#include "store/secrets/references.h"
#include "store/secrets/secret_store.h"
#include "store/snapshots/past_states.h"
#include "store/snapshots/recovery.h"
#include "store/snapshots/snapshot_store.h"

namespace esaas::api {
namespace {

constexpr int kStartFailed = 1;
constexpr int kWrongConfig = 2;
constexpr int kCommitFailed = 70;  // EX_SOFTWARE
constexpr std::size_t kReadThreads = 2;
constexpr Duration kRestoredLately = std::chrono::hours(24 * 30);
/// Folded for one question about the past: about a second.
constexpr std::uint64_t kPastEventsFoldedMax = 1'000'000;

Time system_now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

log::Level level_of(loop::Severity severity) {
  switch (severity) {
    case loop::Severity::kInfo: return log::Level::kInfo;
    case loop::Severity::kWarning: return log::Level::kWarning;
    case loop::Severity::kError: return log::Level::kError;
  }
  return log::Level::kError;
}

[[noreturn]] void end_after_failed_commit(const Error& error) {
  log::error("ending", {{"why", error.detail}});
  std::_Exit(kCommitFailed);
}

/// All of one run. Members are in the order in which they depend on each other.
class Run {
 public:
  Run(config::Config config, MesosSecrets secrets, std::string version)
      : config_(std::move(config)), secrets_(std::move(secrets)), version_(std::move(version)) {}

  ~Run() {
    if (server_) server_->stop();
    if (reads_) reads_->finish();
    sinks_.reset();
    budgets_.reset();
    backups_.reset();
    if (host_) host_->stop();
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Result<void> start() {
    // Before anything is made or started: the embedded Mesos outlives a start that fails.
    ESAAS_CHECK(http::check_address_is_free(config_.http.address, config_.http.port));
    std::error_code failed;
    std::filesystem::create_directories(config_.data_dir, failed);
    if (failed) {
      return fail(ErrorCode::kInternal, "cannot make " + config_.data_dir.string() + ": " + failed.message(),
                  "data_dir");
    }
    ESAAS_TRY(log_, store::open_rocksdb_log({.directory = config::log_directory(config_.data_dir),
                                             .on_index_failure = [](const Error& why) {
                                               log::error("index_rebuild_failed", {{"why", why.detail}});
                                             }}));
    ESAAS_TRY(auto snapshots, store::SnapshotStore::open(config::snapshot_directory(config_.data_dir)));
    snapshots_.emplace(std::move(snapshots));
    ESAAS_TRY(store::Recovered recovered, store::recover(*log_, &*snapshots_));
    for (const std::string& warning : recovered.warnings) log::warning("snapshot_not_used", {{"why", warning}});
    log::info("recovered", {{"seq", std::to_string(recovered.fleet.seq())},
                            {"snapshot_seq", std::to_string(recovered.stats.snapshot_seq)},
                            {"events_folded", std::to_string(recovered.stats.events_folded)}});
    ESAAS_CHECK(check_framework(recovered.fleet));
    ESAAS_TRY(kept_secrets_, store::open_secret_store(config::secret_directory(config_.data_dir)));
    ESAAS_CHECK(forget_secrets(recovered.fleet));
    ESAAS_TRY(loop::HostConfig host, host_config());
    auto& controller = host_.emplace(std::move(host), *log_, &*snapshots_, std::move(recovered.fleet));
    controller.start();
    const auto token_file = config::admin_token_file(config_.data_dir);
    ESAAS_TRY(const bool made, ensure_first_token(controller, token_file, system_now()));
    if (made) log::info("first_admin_token_written", {{"file", token_file.string()}});
    return serve_http(controller);
  }

 private:
  /// The one that is named is for a log that knows none; what this log knows are the tasks of another.
  Result<void> check_framework(const state::FleetState& fleet) const {
    const std::string& known = fleet.head.framework_id();
    const std::string& named = config_.mesos.framework_id;
    if (named.empty() || known.empty() || named == known) return {};
    return fail(ErrorCode::kInvalidArgument,
                "mesos.framework_id is " + named + ", and the log in " + config_.data_dir.string() +
                    " is of framework " + known + ": leave it out, or name another data_dir",
                "mesos.framework_id");
  }

  /// What nothing refers to any more: of users that are gone, of passwords that were changed. But a log that was
  /// restored may be taken for a newer one again, whose secrets these are.
  Result<void> forget_secrets(const state::FleetState& fleet) {
    std::error_code ignored;
    std::filesystem::remove(config::secret_directory(config_.data_dir) / store::kUnfinished, ignored);
    ESAAS_TRY(const bool is_restored, store::was_restored_within(*log_, kRestoredLately, system_now()));
    if (is_restored) return {};
    const auto needed = store::secrets_of(fleet);
    ESAAS_TRY(const std::size_t erased, kept_secrets_->erase_unless([&](std::string_view id, std::uint32_t version) {
      return is_of_the_controller(id) || needed.contains({std::string(id), version});
    }));
    if (erased > 0) log::info("secrets_erased", {{"count", std::to_string(erased)}});
    return {};
  }

  Result<loop::HostConfig> host_config() {
    loop::HostConfig host = host_config_of(config_, secrets_, version_);
    ESAAS_TRY(const auto identity, ensure_controller_identity(*kept_secrets_));
    ESAAS_TRY(proxy_tls_, haproxy::client_context(identity));
    host.controller.settings.haproxy.controller_certificate = identity.certificate;
    host.proxy_tls = proxy_tls_.get();
    host.secrets = kept_secrets_.get();
    host.controller.incarnation = model::incarnation_of(system_now());
    if (config_.mesos.embedded) {
      ESAAS_TRY(const std::uint16_t port,
                find_or_start_embedded_mesos(config_.mesos, config::embedded_mesos_directory(config_.data_dir)));
      host.mesos.masters = {{"127.0.0.1", port}};
    }
    if (config_.mesos.tls) {
      ESAAS_TRY(host.mesos.tls, trust(config_.mesos.ca_file));
    }
    host.note = [](loop::Severity severity, std::string_view what, const log::Fields& fields) {
      log::write(level_of(severity), what, fields);
    };
    host.on_fatal = end_after_failed_commit;
    return host;
  }

  /// The context lives as long as this.
  Result<boost::asio::ssl::context*> trust(const std::filesystem::path& ca_file) {
    namespace ssl = boost::asio::ssl;
    ssl::context& tls = tls_.emplace(ssl::context::tls_client);
    boost::system::error_code failed;
    if (ca_file.empty()) {
      tls.set_default_verify_paths(failed);
    } else {
      tls.load_verify_file(ca_file, failed);
    }
    if (!failed) tls.set_verify_mode(ssl::verify_peer, failed);
    if (!failed) return &tls;
    return fail(ErrorCode::kInvalidArgument, ca_file.string() + ": " + failed.message(), "mesos.ca_file");
  }

  sinks::Runner& start_sinks(loop::ControllerHost& controller) {
    sinks::RunnerOptions options;
    options.seed = static_cast<std::uint64_t>(to_us(system_now()));
    return sinks_.emplace(
        options, controller, *log_,
        [&secrets = *kept_secrets_](const model::Sink& sink) { return make_destination(sink, secrets); },
        [&log = *log_](const model::Sink& sink, const event::Event& event) { return render_for(sink, event, log); });
  }

  Result<void> keep_past_states() {
    store::PastStatesOptions options;
    options.directory = config::past_directory(config_.data_dir);
    options.folded_max = kPastEventsFoldedMax;
    ESAAS_TRY(past_states_, store::PastStates::open(*log_, options));
    // Well before commands are refused for it.
    const std::uint64_t spare_bytes = 2 * config_.free_space_reserve_mib * 1024 * 1024;
    past_keeper_.emplace(
        *past_states_,
        [probe = store::probe_file_system(config_.data_dir), spare_bytes] {
          return store::check_reserve(probe, spare_bytes);
        },
        [](const std::string& why) { log::warning("past_state_not_kept", {{"why", why}}); });
    return {};
  }

  /// The reserve is for the log: a backup on another disk need not leave it.
  [[nodiscard]] Result<void> check_backup_room() const {
    const auto& folder = config_.backup.folder;
    const std::uint64_t reserve_bytes = config_.free_space_reserve_mib * 1024 * 1024;
    return store::check_backup_room(*log_, folder, store::probe_file_system(store::existing_part_of(folder)),
                                    store::are_on_one_file_system(config_.data_dir, folder) ? reserve_bytes : 0);
  }

  Result<void> serve_http(loop::ControllerHost& controller) {
    const SinkProgress progress = [&runner = start_sinks(controller)](std::string_view sink) {
      return runner.progress(sink);
    };
    ESAAS_CHECK(keep_past_states());
    backups_.emplace(config_.backup, BackupGround{.front = controller,
                                                  .log = *log_,
                                                  .secrets = *kept_secrets_,
                                                  .now = system_now,
                                                  .check_room = [this] { return check_backup_room(); }});
    ReadPool& reads = reads_.emplace(kReadThreads);
    const store::EventLog& read_log = read_log_.emplace(*log_, reads.stop());
    EventFeed& feed = feed_.emplace(*log_);
    Metrics& metrics = metrics_.emplace(std::make_shared<prometheus::Registry>());
    add_gauges(metrics, controller);
    add_fleet_gauges(metrics, controller);
    add_sink_gauges(metrics, controller, *log_, progress);
    ApiService& service = service_.emplace(Foundation{.front = controller,
                                                      .log = read_log,
                                                      .reads = reads,
                                                      .feed = feed,
                                                      .metrics = metrics,
                                                      .limits = config_.http.limits,
                                                      .now = system_now,
                                                      .version = version_,
                                                      .secrets = kept_secrets_.get(),
                                                      .sink_progress = progress,
                                                      .backups = &*backups_,
                                                      .past_states = past_states_.get()});
    http::ServerSettings settings = server_settings_of(config_);
    settings.on_exception = [](std::string_view what) { log::error("request_failed", {{"why", std::string(what)}}); };
    http::Server& server = server_.emplace(std::move(settings), service);
    ESAAS_CHECK(server.start());
    budgets_.emplace(controller, *log_, config_.budget_check, system_now);
    log::info("serving", {{"address", config_.http.address}, {"port", std::to_string(server.port())}});
    return {};
  }

  void add_gauges(Metrics& metrics, const loop::ControllerHost& controller) {
    const auto gauge = [&](const char* name, const char* help, auto read) {
      metrics.add_gauge(name, help, [&controller, read] { return static_cast<double>(read(controller)); });
    };
    using Host = loop::ControllerHost;
    gauge("esaas_log_durable_seq", "The newest event that is on disk",
          [](const Host& host) { return host.status().durable_seq; });
    gauge("esaas_log_pending_events", "Events that are sequenced and not on disk", [](const Host& host) {
      const auto status = host.status();
      return status.sequenced_seq - status.durable_seq;
    });
    gauge("esaas_log_writable", "1 while commands are accepted",
          [](const Host& host) { return host.status().log_writable ? 1 : 0; });
    metrics.add_gauge("esaas_log_events_to_index", "Events of an older program that still lack index entries",
                      [this] { return static_cast<double>(log_->events_to_index()); });
    metrics.add_gauge("esaas_log_index_rebuild_failed", "1 when the last try to index them failed",
                      [this] { return log_->index_failure() ? 1.0 : 0.0; });
    gauge("esaas_mesos_connected", "1 while subscribed to a master",
          [](const Host& host) { return host.status().mesos_connected ? 1 : 0; });
    gauge("esaas_controller_queued_commands", "Commands that wait for the controller",
          [](const Host& host) { return host.status().queued_commands; });
    gauge("esaas_controller_leader_term", "Starts of a controller on this log",
          [](const Host& host) { return host.status().leader_term; });
    gauge("esaas_fleet_clusters", "Clusters that exist", [](const Host& host) { return host.fleet().clusters.size(); });
    metrics.add_gauge("esaas_http_connections", "Open connections",
                      [this] { return server_ ? static_cast<double>(server_->connections()) : 0.0; });
  }

  config::Config config_;
  MesosSecrets secrets_;
  std::string version_;
  std::optional<boost::asio::ssl::context> tls_;
  std::unique_ptr<boost::asio::ssl::context> proxy_tls_;
  std::unique_ptr<store::SecretStore> kept_secrets_;
  std::unique_ptr<store::DurableLog> log_;
  std::optional<store::SnapshotStore> snapshots_;
  std::unique_ptr<store::PastStates> past_states_;
  std::optional<PastKeeper> past_keeper_;
  std::optional<loop::ControllerHost> host_;
  std::optional<BackupKeeper> backups_;
  std::optional<BudgetWatch> budgets_;
  std::optional<sinks::Runner> sinks_;
  std::optional<ReadPool> reads_;
  std::optional<store::StoppableLog> read_log_;
  std::optional<EventFeed> feed_;
  std::optional<Metrics> metrics_;
  std::optional<ApiService> service_;
  std::optional<http::Server> server_;
};

/// Blocked in every thread that is made from now on, so that one thread can wait for them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return signals;
}

}  // namespace

int serve(const std::string& config_file, bool check_only, const std::string& version) {
  const auto environment = config::read_environment();
  auto config = config::load(config_file, environment);
  if (!config) {
    std::cerr << config::to_text(config.error(), config_file);
    return kWrongConfig;
  }
  auto secrets = read_secrets(config->mesos, environment);
  if (!secrets) {
    std::cerr << config::to_text(secrets.error(), config_file);
    return kWrongConfig;
  }
  if (check_only) {
    std::cout << config_file << " is right\n";
    return 0;
  }
  log::start(config->log.level, config->log.format);
  const sigset_t signals = block_signals();
  Run run(std::move(*config), std::move(*secrets), version);
  if (const auto started = run.start(); !started) {
    log::error("start_failed", {{"why", started.error().detail}});
    return kStartFailed;
  }
  int received = 0;
  sigwait(&signals, &received);
  log::info("stopping", {{"signal", std::to_string(received)}});
  return 0;
}

}  // namespace esaas::api
