#include "reconcilers/loop/controller_host.h"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "core/state/fleet_state.h"
#include "reconcilers/effects/elasticsearch/client.h"
#include "reconcilers/effects/elasticsearch/requests.h"
#include "reconcilers/effects/haproxy/client.h"
#include "reconcilers/effects/kibana/client.h"
#include "reconcilers/effects/mesos/operator_client.h"
#include "reconcilers/loop/command_inbox.h"
#include "reconcilers/loop/dropped_secrets.h"
#include "reconcilers/loop/proxy_certificates.h"
#include "store/snapshots/snapshot_codec.h"

namespace esaas::loop {
namespace {

namespace asio = boost::asio;

/// Observations that somebody waits for, at once.
constexpr std::size_t kObservationsMax = 64;
constexpr Duration kFreeSpaceInterval = std::chrono::seconds{5};

Time system_now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

es::Target to_target(ClusterAddress address) {
  es::Target target{.cluster = std::move(address.cluster), .endpoints = {}};
  for (auto& [host, port] : address.nodes) target.endpoints.push_back({std::move(host), port});
  return target;
}

}  // namespace

class ControllerHost::Impl final : public Ports, public mesos::Client::Handler {
 public:
  Impl(HostConfig config, store::EventLog& log, store::SnapshotStore* snapshots, state::FleetState recovered)
      : config_(std::move(config)),
        log_(log),
        snapshots_(snapshots),
        snapshot_seq_(recovered.seq()),
        inbox_(config_.queued_commands_max),
        writer_(store::make_group_commit_writer(log)),
        elasticsearch_(io_, system_now),
        controller_(config_.controller, std::move(recovered), log, *writer_, published_, *this) {
    if (config_.proxy_tls != nullptr) proxies_.emplace(io_, *config_.proxy_tls);
    if (config_.secrets != nullptr) {
      published_.on_replaced([this](const PublishedState::Change& replaced) { erase_dropped_secrets(replaced); });
    }
  }

  // ---- Life ----

  void start() {
    asio::post(io_, [this] {
      check_free_space();
      controller_.start(system_now());
      run_turn();
    });
    thread_ = std::thread([this] { io_.run(); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    std::promise<void> settled;
    asio::post(io_, [this, &settled] {
      stopping_ = true;
      if (client_) client_->stop();
      run_turn();
      controller_.when_durable([this, &settled] {
        save_snapshot();
        settled.set_value();
      });
    });
    // A log that no longer answers must not keep the process from ending.
    settled.get_future().wait_for(std::chrono::seconds{30});
    io_.stop();
    thread_.join();
    snapshot_pool_.join();
  }

  // ---- Ports ----

  void mesos_start(const std::string& framework_id, const std::vector<std::string>& roles) override {
    config_.framework.id = framework_id;
    config_.framework.roles = roles;
    if (config_.mesos.masters.empty() && !config_.mesos.zookeeper) {
      write_note(Severity::kWarning, "no_mesos_master", {});
      return;
    }
    config_.mesos.refuses_beside_live_tasks = true;
    config_.mesos.takes_over = !framework_id.empty() && controller_.state().head.framework_id().empty();
    client_.emplace(io_, config_.mesos, *this);
    client_->start(mesos::framework_info(config_.framework));
  }

  void mesos_confirm_framework_id() override {
    if (client_) client_->confirm_framework_id_durable();
  }

  void mesos_send(mesos::wire::scheduler::Call call) override {
    if (client_ && client_->ready()) client_->send(std::move(call));
  }

  void mesos_set_roles(const std::vector<std::string>& roles) override {
    config_.framework.roles = roles;
    if (client_) client_->update_framework_info(mesos::framework_info(config_.framework));
  }

  void mesos_ask_agents() override {
    operator_.ask_agents([this](const Result<mesos::wire::master::Response::GetAgents>& agents) {
      controller_.agents_answered(agents, system_now());
      turn_soon();
    });
  }

  void mesos_update_quota(const std::string& tenant, std::uint64_t seq,
                          const mesos::wire::quota::QuotaConfig& config) override {
    operator_.update_quota(config, [this, tenant, seq](const Result<void>& outcome) {
      controller_.quota_answered(tenant, seq, outcome, system_now());
      turn_soon();
    });
  }

  void mesos_ask_quotas() override {
    operator_.ask_quota([this](const Result<mesos::wire::master::Response::GetQuota>& quotas) {
      controller_.quotas_answered(quotas, system_now());
      turn_soon();
    });
  }

  void elasticsearch_observe(ClusterAddress address, reconcile::Questions questions) override {
    std::string name = address.cluster;
    elasticsearch_.observe(to_target(std::move(address)), std::move(questions), config_.elasticsearch_timeout,
                           [this, name = std::move(name)](reconcile::Observation observation) {
                             controller_.observed(name, std::move(observation), system_now());
                             turn_soon();
                           });
  }

  void elasticsearch_put(ClusterAddress address, event::Event intent) override {
    es::SettingRequest request = es::setting_request(intent, address.version);
    std::string name = address.cluster;
    elasticsearch_.put_setting(to_target(std::move(address)), std::move(request), config_.elasticsearch_timeout,
                               [this, name = std::move(name), intent = std::move(intent)](const Result<void>& outcome) {
                                 controller_.setting_answered(name, intent, outcome, system_now());
                                 turn_soon();
                               });
  }

  void elasticsearch_request(ClusterAddress address, event::Event intent) override {
    const auto& payload = intent.elasticsearch_request_intended();
    std::string name = address.cluster;
    elasticsearch_.request(to_target(std::move(address)), {payload.method(), payload.path(), payload.body()},
                           config_.elasticsearch_request_timeout,
                           [this, name = std::move(name), seq = intent.seq()](const Result<es::RequestAnswer>& answer) {
                             controller_.request_answered(name, seq, answer, system_now());
                             turn_soon();
                           });
  }

  void proxy_follow(CompanionAddress address, model::ProxyAccess access, event::Event intent) override {
    const std::uint64_t seq = intent.seq();
    haproxy::Question question{.host = address.host, .port = address.port, .only_asks = seq == 0};
    question.admit = [this, task = address.task_id](const std::string& fingerprint) {
      return certificates_.admit(task, fingerprint);
    };
    question.orders = orders_for(address.cluster, access, intent.servers_intended());
    auto answered = [this, address = std::move(address), seq](const Result<haproxy::Answer>& answer) {
      Result<ProxyAnswer> heard = ProxyAnswer{};
      if (answer) {
        heard = ProxyAnswer{answer->sessions, answer->up};
      } else {
        heard = std::unexpected(answer.error());
      }
      controller_.proxy_answered(address.cluster, address.node, seq, heard, system_now());
      turn_soon();
    };
    if (proxies_) return proxies_->follow(std::move(question), config_.companion_timeout, std::move(answered));
    asio::post(io_, [answered = std::move(answered)] {
      answered(fail(ErrorCode::kUnavailable, "The controller has no key to talk to proxies with."));
    });
  }

  void kibana_ask(CompanionAddress address) override {
    kibana::ask_status(io_, address.host, address.port, config_.companion_timeout,
                       [this, address](const Result<void>& answer) {
                         controller_.kibana_answered(address.cluster, address.node, answer, system_now());
                         turn_soon();
                       });
  }

  /// On the thread that writes snapshots, which waits for the disk as well.
  void digest_sign(event::DigestSigned asked) override {
    asio::post(snapshot_pool_, [this, asked = std::move(asked)]() mutable {
      Result<store::SignedDigest> outcome = fail(ErrorCode::kUnavailable, "there is no store for the key that signs");
      if (config_.secrets != nullptr) outcome = store::sign_digest(log_, *config_.secrets, std::move(asked));
      post([this, outcome = std::move(outcome)] { controller_.digest_signed(outcome, system_now()); });
    });
  }

  void post(std::function<void()> function) override {
    asio::post(io_, [this, function = std::move(function)] {
      function();
      turn_soon();
    });
  }

  void fatal(const Error& error) override {
    write_note(Severity::kError, "commit_failed", {{"why", error.detail}});
    config_.on_fatal(error);
    std::abort();  // on_fatal does not return; if it did, somebody would be told what is not on disk
  }

  void note(std::string_view what, std::vector<std::pair<std::string_view, std::string>> fields) override {
    std::vector<std::pair<std::string, std::string>> copied;
    for (auto& [name, value] : fields) copied.emplace_back(name, std::move(value));
    write_note(Severity::kWarning, what, std::move(copied));
  }

  // ---- mesos::Client::Handler ----

  void subscribed(const mesos::Client::Event::Subscribed& event, bool confirmation_needed) override {
    write_note(Severity::kInfo, "mesos_subscribed", {{"framework_id", event.framework_id().value()}});
    config_.framework.id = event.framework_id().value();
    controller_.mesos_subscribed(event, confirmation_needed, system_now());
    turn_soon();
  }
  void event(const mesos::Client::Event& event) override {
    controller_.mesos_event(event, system_now());
    turn_soon();
  }
  void event_skipped(const std::string& why) override {
    write_note(Severity::kWarning, "mesos_event_skipped", {{"why", why}});
  }
  void disconnected(const std::string& why) override {
    write_note(Severity::kWarning, "mesos_disconnected", {{"why", why}});
    controller_.mesos_disconnected();
    turn_soon();
  }
  void stopped(mesos::StopReason reason, const std::string& why) override {
    if (reason == mesos::StopReason::kRequested) {
      controller_.mesos_disconnected();
      return;
    }
    const bool for_good = reason == mesos::StopReason::kFrameworkRemoved;
    controller_.mesos_stopped(for_good, std::string(name_of(reason)) + ": " + why, system_now());
    turn_soon();
  }
  void call_failed(const mesos::Client::Call& call, const Error& error) override {
    write_note(Severity::kWarning, "mesos_call_failed",
               {{"call", mesos::wire::scheduler::Call::Type_Name(call.type())}, {"why", error.detail}});
  }

  void master_note(const std::string& text) override {
    write_note(Severity::kInfo, "mesos_master", {{"what", text}});
    turn_soon();
  }

  // ---- Front ----

  void submit(std::vector<Submission> submissions, Answers answers) {
    CommandInbox::Item item{std::move(submissions), std::move(answers)};
    switch (inbox_.put(item)) {
      case CommandInbox::Put::kFirst: asio::post(io_, [this] { take_commands(); }); return;
      case CommandInbox::Put::kBehindOthers: return;
      case CommandInbox::Put::kFull: break;
    }
    std::vector<Result<Accepted>> refused(
        item.submissions.size(),
        fail(ErrorCode::kResourceExhausted, "too many commands wait for the controller", "", "queued_commands_max"));
    item.answers(std::move(refused));
  }

  void preview(Submission submission, std::function<void(Result<Preview>)> answer) {
    asio::post(io_, [this, submission = std::move(submission), answer = std::move(answer)] {
      controller_.preview(submission, answer, system_now());
    });
  }

  void ledger(std::function<void(Result<reconcile::Ledger>)> answer) {
    asio::post(
        io_, [this, answer = std::move(answer)]() mutable { controller_.ask_ledger(std::move(answer), system_now()); });
  }

  void sign_digest(command::Caller caller, std::function<void(Result<std::uint64_t>)> answer) {
    asio::post(io_, [this, caller = std::move(caller), answer = std::move(answer)]() mutable {
      controller_.ask_digest(caller, std::move(answer));
      turn_soon();
    });
  }

  void observe(std::string cluster, reconcile::Questions questions,
               std::function<void(Result<reconcile::Observation>)> answer) {
    asio::post(
        io_, [this, cluster = std::move(cluster), questions = std::move(questions),
              answer = std::move(answer)]() mutable { observe_now(cluster, std::move(questions), std::move(answer)); });
  }

  [[nodiscard]] const PublishedState& published() const { return published_; }

  [[nodiscard]] ControllerStatus status() const {
    const std::lock_guard lock(status_mutex_);
    ControllerStatus status = status_;
    status.queued_commands = inbox_.queued();
    return status;
  }

 private:
  void observe_now(const std::string& name, reconcile::Questions questions,
                   std::function<void(Result<reconcile::Observation>)> answer) {
    const auto cluster = published_.cluster(name);
    if (!cluster) return answer(fail(ErrorCode::kNotFound, "there is no cluster " + name));
    ClusterAddress address = Controller::address_of(*cluster);
    if (address.nodes.empty()) return answer(fail(ErrorCode::kUnavailable, "no node of cluster " + name + " runs"));
    if (observations_under_way_ >= kObservationsMax) {
      return answer(fail(ErrorCode::kResourceExhausted, "too many ask Elasticsearch", "", "observations_max"));
    }
    ++observations_under_way_;
    elasticsearch_.observe(
        to_target(std::move(address)), std::move(questions), config_.elasticsearch_timeout,
        [this, name, answer = std::move(answer)](reconcile::Observation observation) {
          --observations_under_way_;
          if (observation.health.status() != model::HEALTH_STATUS_UNKNOWN) {
            return answer(std::move(observation));
          }
          answer(fail(ErrorCode::kUnavailable, "no node of cluster " + name + " answers what Elasticsearch is asked"));
        });
  }

  /// On the thread that writes snapshots too: erasing writes files anew. What a crash leaves is erased at the next
  /// start.
  void erase_dropped_secrets(const PublishedState::Change& replaced) {
    auto dropped = dropped_secrets(replaced, published_);
    if (dropped.empty()) return;
    asio::post(snapshot_pool_, [this, dropped = std::move(dropped)] {
      const auto erased = config_.secrets->erase_unless(
          [&](std::string_view id, std::uint32_t version) { return !dropped.contains({std::string(id), version}); });
      if (!erased) write_note(Severity::kWarning, "secrets_not_erased", {{"why", erased.error().detail}});
      if (erased && *erased > 0) write_note(Severity::kInfo, "secrets_erased", {{"count", std::to_string(*erased)}});
    });
  }

  /// Whoever names a secret in a request names one of this cluster, or none.
  Result<std::string> digest_for(const std::string& cluster, const model::ProxyUser& user) const {
    if (config_.secrets == nullptr) return fail(ErrorCode::kUnavailable, "there are no secrets");
    if (!user.secret_id().starts_with("proxy/" + cluster + "/")) {
      return fail(ErrorCode::kPermissionDenied, user.secret_id() + " is no secret of cluster " + cluster);
    }
    return config_.secrets->get(user.secret_id(), user.secret_version());
  }

  /// A user whose secret is not to be had can not come in.
  haproxy::Orders orders_for(const std::string& cluster, const model::ProxyAccess& access,
                             const event::ServersIntended& intended) {
    haproxy::Orders orders{.asks_for_users = !access.users().empty()};
    for (const event::ProxyServer& server : intended.servers()) {
      orders.servers.push_back({.node = server.node(),
                                .backend = server.kind(),
                                .address = server.host(),
                                .port = server.port(),
                                .drained = server.drained()});
    }
    for (const model::ProxyUser& user : access.users()) {
      auto digest = digest_for(cluster, user);
      if (digest) {
        orders.digests.insert(std::move(*digest));
      } else {
        write_note(Severity::kWarning, "secret_missing", {{"user", user.name()}, {"why", digest.error().detail}});
      }
    }
    orders.networks.insert(access.allowed().begin(), access.allowed().end());
    return orders;
  }

  void take_commands() {
    const Time now = system_now();
    for (CommandInbox::Item& item : inbox_.take_all()) {
      controller_.submit(std::move(item.submissions), std::move(item.answers), now);
    }
    run_turn();
  }

  /// One turn for everything that happened since the last.
  void turn_soon() {
    if (std::exchange(turn_planned_, true)) return;
    asio::post(io_, [this] { run_turn(); });
  }

  void run_turn() {
    turn_planned_ = false;
    const auto next = controller_.turn(system_now());
    publish_status();
    if (config_.snapshot_events != 0 && controller_.durable_seq() >= snapshot_seq_ + config_.snapshot_events) {
      save_snapshot();
    }
    if (!next || stopping_) return;
    timer_.expires_after(std::max<Duration>(*next - system_now(), Duration{0}));
    timer_.async_wait([this](const boost::system::error_code& ended) {
      if (!ended) run_turn();
    });
  }

  void publish_status() {
    const std::lock_guard lock(status_mutex_);
    status_.log_writable = writable_;
    status_.mesos_connected = controller_.mesos_connected();
    status_.mesos_problem = client_ ? name_of(client_->problem()) : "not_started";
    status_.framework_id = controller_.state().head.framework_id();
    status_.stopped_reason = controller_.stopped_reason();
    status_.durable_seq = controller_.durable_seq();
    status_.sequenced_seq = controller_.state().seq();
    status_.leader_term = controller_.state().head.leader_term();
    status_.ledger_lines = controller_.newest_ledger().by_status;
  }

  void check_free_space() {
    if (config_.free_space) {
      const auto enough = store::check_reserve(config_.free_space, config_.free_space_reserve_bytes);
      if (writable_ != enough.has_value()) {
        writable_ = enough.has_value();
        write_note(writable_ ? Severity::kInfo : Severity::kError, writable_ ? "log_writable" : "log_read_only",
                   {{"why", enough ? "" : enough.error().detail}});
      }
      controller_.set_writable(writable_);
    }
    free_space_timer_.expires_after(kFreeSpaceInterval);
    free_space_timer_.async_wait([this](const boost::system::error_code& ended) {
      if (!ended) check_free_space();
    });
  }

  /// Encodes now, and writes on a thread of its own once all of it is durable. One at a time.
  void save_snapshot() {
    if (snapshots_ == nullptr || snapshot_under_way_ || controller_.state().seq() == 0) return;
    snapshot_under_way_ = true;
    auto snapshot = std::make_shared<store::Snapshot>();
    snapshot->seq = controller_.state().seq();
    snapshot->fleet = state::encode(controller_.state());
    snapshot_seq_ = snapshot->seq;
    controller_.when_durable(
        [this, snapshot] { asio::post(snapshot_pool_, [this, snapshot] { write_snapshot(*snapshot); }); });
  }

  void write_snapshot(store::Snapshot& snapshot) {
    const auto hash = log_.hash_of(snapshot.seq);
    Result<void> saved = hash ? Result<void>{} : std::unexpected(hash.error());
    if (hash) {
      snapshot.hash = *hash;
      saved = snapshots_->save(snapshot);
    }
    if (!saved) write_note(Severity::kWarning, "snapshot_failed", {{"why", saved.error().detail}});
    snapshot_under_way_ = false;
  }

  void write_note(Severity severity, std::string_view what, std::vector<std::pair<std::string, std::string>> fields) {
    if (config_.note) config_.note(severity, what, std::move(fields));
  }

  HostConfig config_;
  store::EventLog& log_;
  store::SnapshotStore* snapshots_;
  std::uint64_t snapshot_seq_;
  CommandInbox inbox_;
  PublishedState published_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  asio::steady_timer timer_{io_};
  asio::steady_timer free_space_timer_{io_};
  asio::thread_pool snapshot_pool_{1};
  std::unique_ptr<store::LogWriter> writer_;
  es::Client elasticsearch_;
  std::optional<haproxy::Client> proxies_;
  ProxyCertificates certificates_{config_.secrets};
  std::optional<mesos::Client> client_;
  mesos::OperatorClient operator_{io_, [this] { return client_ ? client_->leading_master() : std::nullopt; }};
  Controller controller_;
  std::size_t observations_under_way_ = 0;
  bool turn_planned_ = false;
  bool stopping_ = false;
  bool writable_ = true;
  std::atomic<bool> snapshot_under_way_ = false;
  mutable std::mutex status_mutex_;
  ControllerStatus status_;
  std::thread thread_;
};

ControllerHost::ControllerHost(HostConfig config, store::EventLog& log, store::SnapshotStore* snapshots,
                               state::FleetState recovered)
    : impl_(std::make_unique<Impl>(std::move(config), log, snapshots, std::move(recovered))) {}

ControllerHost::~ControllerHost() { impl_->stop(); }

void ControllerHost::start() { impl_->start(); }
void ControllerHost::stop() { impl_->stop(); }

void ControllerHost::submit(std::vector<Submission> submissions, Answers answers) {
  impl_->submit(std::move(submissions), std::move(answers));
}
void ControllerHost::preview(Submission submission, std::function<void(Result<Preview>)> answer) {
  impl_->preview(std::move(submission), std::move(answer));
}
void ControllerHost::observe(std::string cluster, reconcile::Questions questions,
                             std::function<void(Result<reconcile::Observation>)> answer) {
  impl_->observe(std::move(cluster), std::move(questions), std::move(answer));
}
void ControllerHost::sign_digest(command::Caller caller, std::function<void(Result<std::uint64_t>)> answer) {
  impl_->sign_digest(std::move(caller), std::move(answer));
}
void ControllerHost::ledger(std::function<void(Result<reconcile::Ledger>)> answer) { impl_->ledger(std::move(answer)); }
std::shared_ptr<const state::Cluster> ControllerHost::cluster(std::string_view name) const {
  return impl_->published().cluster(name);
}
FleetView ControllerHost::fleet() const { return impl_->published().fleet(); }
Picture ControllerHost::picture() const { return impl_->published().picture(); }
std::shared_ptr<const state::Fleet> ControllerHost::head() const { return impl_->published().head(); }
std::shared_ptr<const state::Operation> ControllerHost::operation(std::string_view id) const {
  return impl_->published().operation(id);
}
std::vector<std::shared_ptr<const state::Operation>> ControllerHost::operations() const {
  return impl_->published().operations();
}
std::vector<std::string> ControllerHost::tenants() const { return impl_->published().tenants(); }
std::shared_ptr<const state::Tenant> ControllerHost::tenant(std::string_view name) const {
  return impl_->published().tenant(name);
}
std::optional<TokenView> ControllerHost::token(std::string_view hash) const { return impl_->published().token(hash); }
std::vector<std::shared_ptr<const state::Token>> ControllerHost::tokens() const { return impl_->published().tokens(); }
ControllerStatus ControllerHost::status() const { return impl_->status(); }

}  // namespace esaas::loop
