#include "reconcilers/recovery_guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <ranges>
#include <span>
#include <vector>

#include "core/state/launch_inputs.h"
#include "reconcilers/allocation.h"
#include "reconcilers/effects/elasticsearch/requests.h"
#include "reconcilers/growth.h"
#include "reconcilers/held.h"
#include "reconcilers/index_replicas.h"
#include "reconcilers/policy_requests.h"
#include "reconcilers/rollout.h"
#include "reconcilers/rules/rollout_rules.h"
#include "reconcilers/rules/shard_facts.h"

namespace esaas::reconcile {
namespace {

using state::Node;

constexpr std::string_view kSetting = "index.recovery.initial_shards";
constexpr std::string_view kDefault = "quorum";
/// What the documentation calls kAllCopies.
constexpr std::string_view kFull = "full";
/// Who joined has been asked for its copies by then.
constexpr Duration kAskedEverybody = std::chrono::minutes{1};

// ---- What is in force ----

/// Of an index that has no value of its own: what the nodes are started with. Never ours.
std::string_view default_of(const state::Cluster& cluster) {
  for (const model::NodeGroup& group : cluster.spec().node_groups()) {
    for (const model::Setting& setting : group.settings()) {
      if (setting.key() == kSetting) return setting.value() == kAllCopies ? kFull : std::string_view(setting.value());
    }
  }
  return kDefault;
}

/// Every node of Elasticsearch that may run is of 2.x.
bool is_of_2x(const View& view) {
  bool runs = false;
  for (const Node& node : view.cluster().nodes()) {
    if (view.is_companion(node) || !may_run(node)) continue;
    if (!running_version(view.cluster(), node).starts_with("2.")) return false;
    runs = true;
  }
  return runs;
}

bool is_ours(const IndexInfo& index) { return index.initial_shards == kAllCopies; }

/// Nobody has set another value than what is the default anyway, so that ours may take its place.
bool is_free(const IndexInfo& index, std::string_view by_default) {
  return index.initial_shards.empty() || index.initial_shards == kDefault || index.initial_shards == by_default;
}

// ---- Nodes ----

/// Its kill was lost, and comes again however late (recovery.h).
bool is_to_stop(const Node& node) { return node.task().kill_intended() && is_joined(node); }

/// Between the beginning and the end of a restart, or of a growth that stops it or has stopped it.
bool is_in_step(const View& view, const Node& node) {
  if (node.removing() || !view.holds_data(node)) return false;
  if (node.has_restart()) return is_recent(view, node.restart().since_at_us()) || is_to_stop(node);
  if (!node.has_growth()) return false;
  if (is_stopped(node)) return is_recent(view, node.task().state_since_at_us());
  if (node.task().kill_intended()) return true;
  const auto status = node.growth().status();
  return !view.is_paused() && (status == state::GROWTH_STATUS_INTENDED || status == state::GROWTH_STATUS_RESERVED);
}

std::vector<std::string_view> nodes_in_step(const View& view) {
  std::vector<std::string_view> names;
  if (view.cluster().has_full_restart()) return names;
  for (const Node& node : view.cluster().nodes()) {
    if (is_in_step(view, node)) names.push_back(node.name());
  }
  return names;
}

/// Another one follows as soon as it may: in between the guards stay, for they would be set again at once.
bool is_next(const View& view, const Node& node) {
  if (node.removing() || !view.holds_data(node) || !may_run(node)) return false;
  if (!state::runs_as_wanted(view.cluster(), node)) return true;
  const auto& groups = view.cluster().spec().node_groups();
  const auto group = std::ranges::find(groups, node.group(), &model::NodeGroup::name);
  return group != groups.end() && !equal(node.resources(), group->resources()) && may_grow(node, group->resources());
}

bool is_more_to_come(const View& view, const Draft& draft) {
  if (draft.has_action("begin_restart") || draft.has_action("grow_place")) return true;
  if (view.input().operation == nullptr || view.is_paused() || view.cluster().has_full_restart()) return false;
  return std::ranges::any_of(view.cluster().nodes(), [&](const Node& node) { return is_next(view, node); });
}

/// No restart has begun or ended for so long that whatever is missing does not come back soon.
bool is_long_ago(const View& view) {
  std::int64_t last_at_us = 0;
  for (const Node& node : view.cluster().nodes()) {
    if (!view.holds_data(node)) continue;
    last_at_us = std::max(
        {last_at_us, node.restart().since_at_us(), node.task().kill_intended_at_us(), node.task().launched_at_us()});
  }
  return !is_recent(view, last_at_us);
}

/// Data nodes that there shall be and that are no members.
std::vector<std::string> nodes_away(const View& view) {
  std::vector<std::string> away;
  for (const Node& node : view.cluster().nodes()) {
    if (node.removing() || !view.holds_data(node)) continue;
    if (!is_joined(node) || !view.is_listed(node)) away.push_back(node.name());
  }
  return away;
}

/// The observation is of after every data node's last coming or going: a node that was stopped a moment ago has its
/// copies in one from before, and all of them would seem to be started.
bool knows_of_every_node(const View& view) {
  return std::ranges::all_of(view.cluster().nodes(), [&](const Node& node) {
    if (!view.holds_data(node) || !node.has_task()) return true;
    return (is_joined(node) && view.is_listed(node)) || view.answers_without(node);
  });
}

// ---- Indices ----

struct Copies {
  bool all_started = true;
  bool primary_is_nowhere = false;
  bool on_the_nodes = false;
};
using CopiesByIndex = std::map<std::string_view, Copies>;

CopiesByIndex copies_by_index(const View& view, std::span<const std::string_view> nodes) {
  const bool knows = knows_of_every_node(view);
  CopiesByIndex indices;
  for (const ShardCopy& copy : view.fresh()->shards) {
    Copies& copies = indices[copy.index];
    copies.all_started = copies.all_started && knows && is_in_sync(copy);
    if (copy.primary && copy.state == ShardState::kUnassigned) copies.primary_is_nowhere = true;
    if (std::ranges::find(nodes, copy.node) != nodes.end()) copies.on_the_nodes = true;
  }
  return indices;
}

/// Of a single copy there is none that could be older.
bool may_be_guarded(const View& view, const IndexInfo& index, const CopiesByIndex& indices) {
  const std::string_view by_default = default_of(view.cluster());
  if (by_default == kFull || !index.open || index.replicas == 0 || !is_free(index, by_default)) return false;
  const auto copies = indices.find(index.name);
  return copies != indices.end() && copies->second.all_started && copies->second.on_the_nodes;
}

// ---- What is asked ----

bool is_named_in(std::string_view subject, std::string_view name) {
  for (const auto part : subject | std::views::split(',')) {
    if (std::string_view(part.begin(), part.end()) == name) return true;
  }
  return false;
}

/// The request that Elasticsearch refused of late, with this index or of it `alone`; null: there is none.
const state::ElasticsearchRequest* refusal_of(const View& view, std::string_view purpose, const std::string& name,
                                              bool alone) {
  for (const state::ElasticsearchRequest& request : view.cluster().requests()) {
    if (request.purpose() != purpose || !request.answered() || request.accepted()) continue;
    if (alone ? request.subject() == name : is_named_in(request.subject(), name)) return &request;
  }
  return nullptr;
}

WantedRequest request_for(std::string_view purpose, std::string_view value, const std::string& names) {
  WantedRequest request;
  request.purpose = purpose;
  request.subject = names;
  request.method = "PUT";
  request.path = "/" + path_escaped(names) + "/_settings?master_timeout=10s&timeout=10s";
  request.body = es::initial_shards_body(value);
  return request;
}

/// What was refused together is asked for one by one: one of them may have been the reason.
void ask_for(const View& view, Draft& draft, std::string_view purpose, std::string_view value,
             const std::vector<std::string>& names, std::string& why) {
  std::vector<std::string> together;
  for (const std::string& name : names) {
    if (refusal_of(view, purpose, name, false) == nullptr) {
      together.push_back(name);
    } else {
      put_right(view, draft, request_for(purpose, value, name), why);
    }
  }
  for (const std::string& part : joined_in_parts(together)) {
    put_right(view, draft, request_for(purpose, value, part), why);
  }
}

bool is_purpose(const std::string& purpose) { return purpose == kSetGuard || purpose == kTakeGuardAway; }

/// A hold goes on while what it is about can not be seen: how long it has been is what counts.
void say_again(const View& view, Draft& draft, std::string_view rule, std::string_view node) {
  for (const state::Hold& hold : view.cluster().holds()) {
    if (hold.rule() != rule || hold.node() != node) continue;
    draft.hold(rule, node, {hold.why(), {hold.basis().begin(), hold.basis().end()}});
  }
}

/// True when some request is on its way: what it does is not seen yet.
bool repeat_unanswered(const View& view, Draft& draft) {
  bool waits = false;
  for (const state::ElasticsearchRequest& request : view.cluster().requests()) {
    if (request.answered() || !is_purpose(request.purpose())) continue;
    repeat_request(view, draft, request);
    waits = true;
  }
  return waits;
}

// ---- Red because of it ----

std::vector<std::string> red_ones(const View& view, const CopiesByIndex& indices) {
  std::vector<std::string> names;
  for (const IndexInfo& index : view.fresh()->indices) {
    const auto copies = indices.find(index.name);
    if (is_ours(index) && copies != indices.end() && copies->second.primary_is_nowhere) names.push_back(index.name);
  }
  return names;
}

/// They wait in vain.
bool hold_red(const View& view, Draft& draft, const std::vector<std::string>& names) {
  if (names.empty()) return false;
  const std::vector<std::string> away = nodes_away(view);
  const Duration patience = view.settings().assignment_patience;
  const Duration red_for = held_for(view, kWaitsForNewestCopy);
  draft.hold(
      kWaitsForNewestCopy, "",
      {fmt::format("No copy of a shard of {} is made its primary before all copies are found: one that is away "
                   "may have newer writes.",
                   listed(names)),
       {figure("indices", names.size()), figure("nodes_away", listed(away)),
        figure("patience_s", static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(patience).count()))}});
  if (red_for >= patience) return true;
  if (!away.empty()) return false;
  const Duration complete_for = held_for(view, kNewestCopyIsMissing);
  draft.hold(
      kNewestCopyIsMissing, "",
      {fmt::format("Every data node is a member, and yet a copy of a shard of {} is not found. If it is not soon, "
                   "the newest of those that are there becomes the primary.",
                   listed(names)),
       {figure("indices", names.size())}});
  return complete_for >= kAskedEverybody;
}

// ---- Set, and taken away ----

void set_guards(const View& view, Draft& draft, const CopiesByIndex& indices) {
  std::vector<std::string> names;
  for (const IndexInfo& index : view.fresh()->indices) {
    if (may_be_guarded(view, index, indices)) names.push_back(index.name);
  }
  if (names.empty()) return;
  std::string why = "A copy without the newest writes may become the primary of a shard when another node is lost now.";
  const std::size_t said = why.size();
  ask_for(view, draft, kSetGuard, kAllCopies, names, why);
  if (why.size() == said) return;
  draft.hold(kGuardIsRefused, "", {std::move(why), {figure("indices", listed(names))}});
}

/// Names of those that are guarded and need not be any more.
std::vector<std::string> no_longer_guarded(const View& view, const Draft& draft, const CopiesByIndex& indices,
                                           bool in_step, bool red_in_vain) {
  const bool is_over = !in_step && is_long_ago(view);
  const bool stays = in_step || is_more_to_come(view, draft);
  std::vector<std::string> names;
  for (const IndexInfo& index : view.fresh()->indices) {
    if (!is_ours(index)) continue;
    const auto found = indices.find(index.name);
    const Copies copies = found == indices.end() ? Copies{} : found->second;
    if (is_over || (!stays && copies.all_started) || (red_in_vain && copies.primary_is_nowhere)) {
      names.push_back(index.name);
    }
  }
  return names;
}

/// Elasticsearch refused, or has not answered for too long: it is asked again, and nobody waits for it.
bool is_asked_in_vain(const View& view, const std::string& name) {
  if (refusal_of(view, kTakeGuardAway, name, true) != nullptr) return true;
  return std::ranges::any_of(view.cluster().requests(), [&](const state::ElasticsearchRequest& request) {
    return request.purpose() == kTakeGuardAway && !request.answered() && is_named_in(request.subject(), name) &&
           view.now() >= from_us(request.intended_at_us()) + kPreparationPatience;
  });
}

/// Names of the indices on the node that are to be guarded before it stops; nothing while that is not known.
std::optional<std::vector<std::string>> unguarded_on(const View& view, const Node& node) {
  if (!sees_all_answers(view) || !knows_of_every_node(view)) return std::nullopt;
  const CopiesByIndex indices = copies_by_index(view, std::array{std::string_view(node.name())});
  std::vector<std::string> names;
  for (const IndexInfo& index : view.fresh()->indices) {
    if (!may_be_guarded(view, index, indices)) continue;
    if (refusal_of(view, kSetGuard, index.name, true) == nullptr) names.push_back(index.name);
  }
  return names;
}

}  // namespace

void reconcile_recovery_guard(const View& view, Draft& draft) {
  const bool waits = repeat_unanswered(view, draft);
  if (waits || !sees_all_answers(view)) {
    for (const std::string_view rule : {kWaitsForNewestCopy, kNewestCopyIsMissing, kGuardIsRefused}) {
      say_again(view, draft, rule, "");
    }
    return;
  }
  const std::vector<std::string_view> in_step = nodes_in_step(view);
  const bool has_guards = shows_guard(*view.fresh());
  if ((in_step.empty() && !has_guards) || !is_of_2x(view)) return;
  const CopiesByIndex indices = copies_by_index(view, in_step);
  const bool red_in_vain = hold_red(view, draft, red_ones(view, indices));
  set_guards(view, draft, indices);
  const auto names = no_longer_guarded(view, draft, indices, !in_step.empty(), red_in_vain);
  std::string why;
  ask_for(view, draft, kTakeGuardAway, default_of(view.cluster()), names, why);
  if (!why.empty()) {
    draft.hold(
        kGuardIsRefused, "",
        {"A copy without the newest writes was kept from becoming a primary, and that can not be taken away." + why,
         {figure("indices", listed(names))}});
  }
  if (has_guards) draft.check_soon();
}

bool wait_for_guard(const View& view, Draft& draft, const Node& node) {
  // Whoever lets a node of a silent cluster stop has overridden the rules.
  if (view.fresh() == nullptr || !view.holds_data(node) || !is_joined(node) || !is_of_2x(view)) return true;
  if (held_for(view, kWaitsForGuard, node) >= kPreparationPatience) return true;
  const auto names = unguarded_on(view, node);
  if (names && names->empty()) return true;
  // Mostly the answer to the flush has overtaken the observation, and the next one comes in a moment.
  if (!names && view.now() < from_us(node.restart().since_at_us()) + kPreparationPatience) {
    draft.check_soon();
    return false;
  }
  draft.hold(kWaitsForGuard, node.name(),
             {"It stops when Elasticsearch is seen to keep copies without the newest writes from becoming primaries "
              "meanwhile (index.recovery.initial_shards).",
              {figure("indices", names ? listed(*names) : "not known")}});
  return false;
}

bool is_guard_gone(const View& view) {
  if (view.fresh() == nullptr || !is_of_2x(view)) return true;
  const auto is_being_set = [](const state::ElasticsearchRequest& request) {
    return request.purpose() == kSetGuard && !request.answered();
  };
  if (std::ranges::any_of(view.cluster().requests(), is_being_set)) return false;
  return std::ranges::all_of(view.fresh()->indices, [&](const IndexInfo& index) {
    return !is_ours(index) || is_asked_in_vain(view, index.name);
  });
}

bool wait_for_guard_to_go(const View& view, Draft& draft, std::string_view what) {
  if (is_guard_gone(view)) return true;
  if (!sees_all_answers(view)) {
    say_again(view, draft, kWaitsForGuard, "");
    draft.check_soon();
    return false;
  }
  draft.hold(kWaitsForGuard, "",
             {fmt::format("{} when Elasticsearch is seen to recover shards by its default again "
                          "(index.recovery.initial_shards), which it does once all copies are started.",
                          what),
              {}});
  return false;
}

bool shows_guard(const Observation& observation) { return std::ranges::any_of(observation.indices, is_ours); }

}  // namespace esaas::reconcile
