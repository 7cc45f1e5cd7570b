#include "tests/simulation/controller_process.h"

#include <fmt/format.h>

#include "core/base/assert.h"
#include "store/snapshots/recovery.h"
#include "tests/simulation/elasticsearch_link.h"
#include "tests/simulation/mesos_link.h"
#include "tests/simulation/proxy_link.h"

namespace esaas::simulation {
namespace {

/// A snapshot of the fold is taken this often, in events.
constexpr std::uint64_t kSnapshotEvery = 97;

}  // namespace

ControllerProcess::ControllerProcess(test::SimulationClock& clock, store::MemoryEventLog& log, Ledger& ledger,
                                     Journal& journal, loop::ControllerOptions options, Hooks hooks)
    : clock_(clock),
      log_(log),
      ledger_(ledger),
      journal_(journal),
      options_(std::move(options)),
      hooks_(std::move(hooks)) {}

void ControllerProcess::connect(MesosLink& mesos, ElasticsearchLink& elasticsearch, ProxyLink& proxies) {
  mesos_ = &mesos;
  proxies_ = &proxies;
  elasticsearch_ = &elasticsearch;
}

/// The state as a start finds it, and the check that all ways to it end at the same bytes.
state::FleetState ControllerProcess::recover() {
  auto recovered = store::recover(log_, nullptr, {.verify_chain = true});
  ESAAS_ASSERT(recovered.has_value(), recovered ? "" : recovered.error().detail);
  const std::string folded = state::encode(recovered->fleet);
  if (folded != state::encode(ledger_.state())) journal_.violate("the fold of the log is not the fold of its appends");
  if (!snapshot_.empty()) {
    auto from_snapshot = state::decode_fleet(snapshot_);
    ESAAS_ASSERT(from_snapshot.has_value(), "a snapshot decodes");
    auto cursor = log_.read(from_snapshot->seq() + 1);
    ESAAS_ASSERT(cursor.has_value(), "the log reads");
    for (auto event = (*cursor)->next(); event && *event != nullptr; event = (*cursor)->next()) {
      state::evolve(*from_snapshot, **event);
    }
    if (state::encode(*from_snapshot) != folded) journal_.violate("snapshot and tail do not fold to the whole log");
    return std::move(*from_snapshot);
  }
  return std::move(recovered->fleet);
}

void ControllerProcess::start() {
  ESAAS_ASSERT(!running(), "one process at a time");
  ++epoch_;
  writer_ = std::make_unique<FaultyLogWriter>(
      clock_, log_,
      FaultyLogWriter::Hooks{.fault = hooks_.append_fault,
                             .durable = [this](const event::Event& event) { durable(event); },
                             .crash =
                                 [this] {
                                   clock_.after(Duration{0}, [this, epoch = epoch_] {
                                     if (epoch == epoch_) crash("at an append", std::chrono::seconds{2});
                                   });
                                 },
                             .delay = hooks_.append_delay});
  auto options = options_;
  options.reconciliation.jitter_seed = epoch_;
  options.incarnation = "life" + std::to_string(epoch_);
  controller_ = std::make_unique<loop::Controller>(std::move(options), recover(), log_, *writer_, published_, *this);
  controller_->set_writable(writable_);
  controller_->start(clock_.now());
  turn_soon();
}

void ControllerProcess::durable(const event::Event& event) {
  hooks_.durable(event);
  ledger_.take(event);
  if (event.seq() % kSnapshotEvery == 0) snapshot_ = state::encode(ledger_.state());
}

void ControllerProcess::crash(const std::string& why, Duration down) {
  if (!running()) return;
  journal_.note(fmt::format("CRASH {} at event {} of {} sequenced", why, log_.last_seq(), controller_->state().seq()));
  controller_.reset();
  writer_.reset();
  ++epoch_;  // callbacks of the dead process find that they are late
  turn_due_ = false;
  if (alarm_) clock_.cancel(*alarm_);
  alarm_.reset();
  mesos_->process_ended();
  elasticsearch_->process_ended();
  proxies_->process_ended();
  clock_.after(down, [this] { start(); });
}

void ControllerProcess::input(const std::function<void(loop::Controller&)>& input) {
  if (!running()) return;
  input(*controller_);
  turn_soon();
}

void ControllerProcess::set_writable(bool writable) {
  writable_ = writable;
  input([&](loop::Controller& controller) { controller.set_writable(writable); });
}

void ControllerProcess::turn_soon() {
  if (std::exchange(turn_due_, true)) return;
  clock_.after(Duration{0}, [this, epoch = epoch_] {
    if (epoch == epoch_ && running()) turn();
  });
}

void ControllerProcess::turn() {
  turn_due_ = false;
  const std::optional<Time> next = controller_->turn(clock_.now());
  if (alarm_) clock_.cancel(*alarm_);
  alarm_.reset();
  if (!next) return;
  alarm_ = clock_.at(*next, [this, epoch = epoch_] {
    if (epoch != epoch_) return;
    alarm_.reset();
    turn_soon();
  });
}

void ControllerProcess::mesos_start(const std::string& framework_id, const std::vector<std::string>& roles) {
  mesos_->start(framework_id, roles);
}
void ControllerProcess::mesos_confirm_framework_id() { mesos_->confirm(); }
void ControllerProcess::mesos_send(mesos::wire::scheduler::Call call) { mesos_->send(std::move(call)); }
void ControllerProcess::mesos_set_roles(const std::vector<std::string>& roles) { mesos_->set_roles(roles); }

void ControllerProcess::mesos_ask_agents() { mesos_->ask_agents(); }
void ControllerProcess::mesos_update_quota(const std::string& tenant, std::uint64_t seq,
                                           const mesos::wire::quota::QuotaConfig& config) {
  mesos_->update_quota(tenant, seq, config);
}
void ControllerProcess::mesos_ask_quotas() { mesos_->ask_quotas(); }

void ControllerProcess::elasticsearch_observe(loop::ClusterAddress address, reconcile::Questions questions) {
  elasticsearch_->observe(std::move(address), std::move(questions));
}

void ControllerProcess::elasticsearch_put(loop::ClusterAddress address, event::Event intent) {
  if (!ledger_.setting_intended(intent)) journal_.violate("a setting is sent before its intent is durable");
  elasticsearch_->put(std::move(address), std::move(intent));
}

void ControllerProcess::elasticsearch_request(loop::ClusterAddress address, event::Event intent) {
  if (intent.seq() == 0 || intent.seq() > log_.last_seq()) {
    journal_.violate("a request is sent before its intent is durable");
  }
  elasticsearch_->request(std::move(address), std::move(intent));
}

void ControllerProcess::proxy_follow(loop::CompanionAddress address, model::ProxyAccess, event::Event intent) {
  if (intent.seq() > log_.last_seq()) journal_.violate("a proxy is told before the intent is durable");
  proxies_->follow(std::move(address), std::move(intent));
}

void ControllerProcess::kibana_ask(loop::CompanionAddress address) {
  clock_.after(std::chrono::milliseconds{5}, [this, epoch = epoch_, address = std::move(address)] {
    if (epoch != epoch_) return;
    input([&](loop::Controller& controller) {
      controller.kibana_answered(address.cluster, address.node, {}, clock_.now());
    });
  });
}

/// The key is of this process alone: a simulation keeps no secrets.
void ControllerProcess::digest_sign(event::DigestSigned asked) {
  clock_.after(std::chrono::milliseconds{20}, [this, epoch = epoch_, asked = std::move(asked)] {
    if (epoch != epoch_) return;
    input([&](loop::Controller& controller) {
      controller.digest_signed(store::sign_digest(log_, secrets_, asked), clock_.now());
    });
  });
}

void ControllerProcess::post(std::function<void()> function) {
  clock_.after(Duration{0}, [this, epoch = epoch_, function = std::move(function)] {
    if (epoch != epoch_ || !running()) return;
    function();
    turn_soon();
  });
}

void ControllerProcess::fatal(const Error& error) {
  clock_.after(Duration{0}, [this, epoch = epoch_, detail = error.detail] {
    if (epoch == epoch_) crash("fatal: " + detail, std::chrono::seconds{2});
  });
}

void ControllerProcess::note(std::string_view what, std::vector<std::pair<std::string_view, std::string>> fields) {
  if (!journal_.verbose()) return;
  std::string text(what);
  for (const auto& [name, value] : fields) text += fmt::format(" {}={}", name, value);
  journal_.note(std::move(text));
}

}  // namespace esaas::simulation
