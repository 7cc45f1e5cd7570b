#include "reconcilers/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "core/commands/operation_holds.h"
#include "core/model/request.h"
#include "core/state/fleet_state.h"
#include "core/state/launch_inputs.h"
#include "reconcilers/refused_settings.h"
#include "reconcilers/rules/launch_rules.h"
#include "reconcilers/rules/rollout_rules.h"
#include "reconcilers/rules/stop_rules.h"
#include "reconcilers/voting.h"

namespace esaas::reconcile {
namespace {

using state::Cluster;
using state::Node;
using state::Operation;

std::string moment(std::int64_t at_us) { return to_rfc3339(from_us(at_us)); }

template <typename Subject>
std::string_view find_meaning(std::span<const Rule<Subject>> rules, std::string_view name) {
  const auto found = std::ranges::find(rules, name, &Rule<Subject>::name);
  return found == rules.end() ? std::string_view{} : found->why;
}

std::string_view operation_of(const state::Hold& hold) {
  for (const model::Figure& figure : hold.basis()) {
    if (figure.name() == "operation") return figure.value();
  }
  return {};
}

std::string kind_of(const Operation& operation) { return std::string(model::kind_of(operation.request())); }

// ---- What is wanted ----

Wanted wanted_by(const WhyInput& input, const Operation& operation, std::string text) {
  Wanted wanted;
  wanted.text = std::move(text);
  wanted.operation = operation.id();
  wanted.by = operation.requested_by();
  wanted.at_us = operation.requested_at_us();
  const auto reason = input.reasons.find(operation.id());
  if (reason != input.reasons.end()) wanted.reason = reason->second;
  return wanted;
}

std::string specification(const Cluster& cluster) {
  if (cluster.phase() == state::CLUSTER_PHASE_DELETING) return "Nothing of the cluster shall be left.";
  if (cluster.phase() == state::CLUSTER_PHASE_SUSPENDED) {
    return "No node shall run; places and data are kept until it is resumed.";
  }
  std::string groups;
  for (const model::NodeGroup& group : cluster.spec().node_groups()) {
    if (group.count() == 0) continue;
    groups += fmt::format("{}{} {}", groups.empty() ? "" : ", ", group.count(), group.name());
  }
  return fmt::format("Elasticsearch {} shall run on these nodes: {}.", cluster.spec().version(), groups);
}

std::vector<std::string> steps_of(const Operation& operation) {
  std::vector<std::string> lines;
  for (const state::Step& step : operation.steps()) {
    if (step.total() != 0 && step.done() == step.total()) continue;
    const std::string counts = step.total() == 0 ? "" : fmt::format(" {} of {}", step.done(), step.total());
    const std::string since = step.since_at_us() == 0 ? "" : ", since " + moment(step.since_at_us());
    lines.push_back(fmt::format("{} is at \"{}\"{}{}.", operation.id(), step.name(), counts, since));
  }
  return lines;
}

// ---- What is done ----

std::string title_of(const Node& node) { return "Node " + node.name(); }

/// What is under way with the node, apart from its holds.
void add_doing(const Cluster& cluster, const Node& node, std::vector<std::string>& doing) {
  const std::string title = title_of(node);
  if (node.removing()) doing.push_back(fmt::format("{} leaves: {}", title, node.removal_reason()));
  if (!node.replaces().empty()) doing.push_back(fmt::format("{} takes the place of {}.", title, node.replaces()));
  if (node.drain() == state::DRAIN_STATUS_BEGAN) doing.push_back(title + " is drained: what it holds moves away.");
  if (node.has_restart()) {
    doing.push_back(fmt::format("{} is restarted since {}: {} It is {}.", title, moment(node.restart().since_at_us()),
                                node.restart().why(),
                                node.restart().prepared() ? "flushed, and stops" : "being prepared"));
  }
  if (node.has_growth()) {
    doing.push_back(fmt::format("The place of {} becomes cpus_milli {}, mem_mib {}, disk_mib {}.", node.name(),
                                node.growth().after().cpus_milli(), node.growth().after().mem_mib(),
                                node.growth().after().disk_mib()));
  }
  if (node.has_task() && !state::runs_as_wanted(cluster, node)) {
    doing.push_back(title + " does not run with what is wanted now, and is to be restarted.");
  }
}

void add_doing(const Cluster& cluster, std::vector<std::string>& doing) {
  if (cluster.has_full_restart()) {
    const state::FullRestart& restart = cluster.full_restart();
    doing.push_back(fmt::format("All nodes restart at once since {}: {} {}", moment(restart.since_at_us()),
                                restart.why(),
                                restart.stopped()    ? "All have stopped, and start."
                                : restart.prepared() ? "They stop."
                                                     : "They are being prepared."));
  }
  if (!cluster.allocation_applied().empty() || !cluster.allocation_intended().empty()) {
    doing.push_back(fmt::format(
        "Shards are allocated with \"{}\" only, until the restart is over.",
        cluster.allocation_intended().empty() ? cluster.allocation_applied() : cluster.allocation_intended()));
  }
  for (const Node& node : cluster.nodes()) add_doing(cluster, node, doing);
}

void add_requests(const Cluster& cluster, std::string_view operation, std::vector<std::string>& doing) {
  for (const state::ElasticsearchRequest& request : cluster.requests()) {
    if (request.operation() != operation) continue;
    if (!request.answered()) {
      doing.push_back(fmt::format("{} {} was sent to Elasticsearch at {}; the answer is waited for.", request.method(),
                                  request.path(), moment(request.intended_at_us())));
    } else if (!request.accepted()) {
      doing.push_back(fmt::format("Elasticsearch refused {} {} at {}: {}", request.method(), request.path(),
                                  moment(request.answered_at_us()), request.why()));
    }
  }
}

// ---- What holds, and what is next ----

/// Before 7.0 a master that was cut off when the other of two left may have stored that two are needed. What is stored
/// rules over what it is started with, so a restart changes nothing; a second master does (tried with 2.3.3).
bool may_lack_the_vote_of_one_that_left(const Cluster& cluster) {
  if (keeps_voting_configuration(cluster.spec().version())) return false;
  std::uint32_t masters = 0;
  for (const model::NodeGroup& group : cluster.spec().node_groups()) {
    if (state::is_master_eligible(group)) masters += group.count();
  }
  return masters == 1;
}

std::string remedy_for(const state::Hold& hold, const Cluster& cluster) {
  if (hold.rule() != kHealthKnown || cluster.phase() != state::CLUSTER_PHASE_RUNNING) return {};
  std::string remedy = fmt::format(
      "If it does not answer again by itself, restart what is silent (esaas cluster restart {}): an administrator lets "
      "the restart stop nodes without an answer, with esaas operation override OPERATION health_unknown --why ... .",
      cluster.name());
  if (!may_lack_the_vote_of_one_that_left(cluster)) return remedy;
  return remedy +
         " If its only master was one of two before and was cut off when the other left, it waits for a second vote, "
         "and no restart ends that: give its group 2 masters until it answers (esaas cluster scale, or an undo of the "
         "scale).";
}

Held held_by(const state::Hold& hold, const Cluster& cluster) {
  return {.hold = &hold,
          .meaning = meaning_of_rule(hold.rule()),
          .operation = std::string(operation_of(hold)),
          .remedy = remedy_for(hold, cluster)};
}

void add_next(const state::Hold& hold, std::vector<Next>& next) {
  next.push_back({fmt::format("{}{} is tried again.", hold.rule(), hold.node().empty() ? "" : " on " + hold.node()),
                  hold.next_check_at_us()});
}

void add_next(const Node& node, Time now, std::vector<Next>& next) {
  if (from_us(node.not_before_at_us()) <= now) return;
  next.push_back({fmt::format("{} is launched again, after {} that ended too early.", title_of(node),
                              node.failures() == 1 ? "1 task" : fmt::format("{} tasks", node.failures())),
                  node.not_before_at_us()});
}

void add_queue(const WhyInput& input, std::vector<Next>& next) {
  for (const std::string& id : input.cluster.queued_operations()) {
    const auto found = std::ranges::find(input.open, id, &Operation::id);
    next.push_back({fmt::format("{}{} begins when what is before it is over.", id,
                                found == input.open.end() ? "" : " (" + kind_of(**found) + ")"),
                    0});
  }
}

void add_policies(const Cluster& cluster, std::vector<Next>& next) {
  if (!cluster.spec().policies().has_snapshots()) return;
  for (const state::PolicyRun& run : cluster.policy_runs()) {
    if (run.policy() != "policy_snapshots") continue;
    const auto every = std::chrono::seconds{cluster.spec().policies().snapshots().every_s()};
    next.push_back({"The next snapshot by the cluster's policies.", to_us(from_us(run.began_at_us()) + every)});
  }
}

std::string waits(const state::Hold& hold) {
  const std::string whom = hold.node().empty() ? "" : hold.node() + ": ";
  return fmt::format("It waits since {}: {}{} (rule {})", moment(hold.since_at_us()), whom, hold.why(), hold.rule());
}

const state::Hold* first_of(const std::vector<Held>& held) {
  const auto oldest = std::ranges::min_element(held, {}, [](const Held& one) { return one.hold->since_at_us(); });
  return oldest == held.end() ? nullptr : oldest->hold;
}

std::string_view word_for(model::HealthStatus status) {
  switch (status) {
    case model::HEALTH_STATUS_GREEN: return "green";
    case model::HEALTH_STATUS_YELLOW: return "yellow";
    case model::HEALTH_STATUS_RED: return "red";
    default: return "not known, because it does not answer";
  }
}

std::string health_of(const Cluster& cluster) {
  std::string text = fmt::format("Its health is {} since {}", word_for(cluster.health().status()),
                                 moment(cluster.health_since_at_us()));
  if (cluster.health().unassigned_shards() != 0) {
    text += fmt::format(", with {} shards unassigned", cluster.health().unassigned_shards());
  }
  return text + ".";
}

std::string_view word_for(model::OperationStatus status) {
  switch (status) {
    case model::OPERATION_STATUS_SUCCEEDED: return "succeeded";
    case model::OPERATION_STATUS_FAILED: return "failed";
    case model::OPERATION_STATUS_CANCELLED: return "was cancelled";
    default: return "is not over";
  }
}

/// "op-12 succeeded at ...: ..."
std::string ended(const Operation& operation) {
  return fmt::format("{} ({}) {} at {}{}", operation.id(), kind_of(operation), word_for(operation.status()),
                     moment(operation.finished_at_us()), operation.detail().empty() ? "." : ": " + operation.detail());
}

std::string task_of(const Node& node) {
  if (!node.has_task()) {
    return node.place_status() == state::PLACE_STATUS_NONE ? "It has no place yet."
                                                           : "It has a place, and no task yet.";
  }
  std::string state = model::TaskState_Name(node.task().state()).substr(std::string_view("TASK_STATE_").size());
  std::ranges::transform(state, state.begin(), [](char c) { return static_cast<char>(c == '_' ? ' ' : c | 0x20); });
  std::string text =
      fmt::format("Its task {} is {} since {}", node.task().task_id(), state, moment(node.task().state_since_at_us()));
  if (!node.task().reason().empty()) text += " (" + node.task().reason() + ")";
  if (!node.task().message().empty()) text += ": " + node.task().message();
  return text +
         (node.task().joined() ? ", and it is a member of its cluster." : ", and it is no member of its cluster.");
}

}  // namespace

bool concerns(const state::Hold& hold, const Operation& operation, const Cluster& cluster) {
  return command::holds_operation(hold, operation, cluster);
}

std::string_view meaning_of_rule(std::string_view rule) {
  for (const auto& rules :
       {kRolloutRules, kRolloutStopRules, kStrangerRules, kCompanionRules, kFullRestartRules, kRemovalRules,
        kReleaseRules, kDrainRules, kExclusionRules, kStopRules, kRestartRules, kAbsenceRules}) {
    if (const auto meaning = find_meaning(rules, rule); !meaning.empty()) return meaning;
  }
  if (rule == kElasticsearchRefusesSetting) return kElasticsearchRefusesSettingWhy;
  return find_meaning(kLaunchRules, rule);
}

Explanation explain_cluster(const WhyInput& input) {
  const Cluster& cluster = input.cluster;
  Explanation why{
      .subject = "cluster " + cluster.name(), .answer = {}, .wanted = {}, .doing = {}, .held = {}, .next = {}};
  const Operation* active = nullptr;
  for (const Operation* operation : input.open) {
    if (operation->status() != model::OPERATION_STATUS_RUNNING) continue;
    if (operation->id() == cluster.active_operation()) active = operation;
    why.wanted.push_back(wanted_by(input, *operation, kind_of(*operation) + " is under way."));
    for (std::string& step : steps_of(*operation)) why.doing.push_back(std::move(step));
    add_requests(cluster, operation->id(), why.doing);
  }
  if (why.wanted.empty() && input.latest != nullptr) {
    why.wanted.push_back(wanted_by(input, *input.latest, "Last was " + ended(*input.latest)));
  }
  why.wanted.push_back({.text = specification(cluster)});
  add_doing(cluster, why.doing);
  add_requests(cluster, "", why.doing);
  for (const state::Hold& hold : cluster.holds()) {
    why.held.push_back(held_by(hold, cluster));
    add_next(hold, why.next);
  }
  for (const Node& node : cluster.nodes()) add_next(node, input.now, why.next);
  add_queue(input, why.next);
  add_policies(cluster, why.next);
  if (active != nullptr && active->paused()) {
    why.answer = active->id() + " is paused: it goes on when it is continued.";
  } else if (const state::Hold* hold = first_of(why.held)) {
    why.answer = waits(*hold);
  } else if (!why.doing.empty()) {
    why.answer = why.doing.front();
  } else if (!input.open.empty()) {
    why.answer = "Nothing holds it: " + input.open.front()->id() + " is under way.";
  } else {
    why.answer = "It is as it was asked for, and nothing is held.";
  }
  if (cluster.phase() == state::CLUSTER_PHASE_RUNNING) why.answer += " " + health_of(cluster);
  return why;
}

Explanation explain_operation(const WhyInput& input, const Operation& operation) {
  const Cluster& cluster = input.cluster;
  Explanation why{
      .subject = "operation " + operation.id(), .answer = {}, .wanted = {}, .doing = {}, .held = {}, .next = {}};
  const std::string of = operation.undoes().empty() ? "" : ", to take back " + operation.undoes();
  why.wanted.push_back(
      wanted_by(input, operation, fmt::format("{} of cluster {}{}.", kind_of(operation), operation.cluster(), of)));
  for (const state::RuleOverride& one : operation.overrides()) {
    why.doing.push_back(fmt::format("The rule {} is out of force{}, by {} (event {}).", one.rule(),
                                    one.node().empty() ? "" : " on " + one.node(), one.by(), one.seq()));
  }
  if (operation.status() == model::OPERATION_STATUS_QUEUED) {
    why.answer = model::runs_alongside(operation.request())
                     ? "It has not begun: another " + kind_of(operation) + " is under way."
                     : "It has not begun: " + (cluster.active_operation().empty()
                                                   ? "it begins at once."
                                                   : cluster.active_operation() + " is before it.");
    return why;
  }
  if (operation.status() != model::OPERATION_STATUS_RUNNING) {
    why.answer = "It is over: " + ended(operation);
    return why;
  }
  for (std::string& step : steps_of(operation)) why.doing.push_back(std::move(step));
  add_requests(cluster, operation.id(), why.doing);
  const bool is_active = cluster.active_operation() == operation.id();
  if (is_active) add_doing(cluster, why.doing);
  for (const state::Hold& hold : cluster.holds()) {
    if (!concerns(hold, operation, cluster)) continue;
    why.held.push_back(held_by(hold, cluster));
    add_next(hold, why.next);
  }
  if (is_active) {
    for (const Node& node : cluster.nodes()) add_next(node, input.now, why.next);
  }
  if (operation.paused()) {
    why.answer = "It is paused: it goes on when it is continued.";
  } else if (const state::Hold* hold = first_of(why.held)) {
    why.answer = waits(*hold);
  } else if (!why.doing.empty()) {
    why.answer = why.doing.back();
  } else {
    why.answer = "Nothing holds it.";
  }
  return why;
}

Explanation explain_node(const WhyInput& input, const Node& node) {
  const Cluster& cluster = input.cluster;
  Explanation why{.subject = fmt::format("node {} of cluster {}", node.name(), cluster.name()),
                  .answer = {},
                  .wanted = {},
                  .doing = {},
                  .held = {},
                  .next = {}};
  for (const Operation* operation : input.open) {
    if (operation->id() == cluster.active_operation()) {
      why.wanted.push_back(wanted_by(input, *operation, kind_of(*operation) + " of its cluster is under way."));
    }
  }
  why.wanted.push_back({.text = node.removing() ? "It shall leave: " + node.removal_reason()
                                                : "It shall run, as a node of group " + node.group() + "."});
  why.doing.push_back(task_of(node));
  if (node.place_status() != state::PLACE_STATUS_NONE) {
    why.doing.push_back(
        fmt::format("Its place is on {} (agent {}).", node.place().hostname(), node.place().agent_id()));
  }
  add_doing(cluster, node, why.doing);
  if (!node.growth_refusal().empty()) why.doing.push_back("Its place could not grow: " + node.growth_refusal());
  for (const state::Hold& hold : cluster.holds()) {
    if (!hold.node().empty() && hold.node() != node.name()) continue;
    why.held.push_back(held_by(hold, cluster));
    add_next(hold, why.next);
  }
  add_next(node, input.now, why.next);
  if (const state::Hold* hold = first_of(why.held)) {
    why.answer = waits(*hold);
  } else {
    why.answer = why.doing.back();
  }
  return why;
}

std::string to_text(const Explanation& why) {
  std::string text = fmt::format("{}\n  {}\n", why.subject, why.answer);
  const auto head = [&text](bool any, std::string_view title) {
    if (any) text += std::string(title) + "\n";
  };
  head(!why.wanted.empty(), "wanted");
  for (const Wanted& one : why.wanted) {
    text += "  " + one.text;
    if (!one.operation.empty()) text += fmt::format(" ({} by {} at {})", one.operation, one.by, moment(one.at_us));
    if (!one.reason.empty()) text += " because: " + one.reason;
    text += "\n";
  }
  head(!why.doing.empty(), "under way");
  for (const std::string& one : why.doing) text += "  " + one + "\n";
  head(!why.held.empty(), "held");
  for (const Held& one : why.held) {
    const state::Hold& hold = *one.hold;
    text += fmt::format("  {}{} (rule {}, since {})\n", hold.node().empty() ? "" : hold.node() + ": ", hold.why(),
                        hold.rule(), moment(hold.since_at_us()));
    if (!one.meaning.empty()) text += fmt::format("    the rule is there because: {}\n", one.meaning);
    if (!one.remedy.empty()) text += fmt::format("    what can be done: {}\n", one.remedy);
    std::string figures;
    for (const model::Figure& figure : hold.basis()) {
      figures += fmt::format("{}{}={}", figures.empty() ? "" : " ", figure.name(), figure.value());
    }
    if (!figures.empty()) text += "    figures: " + figures + "\n";
  }
  head(!why.next.empty(), "next");
  for (const Next& one : why.next) {
    text +=
        fmt::format("  {} {}\n", one.text, one.at_us == 0 ? "With the next news." : "At " + moment(one.at_us) + ".");
  }
  return text;
}

}  // namespace esaas::reconcile
