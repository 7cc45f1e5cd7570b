// Inverse offers: an operator asks whether an agent may be taken down. What is judged is in reconcilers/maintenance.h.

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <utility>

#include "reconcilers/effects/mesos/calls.h"
#include "reconcilers/loop/controller.h"
#include "reconcilers/loop/offer_pool.h"

namespace esaas::loop {
namespace {

namespace calls = mesos::calls;

const state::Node* node_on(const state::Cluster& cluster, const std::string& agent_id) {
  const auto found = std::ranges::find_if(cluster.nodes(), [&](const state::Node& node) {
    return node.place_status() != state::PLACE_STATUS_NONE && node.place().agent_id() == agent_id;
  });
  return found == cluster.nodes().end() ? nullptr : &*found;
}

/// The figures change from one answer to the next, and are no news.
bool is_same_answer(event::MaintenanceAnswered left, event::MaintenanceAnswered right) {
  left.clear_basis();
  right.clear_basis();
  return google::protobuf::util::MessageDifferencer::Equals(left, right);
}

}  // namespace

void Controller::answer_maintenance(const mesos::wire::scheduler::Event::InverseOffers& offers, Time now) {
  std::map<bool, std::vector<std::string>> answers;  // ids by whether they are accepted
  for (const auto& offer : offers.inverse_offers()) {
    const reconcile::MaintenanceWindow window{.agent_id = offer.agent_id().value(),
                                              .unavailability = to_view(offer.unavailability())};
    const auto verdict = judge_maintenance(window, now);
    answers[verdict.accepted].push_back(offer.id().value());
  }
  // An answer is told when the event that says why is on disk.
  sequencer_.when_durable([this, answers = std::move(answers)] {
    const auto pause = std::chrono::duration_cast<calls::Refusal>(options_.maintenance_period);
    for (const auto& [accepted, ids] : answers) {
      ports_.mesos_send(accepted ? calls::accept_inverse_offers(ids, pause)
                                 : calls::decline_inverse_offers(ids, pause));
    }
  });
}

reconcile::MaintenanceVerdict Controller::judge_maintenance(const reconcile::MaintenanceWindow& window, Time now) {
  std::vector<reconcile::Input> clusters;
  std::string hostname;
  for (const auto& [name, cluster] : state().clusters) {
    const state::Node* node = node_on(cluster, window.agent_id);
    if (node == nullptr) continue;
    hostname = node->place().hostname();
    clusters.push_back(input_of(cluster, offers_.none(), now));
  }
  const auto verdict = reconcile::judge_maintenance(window, clusters);
  if (!clusters.empty()) append_if_new(window, hostname, verdict, now);
  return verdict;
}

void Controller::append_if_new(const reconcile::MaintenanceWindow& window, const std::string& hostname,
                               const reconcile::MaintenanceVerdict& verdict, Time now) {
  event::Event event;
  event::MaintenanceAnswered& payload = *event.mutable_maintenance_answered();
  payload.set_agent_id(window.agent_id);
  payload.set_hostname(hostname);
  payload.set_begins_at_us(to_us(window.unavailability.begins_at));
  if (window.unavailability.lasts) payload.set_lasts_us(window.unavailability.lasts->count());
  payload.set_accepted(verdict.accepted);
  payload.set_rule(verdict.rule);
  payload.set_why(verdict.why);
  payload.mutable_basis()->Assign(verdict.basis.begin(), verdict.basis.end());
  const auto known = maintenance_.find(window.agent_id);
  if (known != maintenance_.end() && is_same_answer(known->second, payload)) return;
  maintenance_.insert_or_assign(window.agent_id, payload);
  append_fleet(std::move(event), event::ACTOR_KIND_CONTROLLER, now);
}

}  // namespace esaas::loop
