#include "reconcilers/node_set.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "core/model/ids.h"
#include "core/state/fleet_state.h"
#include "reconcilers/growth.h"
#include "reconcilers/rules/operation_rules.h"
#include "reconcilers/rules/stop_rules.h"

namespace esaas::reconcile {
namespace {

using state::Node;

event::Event node_added(std::string name, const model::NodeGroup& group, const std::string& replaces) {
  event::Event event;
  event::NodeAdded& payload = *event.mutable_node_added();
  payload.set_node(std::move(name));
  payload.set_group(group.name());
  *payload.mutable_resources() = group.resources();
  payload.set_replaces(replaces);
  return event;
}

event::Event removal_began(const Node& node, std::string why) {
  event::Event event;
  event.mutable_node_removal_began()->set_node(node.name());
  event.mutable_node_removal_began()->set_why(std::move(why));
  return event;
}

/// The node that this one will replace, while that one still stays; null otherwise.
const Node* replaced_by(const state::Cluster& cluster, const Node& node) {
  if (node.replaces().empty()) return nullptr;
  const Node* old = state::find_node(cluster, node.replaces());
  return old == nullptr || old->removing() ? nullptr : old;
}

const Node* replacement_of(const state::Cluster& cluster, const Node& old) {
  const auto found = std::ranges::find_if(cluster.nodes(), [&](const Node& node) {
    return !node.removing() && !node.replaces().empty() && node.replaces() == old.name();
  });
  return found == cluster.nodes().end() ? nullptr : &*found;
}

bool counts(const state::Cluster& cluster, const model::NodeGroup& group, const Node& node) {
  return node.group() == group.name() && !node.removing() && replaced_by(cluster, node) == nullptr;
}

std::uint32_t ordinal_of(std::string_view name) {
  const std::string_view digits = name.substr(name.rfind('-') + 1);
  std::uint32_t ordinal = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), ordinal);
  return ordinal;
}

void add_missing(const state::Cluster& cluster, int index, std::uint32_t missing, Draft& draft) {
  const model::NodeGroup& group = cluster.spec().node_groups(index);
  const std::uint32_t first = index < cluster.next_ordinals_size() ? cluster.next_ordinals(index) : 0;
  std::vector<event::Event> events;
  for (std::uint32_t i = 0; i < missing; ++i) {
    events.push_back(node_added(model::node_name(group.name(), first + i), group, ""));
  }
  draft.act("add_nodes", std::move(events));
}

/// Of companions, one that answers now; nodes of Elasticsearch keep data while they are away.
bool is_served_by(const model::NodeGroup& group, const Node& node) {
  return state::is_companion(group) && is_joined(node);
}

void let_surplus_go(const state::Cluster& cluster, const model::NodeGroup& group, std::uint32_t surplus, Draft& draft) {
  std::vector<event::Event> events;
  for (const Node* node : first_to_leave(cluster, group, surplus)) {
    events.push_back(removal_began(*node, "Group " + group.name() + " shall have fewer nodes."));
  }
  draft.act("remove_nodes", std::move(events));
}

/// Elasticsearch has no say in what becomes of a companion.
std::optional<NamedRefusal> refuse_removal(const View& view, const Node& node) {
  return view.is_companion(node) ? std::nullopt : first_refusal(kRemovalRules, view, node);
}

/// Ends replacements that are done or no longer wanted. True while one is under way.
bool finish_replacements(const View& view, Draft& draft) {
  const state::Cluster& cluster = view.cluster();
  for (const Node& node : cluster.nodes()) {
    if (node.removing() || node.replaces().empty()) continue;
    const Node* old = replaced_by(cluster, node);
    if (old == nullptr) continue;
    const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
    if (group != nullptr && equal(old->resources(), group->resources())) {
      draft.act("remove_nodes", removal_began(node, "The group has the old size again: no replacement is needed."));
    } else if (!is_joined(node)) {
      draft.check_soon();
    } else if (const auto refusal = refuse_removal(view, *old)) {
      draft.hold(refusal->rule, old->name(), refusal->refusal);
    } else {
      draft.act("remove_nodes", removal_began(*old, node.name() + " replaces it."));
    }
    return true;
  }
  return false;
}

/// At the most one node of the cluster grows or is being replaced: until the last one has, no further one begins.
void begin_resize(const View& view, Draft& draft) {
  const state::Cluster& cluster = view.cluster();
  const auto is_busy = [](const Node& node) { return node.removing() || node.has_growth() || node.has_restart(); };
  if (std::ranges::any_of(cluster.nodes(), is_busy)) return;
  for (const Node& node : cluster.nodes()) {
    for (int index = 0; index < cluster.spec().node_groups_size(); ++index) {
      const model::NodeGroup& group = cluster.spec().node_groups(index);
      if (group.name() != node.group() || equal(node.resources(), group.resources())) continue;
      if (begin_growth(view, draft, node, group)) return;
      const std::uint32_t ordinal = index < cluster.next_ordinals_size() ? cluster.next_ordinals(index) : 0;
      draft.act("add_replacement", node_added(model::node_name(group.name(), ordinal), group, node.name()));
      return;
    }
  }
}

}  // namespace

std::vector<const Node*> first_to_leave(const state::Cluster& cluster, const model::NodeGroup& group,
                                        std::uint32_t surplus) {
  std::vector<const Node*> nodes;
  for (const Node& node : cluster.nodes()) {
    if (counts(cluster, group, node)) nodes.push_back(&node);
  }
  std::ranges::sort(nodes, {}, [&](const Node* node) {
    return std::tuple(has_place(*node), node->ever_joined(), is_served_by(group, *node),
                      replacement_of(cluster, *node) != nullptr, equal(node->resources(), group.resources()),
                      UINT32_MAX - ordinal_of(node->name()));
  });
  nodes.resize(std::min<std::size_t>(nodes.size(), surplus));
  return nodes;
}

void reconcile_node_set(const View& view, Draft& draft) {
  const state::Cluster& cluster = view.cluster();
  bool settled = true;
  for (int index = 0; index < cluster.spec().node_groups_size(); ++index) {
    const model::NodeGroup& group = cluster.spec().node_groups(index);
    const auto present = static_cast<std::uint32_t>(
        std::ranges::count_if(cluster.nodes(), [&](const Node& node) { return counts(cluster, group, node); }));
    if (present == group.count()) continue;
    settled = false;
    if (view.is_paused()) {
      hold_paused(view, draft);
    } else if (present < group.count()) {
      add_missing(cluster, index, group.count() - present, draft);
    } else {
      let_surplus_go(cluster, group, present - group.count(), draft);
    }
  }
  if (!settled) return;
  const bool outdated = std::ranges::any_of(cluster.nodes(), [&](const Node& node) {
    if (!node.replaces().empty() && replaced_by(cluster, node) != nullptr) return true;
    const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
    return !node.removing() && group != nullptr && !equal(node.resources(), group->resources());
  });
  if (!outdated) return;
  if (view.is_paused()) return hold_paused(view, draft);
  if (!finish_replacements(view, draft)) begin_resize(view, draft);
}

}  // namespace esaas::reconcile
