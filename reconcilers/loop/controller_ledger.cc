// The ledger: what the log says is reserved beside what the master's books say, on demand and every few minutes.

#include <algorithm>
#include <utility>

#include "reconcilers/loop/controller.h"
#include "reconcilers/loop/offer_pool.h"

namespace esaas::loop {
namespace {

using Agents = mesos::wire::master::Response::GetAgents;
using Answer = std::function<void(Result<reconcile::Ledger>)>;

/// Who may wait for one answer of the master.
constexpr std::size_t kAnswersMax = 1'000;

/// An agent's whole as an offer of it would be seen: what is reserved for us is read in one way only.
reconcile::Offer to_view(const Agents::Agent& agent, std::string_view principal,
                         const mesos::wire::DomainInfo& of_master) {
  mesos::wire::Offer whole;
  *whole.mutable_agent_id() = agent.agent_info().id();
  whole.set_hostname(agent.agent_info().hostname());
  *whole.mutable_attributes() = agent.agent_info().attributes();
  if (agent.agent_info().has_domain()) *whole.mutable_domain() = agent.agent_info().domain();
  *whole.mutable_resources() = agent.total_resources();
  return loop::to_view(whole, principal, of_master);
}

/// All that the state knows of, also what is being reserved or given back.
std::set<std::string> known_places(const state::FleetState& state) {
  std::set<std::string> places;
  for (const auto& [name, cluster] : state.clusters) {
    for (const state::Node& node : cluster.nodes()) {
      if (node.has_place()) places.insert(node.place().volume_id());
    }
  }
  for (const state::OrphanRelease& release : state.head.orphan_releases()) places.insert(release.volume_id());
  return places;
}

}  // namespace

void Controller::ask_agents(Time now) {
  ledger_check_.emplace(LedgerCheck{.asked_at = now,
                                    .asked_about = reconcile::reserved_places(state()),
                                    .known = known_places(state()),
                                    .answers = {}});
  ports_.mesos_ask_agents();
}

void Controller::ask_ledger(Answer answer, Time now) {
  if (!connected_) {
    answer(fail(ErrorCode::kUnavailable, "there is no subscription to a Mesos master, whose books are compared", "",
                "mesos_connected"));
    return;
  }
  if (ledger_check_ && ledger_check_->answers.size() >= kAnswersMax) {
    answer(fail(ErrorCode::kResourceExhausted, "too many wait for the ledger", "", "ledger_answers_max"));
    return;
  }
  if (!ledger_check_) ask_agents(now);
  ledger_check_->answers.push_back(std::move(answer));
}

void Controller::check_ledger(Time now) {
  if (!connected_ || ledger_check_ || !ledger_due_ || now < *ledger_due_) return;
  ledger_due_ = now + options_.ledger_period;
  ask_agents(now);
}

/// The books show also what is in use, and so no offer: the place of a node whose task runs there, and which the log
/// has forgotten. What the state knew when it asked may have gone since, and is not adopted: it is being given back.
reconcile::MasterBooks Controller::read_books(const Agents& agents, const LedgerCheck& check, Time now) {
  reconcile::MasterBooks books{.asked_at = check.asked_at, .agents = {}, .known = check.known};
  for (const auto& agent : agents.agents()) {
    if (!agent.active() && !agent.deactivated()) continue;
    const auto& view = books.agents.emplace_back(to_view(agent, options_.principal, master_domain_));
    for (const auto& part : view.reserved) {
      if (check.known.contains(part.place)) continue;
      // Then whose task runs there is asked for once more: it may be the node's.
      if (adopt_place(view, part, agent.total_resources(), now)) reconciliation_wanted_ = connected_;
    }
  }
  return books;
}

void Controller::agents_answered(const Result<Agents>& agents, Time now) {
  auto check = std::exchange(ledger_check_, std::nullopt);
  if (!check) return;
  if (!agents) {
    ports_.note("ledger_not_checked", {{"why", agents.error().detail}});
    for (const Answer& answer : check->answers) answer(std::unexpected(agents.error()));
    return;
  }
  const std::size_t imbalances_before = ledger_.imbalances;
  const auto books = read_books(*agents, *check, now);
  ledger_ = reconcile::balance(state(), books, check->asked_about, options_.orphans);
  for (reconcile::LedgerLine& line : ledger_.lines) {
    if (line.status != reconcile::LedgerStatus::kWithoutOwner || log_made(line.place)) continue;
    line.why = "Nothing owns it, and this log did not make it: it is kept.";
  }
  ledger_due_ = now + options_.ledger_period;
  if (ledger_.imbalances != imbalances_before) {
    ports_.note("ledger", {{"imbalances", std::to_string(ledger_.imbalances)}});
  }
  for (const reconcile::LedgerLine& line : ledger_.lines) {
    if (is_imbalance(line.status)) schedule_.mark_dirty(line.cluster);
  }
  // It tells of places that may not be on disk yet.
  sequencer_.when_durable([answers = std::move(check->answers), ledger = ledger_] {
    for (const Answer& answer : answers) answer(ledger);
  });
}

std::span<const reconcile::LedgerLine> Controller::ledger_of(std::string_view cluster) const {
  const auto lines = std::ranges::equal_range(ledger_.lines, cluster, {}, &reconcile::LedgerLine::cluster);
  return {lines.begin(), lines.end()};
}

}  // namespace esaas::loop
