// Mesos: the subscription, offers, and reconciliation after it. What statuses lead to is in controller_feedback.cc.

#include <algorithm>
#include <utility>

#include "core/model/ids.h"
#include "core/model/task_state.h"
#include "reconcilers/effects/mesos/calls.h"
#include "reconcilers/loop/controller.h"
#include "reconcilers/loop/mesos_intents.h"
#include "reconcilers/loop/mesos_outcomes.h"
#include "reconcilers/reconcile.h"

namespace esaas::loop {
namespace {

namespace wire = mesos::wire;
namespace calls = mesos::calls;

calls::Refusal seconds(Duration duration) { return std::chrono::duration_cast<calls::Refusal>(duration); }

/// Changes whenever a cluster that waits for offers waits for something else (FNV-1a over what its nodes are up to).
std::uint64_t want_signature(const state::Cluster& cluster) {
  std::uint64_t hash = 14695981039346656037U;
  const auto mix = [&hash](std::uint64_t value) { hash = (hash ^ value) * 1099511628211U; };
  for (const state::Node& node : cluster.nodes()) {
    mix(node.added_seq());
    mix(static_cast<std::uint64_t>(node.place_status()));
    mix(static_cast<std::uint64_t>(node.task().state()));
    mix(node.attempt());
    mix(node.removing() ? 1 : 0);
    mix(static_cast<std::uint64_t>(node.growth().status()));
  }
  return hash;
}

/// Its task may be alive; or it ended on the agent where the node's data is, and the answer tells whether an operator
/// has declared that agent gone meanwhile: nothing else would.
bool is_worth_asking(const state::Node& node) {
  if (model::may_be_alive(node.task().state())) return true;
  return node.has_task() && node.place_status() == state::PLACE_STATUS_RESERVED &&
         node.place().agent_id() == node.task().agent_id();
}

}  // namespace

void Controller::mesos_subscribed(const wire::scheduler::Event::Subscribed& event, bool confirmation_needed, Time now) {
  connected_ = true;
  master_domain_ = event.master_info().domain();
  ledger_due_ = now + options_.ledger_period;
  quota_work_.compare_due = now;
  offers_.clear();
  schedule_.revived.clear();
  schedule_.revived_at.clear();
  if (state().head.framework_id() != event.framework_id().value()) {
    event::Event registered;
    registered.mutable_framework_registered()->set_framework_id(event.framework_id().value());
    append_fleet(std::move(registered), event::ACTOR_KIND_MESOS, now);
  }
  sequencer_.when_durable([this, confirmation_needed, now] {
    if (confirmation_needed) ports_.mesos_confirm_framework_id();
    // Not yet: intents in this same part are about to be sent. Asked about before their ACCEPT, the master would say
    // that it does not know them, and a task that is taken for gone and then launched would run beside its successor.
    reconciliation_wanted_ = true;
    // Filters do not survive a disconnection for certain, and orphans are seen only in offers: ask for all once.
    const auto all = roles();
    if (!all.empty()) ports_.mesos_send(calls::revive(all));
    for (const std::string& role : all) {
      schedule_.revived[role] = true;
      schedule_.revived_at[role] = now;
    }
  });
  for (const auto& [name, cluster] : state().clusters) schedule_.mark_dirty(name);
}

void Controller::mesos_disconnected() {
  connected_ = false;
  reconciliation_wanted_ = false;
  ledger_due_.reset();
  maintenance_.clear();
  ledger_ = {};  // what a master said is held for so only while it can be asked again
  quota_work_.compare_due.reset();
  offers_.clear();
  task_reconciliation_.abandon();
  operation_reconciliation_.abandon();
}

void Controller::mesos_stopped(bool for_good, const std::string& why, Time now) {
  mesos_disconnected();
  stopped_reason_ = why;
  ports_.note("framework_stopped", {{"why", why}});
  // A framework that was to be taken over is none of this log's yet: the next start may name another.
  if (!for_good || state().head.framework_id().empty()) return;
  event::Event event;
  event.mutable_framework_stopped()->set_reason(why);
  append_fleet(std::move(event), event::ACTOR_KIND_MESOS, now);
}

void Controller::mesos_event(const wire::scheduler::Event& event, Time now) {
  switch (event.type()) {
    case wire::scheduler::Event::OFFERS: take_offers(event.offers(), now); break;
    case wire::scheduler::Event::INVERSE_OFFERS: answer_maintenance(event.inverse_offers(), now); break;
    case wire::scheduler::Event::RESCIND: offers_.take(event.rescind().offer_id().value()); break;
    case wire::scheduler::Event::UPDATE: task_status(event.update().status(), now); break;
    case wire::scheduler::Event::UPDATE_OPERATION_STATUS:
      operation_status(event.update_operation_status().status(), now);
      break;
    case wire::scheduler::Event::FAILURE:
      // Not reliable and not ordered: the statuses of the agent's tasks tell what happened.
      ports_.note("mesos_failure", {{"agent", event.failure().agent_id().value()}});
      break;
    default: break;
  }
}

// ---- Offers ----

void Controller::take_offers(const wire::scheduler::Event::Offers& offers, Time now) {
  for (const auto& wire_offer : offers.offers()) {
    PooledOffer offer{.view = to_view(wire_offer, options_.principal, master_domain_), .wire = wire_offer};
    follow_moved_places(offer, now);
    for (const auto& part : offer.view.reserved) adopt_place(offer.view, part, wire_offer.resources(), now);
    if (!release_orphans(offer, now)) offers_.add(std::move(offer));
  }
  for (const auto& [role, clusters] : schedule_.wanting) {
    for (const std::string& name : clusters) schedule_.mark_dirty(name);
  }
}

void Controller::note_want(const std::string& name, const std::string& role, Time now) {
  const state::Cluster* cluster = state().find_cluster(name);
  auto& clusters = schedule_.wanting[role];
  if (cluster == nullptr || !reconcile::wants_offers(*cluster, now)) {
    clusters.erase(name);
    schedule_.last_want.erase(name);
    return;
  }
  clusters.insert(name);
  // Anything new about a cluster that waits may be served by offers that were declined before.
  const std::uint64_t signature = want_signature(*cluster);
  const auto [known, is_new] = schedule_.last_want.try_emplace(name, signature);
  if (is_new || known->second != signature) schedule_.revive_due.insert(role);
  known->second = signature;
}

/// A role that is new to the framework begins unsuppressed.
void Controller::take_roles(Time now) {
  ports_.mesos_set_roles(roles());
  if (!connected_) return;
  for (const std::string& role : roles()) {
    if (schedule_.revived.try_emplace(role, true).second) schedule_.revived_at[role] = now;
  }
}

/// To the next multiple of `period`: what was declined at different moments is offered again at one, so that a node
/// that waits is shown all agents at once, and its hold tells of all of them.
Duration Controller::until_next_round(Time now, Duration period) { return period - now.time_since_epoch() % period; }

void Controller::settle_offers(Time now) {
  if (!connected_) return;
  std::map<bool, std::vector<std::string>> declined;  // by whether the role waits for something
  for (const std::string& role : offers_.roles()) {
    const auto wanting = schedule_.wanting.find(role);
    auto& ids = declined[wanting != schedule_.wanting.end() && !wanting->second.empty()];
    const reconcile::OfferSet& offers = offers_.of_role(role);
    for (std::size_t i = 0; i < offers.size(); ++i) {
      if (!offers.is_taken(i)) ids.push_back(offers[i].id);
    }
  }
  offers_.clear();
  for (const auto& [waits, ids] : declined) {
    const Duration filter = waits ? until_next_round(now, options_.decline_waiting) : options_.decline_idle;
    ports_.mesos_send(calls::decline(ids, seconds(filter)));
  }
  settle_roles(now);
}

void Controller::settle_roles(Time now) {
  for (const std::string& role : roles()) {
    const auto wanting = schedule_.wanting.find(role);
    const bool wants = wanting != schedule_.wanting.end() && !wanting->second.empty();
    const auto known = schedule_.revived.find(role);
    if (known == schedule_.revived.end()) continue;  // not subscribed with this role yet
    if (!wants && known->second && now - schedule_.revived_at[role] >= options_.suppress_after) {
      ports_.mesos_send(calls::suppress({role}));
      known->second = false;
    }
    const bool due = wants && (!known->second || schedule_.revive_due.contains(role));
    if (due && now - schedule_.revived_at[role] >= options_.revive_interval) {
      ports_.mesos_send(calls::revive({role}));
      known->second = true;
      schedule_.revived_at[role] = now;
      schedule_.revive_due.erase(role);
    }
  }
}

std::optional<Time> Controller::next_revive() const {
  std::optional<Time> next;
  if (!connected_) return next;
  const auto sooner = [&next](Time at) {
    if (!next || at < *next) next = at;
  };
  for (const auto& [role, revived] : schedule_.revived) {
    const auto wanting = schedule_.wanting.find(role);
    const bool wants = wanting != schedule_.wanting.end() && !wanting->second.empty();
    const Time since = schedule_.revived_at.at(role);
    if (wants && (!revived || schedule_.revive_due.contains(role))) sooner(since + options_.revive_interval);
    if (!wants && revived) sooner(since + options_.suppress_after);
  }
  return next;
}

// ---- Reconciliation ----

/// Everything that Mesos may know of and whose last word is not in: only what was sequenced before `durable_seq` can
/// have been sent. Called from a turn, where all that is durable has been sent.
void Controller::begin_reconciliation(Time now) {
  reconciliation_wanted_ = false;
  std::vector<calls::Subject> tasks;
  std::vector<calls::Subject> operations;
  const std::uint64_t durable = sequencer_.durable_seq();
  for (const auto& [name, cluster] : state().clusters) {
    for (const state::Node& node : cluster.nodes()) {
      if (is_worth_asking(node) && node.task().launch_seq() <= durable) {
        tasks.push_back({node.task().task_id(), node.task().agent_id()});
      }
      for (std::string& id : open_operations(node, durable)) {
        operations.push_back({std::move(id), node.place().agent_id()});
      }
    }
  }
  for (const auto& release : state().head.orphan_releases()) {
    if (release.seq() > durable) continue;
    operations.push_back({release.unreserve_operation(), release.agent_id()});
  }
  send_all(task_reconciliation_.begin(std::move(tasks), now));
  send_all(operation_reconciliation_.begin(std::move(operations), now));
}

std::vector<std::string> Controller::open_operations(const state::Node& node, std::uint64_t durable) {
  std::vector<std::string> ids;
  if (node.place_status() == state::PLACE_STATUS_INTENDED && node.place_seq() <= durable) {
    if (!node.reserve_finished()) ids.push_back(node.reserve_operation());
    if (!node.create_finished()) ids.push_back(node.create_operation());
  }
  if (node.place_status() == state::PLACE_STATUS_RELEASING && node.release_seq() <= durable) {
    if (!node.destroy_finished()) ids.push_back(node.destroy_operation());
    if (!node.unreserve_finished()) ids.push_back(node.unreserve_operation());
  }
  const state::Growth& growth = node.growth();
  if (growth.seq() > durable) return ids;
  if (growth.status() == state::GROWTH_STATUS_INTENDED) ids.push_back(growth.reserve_operation());
  if (growth.status() == state::GROWTH_STATUS_GROWING) ids.push_back(growth.grow_operation());
  if (growth.status() == state::GROWTH_STATUS_RELEASING) ids.push_back(growth.unreserve_operation());
  return ids;
}

void Controller::reconcile_with_mesos(Time now) {
  if (!connected_) return;
  if (reconciliation_wanted_ || task_reconciliation_.due(now) || operation_reconciliation_.due(now)) {
    begin_reconciliation(now);
    return;
  }
  send_all(task_reconciliation_.on_time(now));
  send_all(operation_reconciliation_.on_time(now));
}

void Controller::send_all(std::vector<wire::scheduler::Call> to_send) {
  for (auto& call : to_send) ports_.mesos_send(std::move(call));
}

}  // namespace esaas::loop
