#include "reconcilers/allocation.h"

#include <algorithm>

#include "reconcilers/rollout.h"

namespace esaas::reconcile {
namespace {

using state::Node;

/// It was told to stop long ago and is a member still: its kill was lost, and may not come again before copies that
/// other nodes have lost meanwhile are allocated anew (recovery.h).
bool is_stop_lost(const View& view, const Node& node) {
  return node.task().kill_intended() && is_joined(node) &&
         view.now() >= from_us(node.task().kill_intended_at_us()) + kPreparationPatience;
}

bool is_wanted(const View& view) {
  const state::Cluster& cluster = view.cluster();
  if (cluster.phase() != state::CLUSTER_PHASE_RUNNING) return false;
  if (cluster.has_full_restart()) {
    return cluster.full_restart().stopped() || is_recent(view, cluster.full_restart().since_at_us());
  }
  return std::ranges::any_of(cluster.nodes(), [&](const Node& node) {
    return node.has_restart() && !node.removing() && view.holds_data(node) &&
           is_recent(view, node.restart().since_at_us()) && !is_stop_lost(view, node);
  });
}

/// What Elasticsearch shows, where that is not what it does by itself.
std::string_view seen_value(const View& view) {
  if (view.fresh() == nullptr || !view.fresh()->allocation_enable) return {};
  const std::string& seen = *view.fresh()->allocation_enable;
  return seen == "all" ? std::string_view{} : std::string_view(seen);
}

/// Somebody else's, because ours is neither in force nor on its way.
bool is_of_somebody_else(const View& view) {
  return !seen_value(view).empty() && view.cluster().allocation_intended().empty() &&
         view.cluster().allocation_applied().empty();
}

event::Event intended(std::string_view enable) {
  event::Event event;
  event.mutable_allocation_intended()->set_enable(std::string(enable));
  return event;
}

}  // namespace

bool is_recent(const View& view, std::int64_t since_at_us) {
  return view.now() < from_us(since_at_us) + view.settings().assignment_patience;
}

bool holds_allocation(const View& view) {
  if (is_of_somebody_else(view)) return true;
  if (view.cluster().allocation_applied() != kPrimariesOnly) return false;
  const bool was_asked = view.fresh() != nullptr && view.fresh()->allocation_enable.has_value();
  return !was_asked || seen_value(view) == kPrimariesOnly;
}

void reconcile_allocation(const View& view, Draft& draft) {
  const state::Cluster& cluster = view.cluster();
  const std::string_view wanted = is_wanted(view) ? kPrimariesOnly : std::string_view{};
  const bool is_new = cluster.allocation_intended() != wanted;
  const bool is_confirmed = cluster.allocation_intended() == cluster.allocation_applied();
  if (!is_new && is_confirmed && wanted.empty()) return;
  if (view.fresh() == nullptr) return draft.check_soon();
  if (is_new) {
    if (!wanted.empty() && is_of_somebody_else(view)) return;
    return draft.act("hold_allocation", intended(wanted));
  }
  const bool is_seen = !view.fresh()->allocation_enable || seen_value(view) == wanted;
  if (is_confirmed && is_seen) return;
  draft.repeat(intended(wanted));
  draft.check_soon();
}

}  // namespace esaas::reconcile
