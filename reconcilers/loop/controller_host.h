#pragma once
// ControllerHost: the Controller with a thread, a clock and sockets. It implements Front for the API's threads, and
// Ports for the controller with the Mesos client, the Elasticsearch client and the log writer.
//
// Threads: everything of the controller, both clients included, runs on one thread of the host's own; the log writer
// has another, and snapshots are written on a third. Front's methods may be called from any thread. Lifetime: the log
// and the snapshot store outlive the host. Answers that are still awaited when the host stops never come: stop the HTTP
// server first.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/state/fleet_state.h"
#include "reconcilers/effects/mesos/client.h"
#include "reconcilers/effects/mesos/resources.h"
#include "reconcilers/loop/controller.h"
#include "reconcilers/loop/front.h"
#include "store/log/event_log.h"
#include "store/log/free_space.h"
#include "store/secrets/secret_store.h"
#include "store/snapshots/snapshot_store.h"

namespace esaas::loop {

enum class Severity : std::uint8_t { kInfo, kWarning, kError };

struct HostConfig {
  ControllerOptions controller;
  mesos::ClientConfig mesos;       ///< no masters: the controller runs without Mesos, and says so
  mesos::FrameworkSpec framework;  ///< id and roles are filled in from the state
  std::uint64_t snapshot_events = 100'000;
  std::uint64_t free_space_reserve_bytes = 0;
  store::SpaceProbe free_space;  ///< null: never below the reserve
  std::size_t queued_commands_max = 16'384;
  Duration elasticsearch_timeout = std::chrono::seconds{5};
  /// Of a request that changes something: Elasticsearch may have to read or write a repository before it answers.
  Duration elasticsearch_request_timeout = std::chrono::seconds{30};
  /// Of one conversation with a companion.
  Duration companion_timeout = std::chrono::seconds{3};
  /// For conversations with proxies (haproxy::client_context); null: there are none. Outlives the host.
  boost::asio::ssl::context* proxy_tls = nullptr;
  /// What the events only refer to; null: nothing. What nothing refers to any more is erased. Outlives the host.
  store::SecretStore* secrets = nullptr;
  /// For the program's log; any thread. May be null.
  std::function<void(Severity, std::string_view, std::vector<std::pair<std::string, std::string>>)> note;
  /// A commit failed: what was sequenced is lost and the process has to end at once. Must not return.
  std::function<void(const Error&)> on_fatal;
};

class ControllerHost final : public Front {
 public:
  /// `recovered` is the fold of all of `log`. `snapshots` may be null: none are written.
  ControllerHost(HostConfig config, store::EventLog& log, store::SnapshotStore* snapshots, state::FleetState recovered);
  /// Stops, if that has not been done.
  ~ControllerHost() override;

  /// Begins the leader term and subscribes. Call once.
  void start();
  /// Leaves Mesos without ending the framework (its tasks go on), lets what is sequenced become durable, writes a last
  /// snapshot, and ends the threads.
  void stop();

  void submit(std::vector<Submission> submissions, Answers answers) override;
  void preview(Submission submission, std::function<void(Result<Preview>)> answer) override;
  void ledger(std::function<void(Result<reconcile::Ledger>)> answer) override;
  void observe(std::string cluster, reconcile::Questions questions,
               std::function<void(Result<reconcile::Observation>)> answer) override;
  void sign_digest(command::Caller caller, std::function<void(Result<std::uint64_t>)> answer) override;
  [[nodiscard]] std::shared_ptr<const state::Cluster> cluster(std::string_view name) const override;
  [[nodiscard]] FleetView fleet() const override;
  [[nodiscard]] Picture picture() const override;
  [[nodiscard]] std::shared_ptr<const state::Fleet> head() const override;
  [[nodiscard]] std::shared_ptr<const state::Operation> operation(std::string_view id) const override;
  [[nodiscard]] std::vector<std::shared_ptr<const state::Operation>> operations() const override;
  [[nodiscard]] std::vector<std::string> tenants() const override;
  [[nodiscard]] std::shared_ptr<const state::Tenant> tenant(std::string_view name) const override;
  [[nodiscard]] std::optional<TokenView> token(std::string_view hash) const override;
  [[nodiscard]] std::vector<std::shared_ptr<const state::Token>> tokens() const override;
  [[nodiscard]] ControllerStatus status() const override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace esaas::loop
