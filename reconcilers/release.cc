#include "reconcilers/release.h"

#include "core/model/ids.h"
#include "reconcilers/growth.h"
#include "reconcilers/held.h"
#include "reconcilers/leaving.h"
#include "reconcilers/mesos_answer.h"
#include "reconcilers/offers.h"
#include "reconcilers/rules/stop_rules.h"

namespace esaas::reconcile {
namespace {

using state::Node;

event::Event release_intended(const View& view, const Node& node, const OwnOffer& own, std::uint64_t seq) {
  const std::string& cluster = view.cluster().name();
  event::Event event;
  event::PlaceReleaseIntended& payload = *event.mutable_place_release_intended();
  payload.set_node(node.name());
  payload.set_volume_id(node.place().volume_id());
  // A release that came half-way has destroyed the volume already.
  if (own.part->has_volume) {
    payload.set_destroy_operation(
        model::mesos_operation_id(cluster, node.name(), "destroy", seq, view.input().incarnation));
  }
  payload.set_unreserve_operation(
      model::mesos_operation_id(cluster, node.name(), "unreserve", seq, view.input().incarnation));
  payload.set_offer_id(own.offer->id);
  return event;
}

/// Holds by the rule that refuses.
bool may_give_up(const View& view, Draft& draft, const Node& node) {
  if (!node.ever_joined() || is_given_up(node) || view.is_companion(node)) return true;
  if (view.cluster().phase() != state::CLUSTER_PHASE_RUNNING) return false;
  if (must_start_again(view, node)) return false;
  if (view.holds_data(node) && node.drain() != state::DRAIN_STATUS_FINISHED) return false;
  if (auto refusal = first_refusal(kReleaseRules, view, node)) {
    draft.hold(refusal->rule, node.name(), std::move(refusal->refusal));
    return false;
  }
  // Until it has answered without the node, the node may be the vote that its next election lacks.
  if (view.answers_without(node)) return true;
  draft.check_soon();
  return false;
}

/// What was added to a place that grows is given back with it: one offer must show all, unless it never does.
bool shows_all(const View& view, const Node& node, const OwnOffer& own) {
  if (!node.has_growth() || shows_place(own, node.growth().after())) return true;
  return held_for(view, kWaitsForOwnAgent, node) >= view.settings().growth_patience;
}

/// Of the place itself, while it is being reserved or given back.
const std::string& unanswered_operation(const Node& node) {
  if (node.place_status() == state::PLACE_STATUS_INTENDED) {
    return node.reserve_finished() ? node.create_operation() : node.reserve_operation();
  }
  return node.destroy_finished() ? node.unreserve_operation() : node.destroy_operation();
}

}  // namespace

void release_place(const View& view, Draft& draft, const Node& node) {
  switch (node.place_status()) {
    case state::PLACE_STATUS_NONE: {
      event::Event event;
      event.mutable_node_removed()->set_node(node.name());
      return draft.act("forget_node", std::move(event));
    }
    case state::PLACE_STATUS_RESERVED: {
      if (awaits_growth_answer(node)) return wait_for_mesos_answer(view, draft, node, growth_operation(node));
      const auto own = find_own_offer(view, draft, node);
      if (!own || !shows_all(view, node, *own)) return hold_for_own_agent(view, draft, node);
      draft.use(own->index);
      return draft.act("release_place", release_intended(view, node, *own, draft.next_seq()));
    }
    default: return wait_for_mesos_answer(view, draft, node, unanswered_operation(node));
  }
}

void reconcile_release(const View& view, Draft& draft) {
  for (const Node& node : view.cluster().nodes()) {
    if (!node.removing() || !is_stopped(node)) continue;
    if (!has_place(node) || may_give_up(view, draft, node)) release_place(view, draft, node);
  }
}

}  // namespace esaas::reconcile
