#include "reconcilers/voting.h"

#include <algorithm>

#include "core/model/version.h"
#include "reconcilers/minimum_master_nodes.h"
#include "reconcilers/rules/operation_rules.h"
#include "reconcilers/rules/stop_rules.h"

namespace esaas::reconcile {
namespace {

using state::Node;

template <typename Names>
bool contains(const Names& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

event::Event intended(const std::vector<std::string>& names) {
  event::Event event;
  event::VotingExclusionsIntended& payload = *event.mutable_voting_exclusions_intended();
  for (const std::string& name : names) payload.add_nodes(name);
  return event;
}

/// A master that leaves and has nothing else to wait for than its vote.
bool is_next_to_stop(const View& view, const Node& node) {
  if (!node.removing() || !is_joined(node) || !view.is_master_eligible(node)) return false;
  if (view.holds_data(node) && node.drain() != state::DRAIN_STATUS_FINISHED) return false;
  const auto refusal = first_refusal(kStopRules, view, node);
  return !refusal || refusal->rule == kHandsVoteOver || refusal->rule == kKeepsQuorum;
}

/// It may come back only to be drained, and then needs no vote.
bool stays_excluded(const View& view, const Node& node) {
  return contains(view.cluster().voting_exclusions_intended(), node.name()) && may_run(node);
}

/// Null when there is none. An empty one is what a node of 7.x tells while a master of 6.8 is elected still: then
/// minimum_master_nodes counts.
const std::vector<std::string>* voters_of(const View& view) {
  if (view.fresh() == nullptr || !view.fresh()->voting_configuration) return nullptr;
  return view.fresh()->voting_configuration->empty() ? nullptr : &*view.fresh()->voting_configuration;
}

}  // namespace

bool keeps_voting_configuration(std::string_view version) {
  const auto parsed = model::parse_version(version);
  return parsed && parsed->major >= 7;
}

bool keeps_voting_configuration(const View& view) {
  return keeps_voting_configuration(view.cluster().spec().version());
}

VoteCount count_votes(const View& view, const Node& node) {
  VoteCount count;
  const auto is_other = [&](const Node& other) {
    return &other != &node && view.is_master_eligible(other) && is_joined(other) && view.is_listed(other);
  };
  const std::vector<std::string>* voters = voters_of(view);
  for (const Node& other : view.cluster().nodes()) {
    if (!is_other(other)) continue;
    if (voters != nullptr && !contains(*voters, other.name())) continue;
    ++count.others;
  }
  if (voters != nullptr) {
    count.needed = quorum(static_cast<std::uint32_t>(voters->size()));
  } else {
    count.needed = count_masters(view).in_force_max;
  }
  return count;
}

bool may_have_vote(const View& view, const Node& node) {
  if (!keeps_voting_configuration(view) || !view.is_master_eligible(node)) return false;
  const std::vector<std::string>* voters = voters_of(view);
  return voters == nullptr || contains(*voters, node.name());
}

void reconcile_voting(const View& view, Draft& draft) {
  const state::Cluster& cluster = view.cluster();
  std::vector<std::string> names;
  if (keeps_voting_configuration(view)) {
    for (const Node& node : cluster.nodes()) {
      if (!node.removing() || !view.is_master_eligible(node)) continue;
      if (stays_excluded(view, node) || (!view.is_paused() && is_next_to_stop(view, node)))
        names.push_back(node.name());
    }
  }
  // Shorter only when nobody on it is left: Elasticsearch clears the list as a whole.
  const auto& before = cluster.voting_exclusions_intended();
  if (!names.empty()) {
    for (const std::string& name : before) {
      if (!contains(names, name)) names.push_back(name);
    }
  }
  std::ranges::sort(names);
  const bool is_new = !std::ranges::equal(names, before);
  const bool is_confirmed = std::ranges::equal(before, cluster.voting_exclusions_applied());
  if (!is_new && is_confirmed) return;
  if (view.fresh() == nullptr) return draft.check_soon();
  if (is_new) return draft.act("set_voting_exclusions", intended(names));
  draft.repeat(intended(names));
  draft.check_soon();
}

}  // namespace esaas::reconcile
