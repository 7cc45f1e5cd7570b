#include "reconcilers/placement.h"

#include <chrono>
#include <map>
#include <tuple>

#include "core/state/fleet_state.h"
#include "reconcilers/rules/offer_rules.h"
#include "reconcilers/rules/operation_rules.h"

namespace esaas::reconcile {
namespace {

using state::Node;

std::vector<std::string_view> agents_of(const state::Cluster& cluster) {
  std::vector<std::string_view> agents;
  for (const Node& node : cluster.nodes()) {
    if (has_place(node)) agents.push_back(node.place().agent_id());
  }
  return agents;
}

auto left_over(const Offer& offer, const model::Resources& resources) {
  return std::tuple(
      offer.unreserved.mem_mib - resources.mem_mib(), offer.unreserved.cpus_milli - resources.cpus_milli(),
      offer.unreserved.disk_mib - resources.disk_mib(), std::string_view(offer.agent_id), std::string_view(offer.id));
}

struct Choice {
  std::optional<std::size_t> offer;
  std::vector<model::Figure> basis;
};

Choice choose(const View& view, const Draft& draft, const PlacementAsk& ask) {
  Choice choice;
  std::map<std::string, std::uint64_t> refused;
  const auto offers = view.input().offers;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    if (!draft.is_free(i)) continue;
    if (auto reason = ask.refusal_of(offers[i])) {
      ++refused[*reason];
    } else if (!choice.offer ||
               left_over(offers[i], ask.resources()) < left_over(offers[*choice.offer], ask.resources())) {
      choice.offer = i;
    }
  }
  choice.basis.push_back(figure("offers", offers.size()));
  for (const auto& [reason, count] : refused) choice.basis.push_back(figure(reason, count));
  return choice;
}

model::Place place_on(const Offer& offer, const model::Resources& resources) {
  model::Place place;
  const auto ports = two_ports(offer);
  place.set_agent_id(offer.agent_id);
  place.set_hostname(offer.hostname);
  place.set_http_port(ports->first);
  place.set_transport_port(ports->second);
  *place.mutable_resources() = resources;
  return place;
}

}  // namespace

bool wants_place(const state::Cluster& cluster, const Node& node) {
  return cluster.phase() == state::CLUSTER_PHASE_RUNNING && !node.removing() && !has_place(node);
}

std::vector<PlannedPlace> choose_places(const View& view, Draft& draft) {
  std::vector<PlannedPlace> planned;
  std::vector<std::string_view> agents;
  bool has_agents = false;
  for (const Node& node : view.cluster().nodes()) {
    if (!wants_place(view.cluster(), node)) continue;
    if (view.is_paused() && node.attempt() == 0) {
      hold_paused(view, draft);
      continue;
    }
    if (!is_stopped(node)) {
      draft.check_soon();  // Mesos has yet to say what became of a task on the place before
      continue;
    }
    if (view.now() < from_us(node.not_before_at_us())) {
      draft.hold(
          kWaitsAfterFailure, node.name(),
          {"Its last place or task failed, so it is not placed again at once.", {figure("failures", node.failures())}},
          from_us(node.not_before_at_us()));
      continue;
    }
    if (!has_agents) agents = agents_of(view.cluster());
    has_agents = true;
    const PlacementAsk ask(node.resources(), state::find_group(view.cluster().spec(), node.group()), agents);
    Choice choice = choose(view, draft, ask);
    if (!choice.offer) {
      draft.hold("waits_for_offer", node.name(),
                 {"No agent offers what the node needs; the basis counts the offers by what they lack.",
                  std::move(choice.basis)},
                 view.now() + std::chrono::seconds{30});
      continue;
    }
    const Offer& offer = view.input().offers[*choice.offer];
    draft.use(*choice.offer);
    agents.push_back(offer.agent_id);
    planned.push_back({&node, place_on(offer, node.resources()), *choice.offer, std::move(choice.basis)});
  }
  return planned;
}

}  // namespace esaas::reconcile
