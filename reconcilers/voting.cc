#include "reconcilers/voting.h"

#include <algorithm>
#include <iterator>

#include "core/model/version.h"
#include "reconcilers/leaving.h"
#include "reconcilers/minimum_master_nodes.h"
#include "reconcilers/rules/operation_rules.h"
#include "reconcilers/rules/rollout_rules.h"
#include "reconcilers/rules/stop_rules.h"
#include "reconcilers/voter_id.h"

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

/// It may come back only to be drained, and then needs no vote. One that has stopped is excluded until the cluster is
/// seen without it: who takes the exclusion away before Elasticsearch has missed the node gives it its vote again.
bool stays_excluded(const View& view, const Node& node) {
  if (!contains(view.cluster().voting_exclusions_intended(), node.name())) return false;
  return may_run(node) || !view.answers_without(node);
}

/// The same of one that is forgotten.
bool is_unknown_member(const View& view, const std::string& name) {
  if (view.fresh() == nullptr || !contains(view.fresh()->nodes, name)) return false;
  return std::ranges::none_of(view.cluster().nodes(), [&](const Node& node) { return node.name() == name; });
}

bool is_id(std::string_view voter) { return voter.starts_with(kById); }

/// From 7.8 on who is not there can be excluded. While the cluster is upgraded any node may be the one that is asked.
bool takes_ids(const View& view) {
  constexpr model::Version kFirst{.major = 7, .minor = 8, .patch = 0};
  return std::ranges::all_of(view.cluster().nodes(), [&](const Node& node) {
    if (view.is_companion(node) || !may_run(node)) return true;
    const auto version = model::parse_version(running_version(view.cluster(), node));
    return version && *version >= kFirst;
  });
}

/// It is no member, and has a volume to come back on: an id that nobody is known by may be the node's.
bool may_come_back(const View& view, const Node& node) {
  if (!view.is_master_eligible(node)) return false;
  if (may_run(node)) return !is_joined(node) || !view.is_listed(node);
  return node.removing() ? must_start_again(view, node) : is_reserved(node);
}

/// Null when there is none. An empty one is what a node of 7.x tells while a master of 6.8 is elected still: then
/// minimum_master_nodes counts.
const std::vector<std::string>* voters_of(const View& view) {
  if (view.fresh() == nullptr || !view.fresh()->voting_configuration) return nullptr;
  return view.fresh()->voting_configuration->empty() ? nullptr : &*view.fresh()->voting_configuration;
}

/// Ids of voters that are gone for good: nobody who may come back can have them. While that is not known there are none
/// but those that are excluded already and vote still.
std::vector<std::string> gone_voters(const View& view) {
  const auto& before = view.cluster().voting_exclusions_intended();
  const std::vector<std::string>* voters = voters_of(view);
  // What is older than an answer may show votes that are gone since.
  if (voters == nullptr || !view.fresh()->voting_exclusions) return {before.begin(), before.end()};
  const auto may_be_back = [&](const Node& node) { return may_come_back(view, node); };
  const bool is_sure = takes_ids(view) && std::ranges::none_of(view.cluster().nodes(), may_be_back);
  std::vector<std::string> ids;
  std::ranges::copy_if(*voters, std::back_inserter(ids),
                       [&](const std::string& voter) { return is_id(voter) && (is_sure || contains(before, voter)); });
  return ids;
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
  const auto& before = cluster.voting_exclusions_intended();
  std::ranges::copy_if(before, std::back_inserter(names),
                       [&](const std::string& name) { return is_unknown_member(view, name); });
  // Elasticsearch takes names or ids: who is on the list already comes first.
  const bool is_by_id = std::ranges::any_of(before, is_id);
  if (is_by_id || (before.empty() && names.empty() && keeps_voting_configuration(view))) names = gone_voters(view);
  // Shorter only when nobody on it is left: Elasticsearch clears the list as a whole.
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
