// The turn: what is looked at, what is appended, and what is done once it is durable.

#include "reconcilers/loop/controller.h"

#include <algorithm>
#include <utility>

#include "core/model/ids.h"
#include "core/model/task_state.h"
#include "reconcilers/effects/mesos/calls.h"
#include "reconcilers/loop/attribution.h"
#include "reconcilers/loop/holds.h"
#include "reconcilers/loop/mesos_intents.h"
#include "reconcilers/loop/repeats.h"
#include "reconcilers/reconcile.h"

namespace esaas::loop {
namespace {

/// How often one cluster is reconciled within one turn before the others have theirs: intents that were just sequenced
/// may make room for the next ones at once.
constexpr int kRoundsPerTurn = 8;
/// Events that may wait for the disk before commands are refused.
constexpr std::size_t kBacklogMax = 32'768;

/// The node whose place the intent builds on; empty for one that brings its own, or needs none.
std::string_view node_with_place(const event::Event& intent) {
  switch (intent.payload_case()) {
    case event::Event::kTaskLaunchIntended: return intent.task_launch_intended().node();
    case event::Event::kPlaceGrowthIntended: return intent.place_growth_intended().node();
    case event::Event::kVolumeGrowthIntended: return intent.volume_growth_intended().node();
    case event::Event::kPlaceGrowthReleaseIntended: return intent.place_growth_release_intended().node();
    default: return {};
  }
}

}  // namespace

Controller::Controller(ControllerOptions options, state::FleetState state, const store::EventLog& log,
                       store::LogWriter& writer, PublishedState& published, Ports& ports)
    : options_(std::move(options)),
      versions_(options_.settings.catalogue.versions()),
      kibanas_(options_.settings.kibana.defaults()),
      plugins_(options_.settings.catalogue.plugins()),
      log_(log),
      ports_(ports),
      sequencer_(std::move(state), writer, published, ports),
      task_reconciliation_(mesos::Reconciliation::Kind::kTasks, options_.reconciliation),
      operation_reconciliation_(mesos::Reconciliation::Kind::kOperations, options_.reconciliation),
      digest_work_(options_.digest_period) {}

Controller::~Controller() = default;

void Controller::start(Time now) {
  event::Event event;
  event.mutable_controller_started()->set_version(options_.version);
  event.mutable_controller_started()->set_term(state().head.leader_term() + 1);
  append_fleet(std::move(event), event::ACTOR_KIND_CONTROLLER, now);
  stopped_reason_ = state().head.framework_stopped();
  digest_work_.begin(now);
  for (const auto& [name, cluster] : state().clusters) {
    schedule_.mark_dirty(name);
    schedule_.polls.set(name, now);
  }
  sequencer_.when_durable([this] {
    if (!stopped_reason_.empty()) return;
    // One that is named becomes the log's only when a master has answered to it: it may be mistyped.
    const std::string& known = state().head.framework_id();
    ports_.mesos_start(known.empty() ? options_.framework_id : known, roles());
  });
}

std::vector<std::string> Controller::roles() const {
  std::vector<std::string> names;
  for (const auto& tenant : state().head.tenants()) names.push_back(model::role_of_tenant(tenant.name()));
  return names;
}

void Controller::append_fleet(event::Event event, event::ActorKind actor, Time now) {
  event.mutable_actor()->set_kind(actor);
  sequencer_.sequence(std::move(event), now);
}

void Controller::attribute(event::Event& event, const state::Cluster& cluster, event::ActorKind actor,
                           std::uint64_t cause_seq) const {
  event.set_cluster(cluster.name());
  event.set_tenant(cluster.tenant());
  if (event.operation_id().empty() && !is_of_a_policy(event)) event.set_operation_id(cluster.active_operation());
  event.mutable_actor()->set_kind(actor);
  if (event.cause_seq() != 0) return;
  const bool is_of_another = !event.operation_id().empty() && event.operation_id() != cluster.active_operation();
  const state::Operation* operation = is_of_another ? state().find_operation(event.operation_id()) : nullptr;
  event.set_cause_seq(operation != nullptr ? operation->started_seq() : cause_seq);
}

void Controller::append(const std::string& cluster_name, std::vector<event::Event> events, event::ActorKind actor,
                        std::uint64_t cause_seq, Time now) {
  if (events.empty()) return;
  const state::Cluster* cluster = state().find_cluster(cluster_name);
  if (cluster == nullptr) return;
  // All before the first is folded: one of them may end the operation, or the cluster.
  for (event::Event& event : events) attribute(event, *cluster, actor, cause_seq);
  for (event::Event& event : events) sequencer_.sequence(std::move(event), now);
  start_next(cluster_name, now);
}

void Controller::start_next(const std::string& cluster_name, Time now) {
  schedule_.mark_dirty(cluster_name);
  schedule_.unchanged.erase(cluster_name);
  const state::Cluster* cluster = state().find_cluster(cluster_name);
  if (cluster == nullptr) {
    schedule_.forget(cluster_name);
    observations_.erase(cluster_name);
    answered_at_.erase(cluster_name);
    proxies_.erase(cluster_name);
    std::erase_if(companions_, [&](const auto& item) { return item.first.starts_with(cluster_name + "/"); });
    setting_answers_.erase(cluster_name);
    plugins_before_.erase(cluster_name);
    repeats_.forget_all(cluster_name + "/");
    return;
  }
  if (cluster->queued_operations().empty()) return;
  const command::Context context{.now = now,
                                 .caller = {},
                                 .next_seq = sequencer_.next_seq(),
                                 .versions = &versions_,
                                 .plugins = &plugins_};
  for (event::Event& event : command::start_next_operation(state(), *cluster, context)) {
    sequencer_.sequence(std::move(event), now);
  }
}

std::optional<Time> Controller::turn(Time now) {
  for (const std::string& name : schedule_.checks.take_due(now)) schedule_.mark_dirty(name);
  reconcile_with_mesos(now);
  check_ledger(now);
  check_digest(now);
  reconcile_dirty(now);
  settle_offers(now);
  settle_quotas(now);
  poll_due(now);
  sequencer_.flush();

  std::optional<Time> next = schedule_.checks.next();
  const auto sooner = [&next](std::optional<Time> other) {
    if (other && (!next || *other < *next)) next = other;
  };
  sooner(schedule_.polls.next());
  if (writable_) sooner(digest_work_.next(state(), sequencer_.durable_seq()));
  if (connected_ && !ledger_check_) sooner(ledger_due_);
  sooner(next_revive());
  if (connected_) {
    sooner(quota_work_.next(state()));
    sooner(task_reconciliation_.next_wake());
    sooner(operation_reconciliation_.next_wake());
  }
  return next;
}

void Controller::reconcile_dirty(Time now) {
  if (!stopped_reason_.empty()) return;  // fenced or torn down: nothing may act
  for (const std::string& name : schedule_.take_dirty()) {
    int round = 0;
    while (round < kRoundsPerTurn && reconcile_once(name, now)) ++round;
    if (round == kRoundsPerTurn) schedule_.checks.set(name, now);  // go on in the next turn
  }
}

reconcile::Input Controller::input_of(const state::Cluster& cluster, const reconcile::OfferSet& offers,
                                      Time now) const {
  const auto observation = observations_.find(cluster.name());
  const auto proxies = proxies_.find(cluster.name());
  const auto answers = setting_answers_.find(cluster.name());
  const auto plugins = plugins_before_.find(cluster.name());
  return {.cluster = cluster,
          .operation = state().find_operation(cluster.active_operation()),
          .side_operations = side_operations_of(state(), cluster),
          .tenant = state().find_tenant(cluster.tenant()),
          .observation = observation == observations_.end() ? nullptr : &observation->second,
          .proxies = proxies == proxies_.end() ? nullptr : &proxies->second,
          .offers = offers,
          .ledger = ledger_of(cluster.name()),
          .setting_answers = answers == setting_answers_.end() ? std::span<const reconcile::SettingAnswer>{}
                                                               : std::span(answers->second),
          .plugins_changed = plugins == plugins_before_.end() ? nullptr : &plugins->second.changed,
          .settings = options_.settings,
          .now = now,
          .next_seq = sequencer_.next_seq(),
          .incarnation = options_.incarnation};
}

/// The state has what is wanted, and the log what was before an operation changed it: it is right behind its start.
void Controller::learn_plugins_before(const state::Cluster& cluster) {
  const state::Operation* active = state().find_operation(cluster.active_operation());
  const bool changes_plugins =
      active != nullptr && (active->request().has_install_plugin() || active->request().has_remove_plugin());
  const auto known = plugins_before_.find(cluster.name());
  if (known != plugins_before_.end()) {
    if (changes_plugins && known->second.operation == active->id()) return;
    plugins_before_.erase(known);
  }
  if (!changes_plugins || active->started_seq() >= sequencer_.durable_seq()) return;
  auto event = log_.read_one(active->started_seq() + 1);
  if (!event || !event->has_plugins_changed() || event->operation_id() != active->id()) return;
  plugins_before_[cluster.name()] = {.operation = active->id(),
                                     .changed = std::move(*event->mutable_plugins_changed())};
}

std::vector<const state::Operation*> Controller::side_operations_of(const state::FleetState& state,
                                                                    const state::Cluster& cluster) {
  std::vector<const state::Operation*> operations;
  for (const std::string& id : cluster.side_operations()) {
    if (const state::Operation* operation = state.find_operation(id)) operations.push_back(operation);
  }
  return operations;
}

bool Controller::reconcile_once(const std::string& name, Time now) {
  const state::Cluster* cluster = state().find_cluster(name);
  if (cluster == nullptr || sequencer_.backlog() > kBacklogMax) return false;
  const std::string role = model::role_of_tenant(cluster->tenant());
  const bool wants = connected_ && reconcile::wants_offers(*cluster, now);
  const reconcile::OfferSet& offers = wants ? offers_.of_role(role) : offers_.none();
  learn_plugins_before(*cluster);
  const reconcile::Plan plan = reconcile::reconcile(input_of(*cluster, offers, now));
  append_actions(name, plan, now);
  if (plan.next_check) {
    schedule_.checks.set(name, std::max(*plan.next_check, now + std::chrono::milliseconds{1}));
  } else {
    schedule_.checks.clear(name);
  }
  if (!plan.actions.empty()) return true;
  append_holds(name, plan, now);
  for (const event::Event& repeat : plan.repeats) repeat_effect(name, repeat, now);
  note_want(name, role, now);
  plan_poll(name, now);
  return false;
}

/// A plan asks for a repeat in every pass until it sees the effect: one that was just performed is given its time.
void Controller::repeat_effect(const std::string& name, const event::Event& intent, Time now) {
  const std::string key = name + "/" + effect_key(intent);
  const Duration pause = repeat_pause(options_.settings, intent);
  if (!repeats_.take(key, pause, now)) return;
  sequencer_.when_durable([this, name, intent] { perform(name, {intent}, std::nullopt); });
}

void Controller::append_actions(const std::string& name, const reconcile::Plan& plan, Time now) {
  for (const reconcile::Action& action : plan.actions) {
    std::optional<PooledOffer> offer;
    for (const event::Event& event : action.events) {
      const std::string* id = offer_id_of(event);
      if (id != nullptr && !id->empty() && !offer) offer = offers_.take(*id);
    }
    std::vector<event::Event> intents = action.events;
    std::uint64_t seq = sequencer_.next_seq();
    for (event::Event& intent : intents) intent.set_seq(seq++);
    append(name, action.events, event::ACTOR_KIND_CONTROLLER, cause_of(name), now);
    sequencer_.when_durable(
        [this, name, intents = std::move(intents), offer = std::move(offer)] { perform(name, intents, offer); });
  }
}

/// What the controller does on its own is caused by what is wanted: the start of the active operation, else the last
/// change of the cluster's desired state.
std::uint64_t Controller::cause_of(const std::string& name) const {
  const state::Cluster* cluster = state().find_cluster(name);
  if (cluster == nullptr) return 0;
  const state::Operation* operation = state().find_operation(cluster->active_operation());
  return operation != nullptr ? operation->started_seq() : cluster->revision();
}

void Controller::append_holds(const std::string& name, const reconcile::Plan& plan, Time now) {
  const state::Cluster* cluster = state().find_cluster(name);
  if (cluster == nullptr) return;
  auto changes = hold_changes(*cluster, plan.holds);
  if (changes.empty()) return;
  append(name, std::move(changes), event::ACTOR_KIND_CONTROLLER, cause_of(name), now);
  schedule_.unmark(name);  // a hold changes nothing that a plan depends on
}

const std::string* Controller::offer_id_of(const event::Event& event) {
  if (event.has_place_intended()) return &event.place_intended().offer_id();
  if (event.has_task_launch_intended()) return &event.task_launch_intended().offer_id();
  if (event.has_place_release_intended()) return &event.place_release_intended().offer_id();
  if (event.has_place_growth_intended()) return &event.place_growth_intended().offer_id();
  if (event.has_volume_growth_intended()) return &event.volume_growth_intended().offer_id();
  if (event.has_place_growth_release_intended()) return &event.place_growth_release_intended().offer_id();
  return nullptr;
}

void Controller::perform(const std::string& name, const std::vector<event::Event>& intents,
                         const std::optional<PooledOffer>& offer) {
  if (!stopped_reason_.empty()) return;
  const state::Cluster* cluster = state().find_cluster(name);
  if (offer) {
    const WireIdentity identity{.principal = options_.principal, .task_user = options_.task_user};
    auto call = accept_call(name, place_for(cluster, intents), intents, *offer, identity);
    ports_.mesos_send(call ? std::move(*call) : mesos::calls::decline({offer->view.id}, mesos::calls::Refusal{0}));
  }
  for (const event::Event& intent : intents) {
    if (intent.has_task_kill_intended()) {
      const auto& kill = intent.task_kill_intended();
      const state::Node* node = cluster == nullptr ? nullptr : state::find_node(*cluster, kill.node());
      ports_.mesos_send(kill_call(kill, node == nullptr ? std::string{} : node->task().agent_id()));
    } else if (cluster != nullptr) {
      perform_request(*cluster, intent);
    }
  }
}

/// The place that a launch or a growth within `intents` is for: the one intended beside it, or the node's own.
model::Place Controller::place_for(const state::Cluster* cluster, const std::vector<event::Event>& intents) {
  model::Place place;
  for (const event::Event& intent : intents) {
    if (intent.has_place_intended()) return intent.place_intended().place();
    const std::string_view name = node_with_place(intent);
    const state::Node* node = cluster == nullptr ? nullptr : state::find_node(*cluster, name);
    if (node != nullptr) place = node->place();
  }
  return place;
}

}  // namespace esaas::loop
