#include "reconcilers/exclusions.h"

#include <algorithm>
#include <string>
#include <vector>

#include "reconcilers/leaving.h"
#include "reconcilers/rules/operation_rules.h"
#include "reconcilers/rules/stop_rules.h"

namespace esaas::reconcile {
namespace {

using state::Node;

bool is_intended(const state::Cluster& cluster, const Node& node) {
  return std::ranges::find(cluster.exclusions_intended(), node.name()) != cluster.exclusions_intended().end();
}

bool is_to_be_excluded(const View& view, const Node& node) {
  return node.removing() && view.holds_data(node) && (may_run(node) || must_start_again(view, node));
}

/// A node that is to be drained is excluded only once its drain can come to an end.
bool may_be_excluded(const View& view, Draft& draft, const Node& node) {
  if (is_intended(view.cluster(), node) || !node.ever_joined()) return true;
  auto refusal = first_refusal(kExclusionRules, view, node);
  if (!refusal) return true;
  draft.hold(refusal->rule, node.name(), std::move(refusal->refusal));
  return false;
}

event::Event intended(const std::vector<std::string>& names) {
  event::Event event;
  event::ExclusionsIntended& payload = *event.mutable_exclusions_intended();
  for (const std::string& name : names) payload.add_nodes(name);
  return event;
}

}  // namespace

void reconcile_exclusions(const View& view, Draft& draft) {
  const state::Cluster& cluster = view.cluster();
  std::vector<std::string> names;
  for (const Node& node : cluster.nodes()) {
    if (!is_to_be_excluded(view, node)) continue;
    if (view.is_paused() && !is_intended(cluster, node)) {
      hold_paused(view, draft);
    } else if (may_be_excluded(view, draft, node)) {
      names.push_back(node.name());
    }
  }
  std::ranges::sort(names);
  const bool is_new = !std::ranges::equal(names, cluster.exclusions_intended());
  const bool is_confirmed = std::ranges::equal(cluster.exclusions_intended(), cluster.exclusions_applied());
  if (view.fresh() == nullptr) {
    if (is_new || !is_confirmed) draft.check_soon();
    return;
  }
  const auto& seen = view.fresh()->excluded_nodes;
  // Names that are not ours were excluded by somebody else: they stay as they are until we have a
  // list of our own.
  const bool is_seen = !seen || names.empty() || std::ranges::equal(names, *seen);
  if (is_new) {
    draft.act("set_exclusions", intended(names));
  } else if (!is_confirmed || !is_seen) {
    draft.repeat(intended(names));
    draft.check_soon();
  }
}

}  // namespace esaas::reconcile
