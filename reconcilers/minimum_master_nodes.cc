#include "reconcilers/minimum_master_nodes.h"

#include <algorithm>

#include "reconcilers/rules/stop_rules.h"
#include "reconcilers/voting.h"

namespace esaas::reconcile {
namespace {

using state::Node;

event::Event intended(std::uint32_t value) {
  event::Event event;
  event.mutable_minimum_master_nodes_intended()->set_value(value);
  return event;
}

/// A master that leaves and has nothing else to wait for than this setting.
bool is_next_to_stop(const View& view, const Node& node) {
  if (!node.removing() || !is_joined(node) || !view.is_master_eligible(node)) return false;
  if (view.holds_data(node) && node.drain() != state::DRAIN_STATUS_FINISHED) return false;
  const auto refusal = first_refusal(kStopRules, view, node);
  return !refusal || refusal->rule == kKeepsQuorum;
}

std::uint32_t wanted_value(const View& view, const MasterCount& masters) {
  const std::uint32_t value = quorum(masters.to_be_ready_for);
  const bool one_leaves =
      std::ranges::any_of(view.cluster().nodes(), [&](const Node& node) { return is_next_to_stop(view, node); });
  // While it is paused nobody is stopped: two masters with a quorum of one, and a cut between them, would be two
  // clusters.
  if (!one_leaves || view.is_paused() || masters.next != nullptr || masters.possible < 2) return value;
  return std::min(value, masters.possible - 1);
}

}  // namespace

MasterCount count_masters(const View& view) {
  MasterCount count;
  for (const Node& node : view.cluster().nodes()) {
    if (!view.is_master_eligible(node)) continue;
    if (!node.removing()) ++count.planned;
    if (is_joined(node) && view.is_listed(node)) ++count.joined;
    if (node.attempt() > 0) {
      const bool may_start_again = has_place(node) && !is_given_up(node);
      if (!node.removing() || may_run(node) || may_start_again) ++count.possible;
    } else if (!node.removing() && has_place(node) && count.next == nullptr && view.has_formed()) {
      count.next = &node;
    }
  }
  count.to_be_ready_for = count.possible + (count.next != nullptr ? 1 : 0);
  if (!view.cluster().bootstrapped()) count.to_be_ready_for = std::max(count.to_be_ready_for, count.planned);
  const std::uint32_t applied = view.cluster().minimum_master_nodes_applied();
  const std::uint32_t seen = view.fresh() == nullptr ? applied : view.fresh()->minimum_master_nodes.value_or(applied);
  count.in_force_min = std::min(applied, seen);
  count.in_force_max = std::max(applied, seen);
  return count;
}

std::uint32_t minimum_master_nodes_at_launch(const View& view, const Node& node) {
  const MasterCount masters = count_masters(view);
  const bool is_new = node.attempt() == 0 && view.is_master_eligible(node);
  const std::uint32_t present = masters.possible + (is_new ? 1 : 0);
  return quorum(view.cluster().bootstrapped() ? present : std::max(present, masters.planned));
}

void reconcile_minimum_master_nodes(const View& view, Draft& draft) {
  const state::Cluster& cluster = view.cluster();
  if (view.fresh() == nullptr || !view.has_formed() || keeps_voting_configuration(view)) return;
  const MasterCount masters = count_masters(view);
  if (masters.possible == 0) return;
  const std::uint32_t wanted = wanted_value(view, masters);
  if (wanted > masters.joined) {
    if (wanted != masters.in_force_min) draft.check_soon();
    return;
  }
  if (cluster.minimum_master_nodes_intended() != wanted) {
    draft.act("set_minimum_master_nodes", intended(wanted));
  } else if (masters.in_force_min != wanted || masters.in_force_max != wanted) {
    draft.repeat(intended(wanted));
    draft.check_soon();
  }
}

}  // namespace esaas::reconcile
