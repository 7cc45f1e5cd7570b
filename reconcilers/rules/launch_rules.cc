#include "reconcilers/rules/launch_rules.h"

#include <algorithm>
#include <array>

#include "core/model/task_state.h"
#include "core/model/version.h"
#include "reconcilers/minimum_master_nodes.h"
#include "reconcilers/rules/rollout_rules.h"
#include "reconcilers/voting.h"

namespace esaas::reconcile {
namespace {

using state::Node;

std::optional<Refusal> backoff_is_over(const View& view, const LaunchSubject& subject) {
  const Node& node = subject.node;
  if (to_us(view.now()) >= node.not_before_at_us()) return std::nullopt;
  return Refusal{
      "Its last tasks failed one after another, so the next launch waits a while.",
      {figure("failures", node.failures()), figure("last_state", std::string(model::name_of(node.task().state()))),
       figure("not_before_at_us", static_cast<std::uint64_t>(node.not_before_at_us()))}};
}

std::optional<Refusal> version_is_known(const View& view, const LaunchSubject& subject) {
  if (view.is_companion(subject.node)) return std::nullopt;  // it has a version of its own, or none (companions.h)
  const std::string& version = view.cluster().spec().version();
  if (view.settings().catalogue.find(version) != nullptr) return std::nullopt;
  return Refusal{"The artifact catalogue has no Elasticsearch " + version + ".", {}};
}

std::optional<Refusal> all_masters_have_places(const View& view, const LaunchSubject& subject) {
  if (view.has_formed() || view.is_companion(subject.node)) return std::nullopt;
  std::uint32_t placed = 0;
  std::uint32_t masters = 0;
  for (const Node& node : view.cluster().nodes()) {
    if (node.removing() || !view.is_master_eligible(node)) continue;
    ++masters;
    if (place_of(node, subject.planned) != nullptr) ++placed;
  }
  if (masters > 0 && placed == masters) return std::nullopt;
  return Refusal{
      "The first start waits until every master-eligible node has a place, because each is told of "
      "all.",
      {figure("masters", masters), figure("masters_with_a_place", placed)}};
}

std::optional<Refusal> stateful_nodes_have_places(const View& view, const LaunchSubject& subject) {
  if (view.cluster().bootstrapped() || !view.keeps_nothing(subject.node)) return std::nullopt;
  const auto waits = std::ranges::count_if(view.cluster().nodes(), [&](const Node& node) {
    return !node.removing() && !view.keeps_nothing(node) && place_of(node, subject.planned) == nullptr;
  });
  if (waits == 0) return std::nullopt;
  return Refusal{"Until the cluster is complete, agents are for the nodes that keep something first.",
                 {figure("nodes_without_a_place", static_cast<std::uint64_t>(waits))}};
}

/// The new version is in the log, and the full restart that it needs perhaps not yet.
bool runs_what_does_not_work_together(const View& view) {
  const std::string& wanted = view.cluster().spec().version();
  return std::ranges::any_of(view.cluster().nodes(), [&](const Node& node) {
    if (!may_run(node) || view.is_companion(node)) return false;
    const std::string& runs = running_version(view.cluster(), node);
    return runs != wanted && model::upgrade_path(runs, wanted).kind == model::UpgradeKind::kFullRestart;
  });
}

std::optional<Refusal> all_have_stopped(const View& view, const LaunchSubject& subject) {
  if (view.is_companion(subject.node)) return std::nullopt;
  const bool is_stopping = view.cluster().has_full_restart() && !view.cluster().full_restart().stopped();
  if (!is_stopping && !runs_what_does_not_work_together(view)) return std::nullopt;
  const auto running = std::ranges::count_if(
      view.cluster().nodes(), [&](const Node& node) { return may_run(node) && !view.is_companion(node); });
  return Refusal{"All nodes are restarted at once: none starts before every one has stopped.",
                 {figure("nodes_that_run", static_cast<std::uint64_t>(running))}};
}

bool is_new_master(const View& view, const Node& node) {
  return node.attempt() == 0 && view.has_formed() && view.is_master_eligible(node);
}

std::optional<Refusal> one_new_master(const View& view, const LaunchSubject& subject) {
  if (!view.cluster().bootstrapped() || !is_new_master(view, subject.node)) return std::nullopt;
  const auto is_coming = [&](const Node& node) {
    return &node != &subject.node && node.attempt() > 0 && !node.ever_joined() && may_run(node) &&
           view.is_master_eligible(node);
  };
  const bool other = std::ranges::any_of(view.cluster().nodes(), is_coming);
  if (!other && count_masters(view).next == &subject.node) return std::nullopt;
  return Refusal{"New master-eligible nodes join one after another.", {}};
}

std::optional<Refusal> quorum_is_raised(const View& view, const LaunchSubject& subject) {
  if (!is_new_master(view, subject.node)) return std::nullopt;
  const MasterCount masters = count_masters(view);
  // A single one may be silent for want of the vote of one that left, and this is the vote.
  const bool is_second = masters.possible <= 1 && !keeps_voting_configuration(view);
  if (masters.joined < masters.possible && !is_second) {
    return Refusal{"Every master-eligible node must be joined before one more starts.",
                   {figure("joined", masters.joined), figure("could_be_up", masters.possible)}};
  }
  if (keeps_voting_configuration(view)) return std::nullopt;
  const std::uint32_t needed = quorum(masters.to_be_ready_for);
  if (masters.possible <= 1 || masters.in_force_min >= needed) return std::nullopt;
  return Refusal{"minimum_master_nodes must be raised before one more master-eligible node starts.",
                 {figure("needed", needed), figure("in_force", masters.in_force_min)}};
}

constexpr std::array kRules{
    LaunchRule{"version_in_the_catalogue", "Only what the catalogue names can be fetched.", version_is_known},
    LaunchRule{kWaitsAfterFailure, "A node that fails at once would fail for ever and load the agent.",
               backoff_is_over},
    LaunchRule{"all_nodes_stop_first", "Nodes of the old version and of the new one do not work together.",
               all_have_stopped},
    LaunchRule{"all_masters_placed_first", "Unicast discovery needs the addresses of all masters.",
               all_masters_have_places},
    LaunchRule{"nodes_that_keep_data_first",
               "One node of a cluster per agent: it must not take the last one from them.", stateful_nodes_have_places},
    LaunchRule{"one_new_master_at_a_time", "The quorum can follow one new master, not two.", one_new_master},
    LaunchRule{"minimum_master_nodes_first", "Otherwise two halves could each elect a master.", quorum_is_raised},
};

}  // namespace

const std::span<const LaunchRule> kLaunchRules = kRules;

bool may_launch(const View& view, Draft& draft, const LaunchSubject& subject) {
  auto refusal = first_refusal(kLaunchRules, view, subject);
  if (!refusal) return true;
  const Node& node = subject.node;
  if (refusal->rule == kWaitsAfterFailure) {
    draft.hold(refusal->rule, node.name(), std::move(refusal->refusal), from_us(node.not_before_at_us()));
  } else {
    draft.hold(refusal->rule, node.name(), std::move(refusal->refusal));
  }
  return false;
}

const model::Place* place_of(const state::Node& node, std::span<const PlannedPlace> planned) {
  if (has_place(node)) return &node.place();
  const auto found = std::ranges::find(planned, &node, &PlannedPlace::node);
  return found == planned.end() ? nullptr : &found->place;
}

}  // namespace esaas::reconcile
