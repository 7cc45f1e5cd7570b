#pragma once
// ControllerProcess: the program around the controller, in virtual time: it recovers the state from the log, runs turns
// when something came in or is due, and dies when it is told to. What survives its death is the log. One thread.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reconcilers/loop/controller.h"
#include "store/log/memory_event_log.h"
#include "tests/simulation/faulty_log_writer.h"
#include "tests/simulation/journal.h"
#include "tests/api/fake_secrets.h"
#include "tests/simulation/ledger.h"

namespace esaas::simulation {

class ElasticsearchLink;
class MesosLink;
class ProxyLink;

class ControllerProcess final : public loop::Ports {
 public:
  struct Hooks {
    std::function<AppendFault(const store::Batch&)> append_fault;
    std::function<Duration()> append_delay;
    std::function<void(const event::Event&)> durable;  ///< each event, before it is folded
  };

  ControllerProcess(test::SimulationClock& clock, store::MemoryEventLog& log, Ledger& ledger, Journal& journal,
                    loop::ControllerOptions options, Hooks hooks);

  /// All must outlive the process.
  void connect(MesosLink& mesos, ElasticsearchLink& elasticsearch, ProxyLink& proxies);

  /// Recovers and begins. Precondition: it does not run.
  void start();
  /// Ends at once, as by kill -9, and starts again after `down`.
  void crash(const std::string& why, Duration down);
  [[nodiscard]] bool running() const { return controller_ != nullptr; }
  /// Null while it does not run.
  [[nodiscard]] loop::Controller* controller() { return controller_.get(); }

  /// Gives the controller an input and lets it have its turn. Nothing happens while it does not run.
  void input(const std::function<void(loop::Controller&)>& input);
  void set_writable(bool writable);

  // ---- loop::Ports ----
  void mesos_start(const std::string& framework_id, const std::vector<std::string>& roles) override;
  void mesos_confirm_framework_id() override;
  void mesos_send(mesos::wire::scheduler::Call call) override;
  void mesos_set_roles(const std::vector<std::string>& roles) override;
  void mesos_ask_agents() override;
  void mesos_update_quota(const std::string& tenant, std::uint64_t seq,
                          const mesos::wire::quota::QuotaConfig& config) override;
  void mesos_ask_quotas() override;
  void elasticsearch_observe(loop::ClusterAddress address, reconcile::Questions questions) override;
  void elasticsearch_put(loop::ClusterAddress address, event::Event intent) override;
  void elasticsearch_request(loop::ClusterAddress address, event::Event intent) override;
  void proxy_follow(loop::CompanionAddress address, model::ProxyAccess access, event::Event intent) override;
  void kibana_ask(loop::CompanionAddress address) override;
  void digest_sign(event::DigestSigned asked) override;
  void post(std::function<void()> function) override;
  void fatal(const Error& error) override;
  void note(std::string_view what, std::vector<std::pair<std::string_view, std::string>> fields) override;

 private:
  void durable(const event::Event& event);
  state::FleetState recover();
  void turn_soon();
  void turn();

  test::SimulationClock& clock_;
  store::MemoryEventLog& log_;
  Ledger& ledger_;
  Journal& journal_;
  loop::ControllerOptions options_;
  Hooks hooks_;
  api::FakeSecrets secrets_;
  MesosLink* mesos_ = nullptr;
  ElasticsearchLink* elasticsearch_ = nullptr;
  ProxyLink* proxies_ = nullptr;
  std::uint64_t epoch_ = 0;
  bool writable_ = true;
  bool turn_due_ = false;
  std::optional<test::SimulationClock::Ticket> alarm_;
  std::string snapshot_;  // of the state as it was a while ago
  loop::PublishedState published_;
  std::unique_ptr<store::LogWriter> writer_;
  std::unique_ptr<loop::Controller> controller_;
};

}  // namespace esaas::simulation
