#include "reconcilers/growth.h"

#include <algorithm>
#include <chrono>

#include "core/model/ids.h"
#include "core/state/fleet_state.h"
#include "reconcilers/disks.h"
#include "reconcilers/held.h"
#include "reconcilers/mesos_answer.h"
#include "reconcilers/minimum_master_nodes.h"
#include "reconcilers/offers.h"
#include "reconcilers/recovery_guard.h"
#include "reconcilers/rules/operation_rules.h"
#include "reconcilers/rules/stop_rules.h"

namespace esaas::reconcile {
namespace {

using state::Node;

constexpr std::string_view kMustHaveJoined = "growing_node_must_have_joined";
constexpr std::string_view kNotShown = "growth_is_not_on_offer";
constexpr std::string_view kReleaseRefused = "release_is_refused";

std::int64_t lack(std::uint32_t after, std::uint32_t before) {
  return std::max(std::int64_t{after} - std::int64_t{before}, std::int64_t{0});
}

/// What the place lacks for a size. A place may have more disk than its node asked for: a disk that is taken whole.
Quantities lack_of(const model::Place& place, const model::Resources& after) {
  const model::Resources& before = place.resources();
  return {.cpus_milli = lack(after.cpus_milli(), before.cpus_milli()),
          .mem_mib = lack(after.mem_mib(), before.mem_mib()),
          .disk_mib = lack(after.disk_mib(), before.disk_mib())};
}

bool is_nothing(const Quantities& lacking) {
  return lacking.cpus_milli == 0 && lacking.mem_mib == 0 && lacking.disk_mib == 0;
}

bool covers(const Quantities& shown, const Quantities& needed) {
  return shown.cpus_milli >= needed.cpus_milli && shown.mem_mib >= needed.mem_mib && shown.disk_mib >= needed.disk_mib;
}

bool is_smaller(const model::Resources& a, const model::Resources& b) {
  return a.cpus_milli() < b.cpus_milli() || a.mem_mib() < b.mem_mib() || a.disk_mib() < b.disk_mib();
}

bool is_refused(const Node& node, const model::Resources& after) {
  return node.has_growth_refused() && equal(node.growth_refused(), after);
}

const model::Resources* wanted_size(const state::Cluster& cluster, const Node& node) {
  const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
  return group == nullptr ? nullptr : &group->resources();
}

bool is_wanted(const View& view, const Node& node) {
  const model::Resources* wanted = wanted_size(view.cluster(), node);
  return wanted != nullptr && equal(*wanted, node.growth().after());
}

template <typename Payload>
void name(Payload& payload, const Node& node) {
  payload.set_node(node.name());
  payload.set_volume_id(node.place().volume_id());
}

void refuse(Draft& draft, const Node& node, const model::Resources& after, std::string why) {
  event::Event event;
  event::PlaceGrowthFailed& payload = *event.mutable_place_growth_failed();
  name(payload, node);
  *payload.mutable_after() = after;
  payload.set_why(std::move(why));
  draft.act("refuse_growth", std::move(event));
}

void grown(Draft& draft, const Node& node, const model::Resources& after) {
  event::Event event;
  name(*event.mutable_place_grown(), node);
  *event.mutable_place_grown()->mutable_resources() = after;
  draft.act("note_growth", std::move(event));
}

// ---- What stands in the way of a restart ----

enum class Passing : std::uint8_t { kPasses, kMayNeverPass, kNeverPasses };

struct Obstacle {
  NamedRefusal refused;
  Passing passing = Passing::kPasses;
};

/// Of the shards whose only copy in sync is on the node: will there be another?
Passing passing_of_last_copy(const View& view, const Node& node) {
  const auto& shards = view.fresh()->shards;
  Passing worst = Passing::kPasses;
  for (const ShardCopy& copy : shards) {
    if (copy.node != node.name() || copy.state == ShardState::kUnassigned || copy.state == ShardState::kInitializing) {
      continue;
    }
    Passing best = Passing::kNeverPasses;
    for (const ShardCopy& other : shards) {
      if (&other == &copy || other.index != copy.index || other.shard != copy.shard) continue;
      // One that is being copied will be in sync; one that is not assigned perhaps never is.
      best = std::min(best, other.state == ShardState::kUnassigned ? Passing::kMayNeverPass : Passing::kPasses);
    }
    worst = std::max(worst, best);
  }
  return worst;
}

std::optional<Obstacle> obstacle_to_restart(const View& view, const Node& node) {
  if (view.is_companion(node)) return std::nullopt;  // one node of a cluster grows at a time anyway
  auto refusal = first_refusal(kRestartRules, view, node);
  if (!refusal) return std::nullopt;
  Passing passing = Passing::kPasses;
  if (refusal->rule == kKeepsLastCopy) passing = passing_of_last_copy(view, node);
  if (refusal->rule == kKeepsQuorum && count_masters(view).planned <= 2) passing = Passing::kNeverPasses;
  return Obstacle{std::move(*refusal), passing};
}

/// Held, unless it does not pass or has not passed for too long: then why the node can not grow.
std::optional<std::string> wait_or_give_up(const View& view, Draft& draft, const Node& node, Obstacle obstacle) {
  const Duration patience = view.settings().growth_patience;
  const bool over =
      obstacle.passing == Passing::kNeverPasses ||
      (obstacle.passing == Passing::kMayNeverPass && held_for(view, obstacle.refused.rule, node) >= patience);
  if (over) return std::move(obstacle.refused.refusal.why);
  draft.hold(obstacle.refused.rule, node.name(), std::move(obstacle.refused.refusal));
  return std::nullopt;
}

// ---- The beginning ----

/// Of the disk that the place's volume is on.
std::int64_t free_disk(const Offer& offer, const model::Place& place) {
  if (!place.has_disk_source()) return offer.unreserved.disk_mib;
  const auto found = std::ranges::find_if(
      offer.disks, [&](const OfferedDisk& disk) { return equal(disk.source, place.disk_source()); });
  return found == offer.disks.end() ? 0 : found->mib;
}

Quantities room_on(const Offer& offer, const model::Place& place) {
  return {.cpus_milli = offer.unreserved.cpus_milli,
          .mem_mib = offer.unreserved.mem_mib,
          .disk_mib = free_disk(offer, place)};
}

std::vector<model::Figure> figures_of(const Quantities& lacking) {
  return {figure("lacks_cpus_milli", static_cast<std::uint64_t>(lacking.cpus_milli)),
          figure("lacks_mem_mib", static_cast<std::uint64_t>(lacking.mem_mib)),
          figure("lacks_disk_mib", static_cast<std::uint64_t>(lacking.disk_mib))};
}

void intend(const View& view, Draft& draft, const Node& node, const model::Resources& after, std::size_t index) {
  const Offer& offer = view.input().offers[index];
  const Quantities room = room_on(offer, node.place());
  event::Event event;
  event::PlaceGrowthIntended& payload = *event.mutable_place_growth_intended();
  name(payload, node);
  *payload.mutable_before() = node.place().resources();
  *payload.mutable_after() = after;
  payload.set_reserve_operation(model::mesos_operation_id(view.cluster().name(), node.name(), "reserve",
                                                          draft.next_seq(), view.input().incarnation));
  payload.set_offer_id(offer.id);
  for (model::Figure& one : figures_of(lack_of(node.place(), after))) *payload.add_basis() = std::move(one);
  *payload.add_basis() = figure("offers_cpus_milli", static_cast<std::uint64_t>(room.cpus_milli));
  *payload.add_basis() = figure("offers_mem_mib", static_cast<std::uint64_t>(room.mem_mib));
  *payload.add_basis() = figure("offers_disk_mib", static_cast<std::uint64_t>(room.disk_mib));
  draft.use(index);
  draft.act("grow_place", std::move(event));
}

void look_for_room(const View& view, Draft& draft, const Node& node, const model::Resources& after) {
  const Quantities lacking = lack_of(node.place(), after);
  const OfferSet& offers = view.input().offers;
  for (const std::uint32_t i : offers.of_agent(node.place().agent_id())) {
    if (!draft.is_free(i)) continue;
    if (covers(room_on(offers[i], node.place()), lacking)) return intend(view, draft, node, after, i);
  }
  const Duration patience = view.settings().growth_patience;
  const Duration waited = held_for(view, kWaitsForRoom, node);
  if (waited >= patience) return refuse(draft, node, after, "Its agent does not offer what it lacks for that size.");
  draft.hold(kWaitsForRoom, node.name(),
             {"The node grows where it is when its agent, " + node.place().hostname() +
                  ", offers what it lacks; else it is replaced.",
              figures_of(lacking)},
             view.now() + patience - waited);
}

// ---- What was begun ----

/// An offer of the node's agent that shows the volume and all that was added, or, while the task runs, the addition.
std::optional<OwnOffer> find_addition(const View& view, const Draft& draft, const Node& node) {
  const auto own = find_own_offer(view, draft, node);
  if (!own) return std::nullopt;
  Quantities needed = lack_of(node.place(), node.growth().after());
  if (own->part->has_volume) add(needed, to_quantities(node.place().resources()));
  return covers(own->part->quantities, needed) ? own : std::nullopt;
}

/// GROW_VOLUME took effect, and the word of it was lost.
bool has_grown(const Node& node, const OwnOffer& own) {
  const model::Resources& after = node.growth().after();
  return lack_of(node.place(), after).disk_mib > 0 && own.part->volume_mib >= after.disk_mib();
}

/// Somebody else took away what was added: offers of the agent do not show it, for too long to be chance.
bool is_lost(const View& view, const Draft& draft, const Node& node) {
  if (held_for(view, kNotShown, node) < view.settings().growth_patience) return false;
  if (is_stopped(node)) {
    const auto own = find_own_offer(view, draft, node);
    return own && own->part->has_volume;
  }
  const OfferSet& offers = view.input().offers;
  return std::ranges::any_of(offers.of_agent(node.place().agent_id()),
                             [&](std::uint32_t offer) { return !offers.is_taken(offer); });
}

void wait_for_addition(const View& view, Draft& draft, const Node& node, const std::string& why) {
  if (is_lost(view, draft, node)) {
    return refuse(draft, node, node.growth().after(), why + " What was added is not on offer any more.");
  }
  draft.hold(kNotShown, node.name(),
             {"What was added to the place of the node on " + node.place().hostname() + " is not on offer yet.", {}},
             view.now() + std::chrono::seconds{30});
}

void give_back(const View& view, Draft& draft, const Node& node, std::string why) {
  if (const auto own = find_own_offer(view, draft, node); own && has_grown(node, *own)) {
    draft.use(own->index);  // no launch in this plan knows of the new size
    return grown(draft, node, node.growth().after());
  }
  const auto own = find_addition(view, draft, node);
  if (!own) return wait_for_addition(view, draft, node, why);
  event::Event event;
  event::PlaceGrowthReleaseIntended& payload = *event.mutable_place_growth_release_intended();
  name(payload, node);
  payload.set_unreserve_operation(model::mesos_operation_id(view.cluster().name(), node.name(), "unreserve",
                                                            draft.next_seq(), view.input().incarnation));
  payload.set_offer_id(own->offer->id);
  payload.set_why(std::move(why));
  draft.use(own->index);
  draft.act("give_growth_back", std::move(event));
}

/// UNRESERVE of what was added was tried, and did not take effect.
bool was_release_refused(const Node& node) {
  return node.growth().status() == state::GROWTH_STATUS_REFUSED && !node.growth().unreserve_operation().empty();
}

/// Tried again now and then. The node does not wait for it: its place is there in the old size, for a launch.
void give_back_again(const View& view, Draft& draft, const Node& node) {
  const Duration patience = view.settings().growth_patience;
  const Duration held = held_for(view, kReleaseRefused, node);
  const auto own = find_own_offer(view, draft, node);
  const bool is_due = held >= patience || (own && has_grown(node, *own));
  draft.hold(kReleaseRefused, node.name(),
             {"Mesos did not take back what was added to the node's place on " + node.place().hostname() +
                  ": it is tried again, and the node goes on in its old size.",
              {figure("mesos_operation", node.growth().unreserve_operation())}},
             view.now() + (is_due ? patience : patience - held));
  if (is_due) give_back(view, draft, node, node.growth().why());
}

std::string text_of(const model::Resources& size) {
  return std::to_string(size.cpus_milli()) + " milli-CPU, " + std::to_string(size.mem_mib()) + " MiB memory and " +
         std::to_string(size.disk_mib()) + " MiB disk";
}

void stop(const View& view, Draft& draft, const Node& node) {
  if (!may_run(node) || is_out_of_sight(node)) return draft.check_soon();  // recovery.h holds it
  if (node.task().kill_intended()) return;
  if (view.is_paused()) return hold_paused(view, draft);
  if (auto obstacle = obstacle_to_restart(view, node)) {
    NamedRefusal refused = obstacle->refused;
    if (auto why = wait_or_give_up(view, draft, node, std::move(*obstacle))) {
      // Held on while what was added is waited for: else its time would begin anew, and so for ever.
      draft.hold(refused.rule, node.name(), std::move(refused.refusal));
      give_back(view, draft, node, std::move(*why));
    }
    return;
  }
  if (!wait_for_guard(view, draft, node)) return;
  const bool asks_cluster = !view.is_companion(node);
  if ((asks_cluster && !view.knows_of_last_change()) || draft.has_action("stop_node")) return draft.check_soon();
  event::Event event;
  event::TaskKillIntended& payload = *event.mutable_task_kill_intended();
  payload.set_node(node.name());
  payload.set_task_id(node.task().task_id());
  payload.set_why("It grows where it is, from " + text_of(node.place().resources()) + " to " +
                  text_of(node.growth().after()) + ".");
  draft.act("stop_node", std::move(event));
}

void grow_volume(const View& view, Draft& draft, const Node& node) {
  const model::Resources& after = node.growth().after();
  if (lack_of(node.place(), after).disk_mib == 0) return grown(draft, node, after);
  if (const auto own = find_own_offer(view, draft, node); own && has_grown(node, *own)) {
    return grown(draft, node, after);
  }
  const auto own = find_addition(view, draft, node);
  if (!own || !own->part->has_volume) return wait_for_addition(view, draft, node, "The volume could not grow.");
  event::Event event;
  event::VolumeGrowthIntended& payload = *event.mutable_volume_growth_intended();
  name(payload, node);
  payload.set_grow_operation(model::mesos_operation_id(view.cluster().name(), node.name(), "grow", draft.next_seq(),
                                                       view.input().incarnation));
  payload.set_offer_id(own->offer->id);
  draft.use(own->index);
  draft.act("grow_volume", std::move(event));
}

void go_on(const View& view, Draft& draft, const Node& node) {
  switch (node.growth().status()) {
    case state::GROWTH_STATUS_RESERVED:
      if (!is_wanted(view, node)) return give_back(view, draft, node, "The group shall have another size by now.");
      return is_stopped(node) ? grow_volume(view, draft, node) : stop(view, draft, node);
    case state::GROWTH_STATUS_REFUSED:
      if (was_release_refused(node)) return give_back_again(view, draft, node);
      return give_back(view, draft, node, node.growth().why());
    default: return wait_for_mesos_answer(view, draft, node, growth_operation(node));
  }
}

}  // namespace

bool may_grow(const Node& node, const model::Resources& after) {
  return is_reserved(node) && !node.removing() && node.ever_joined() && !is_given_up(node) &&
         !is_smaller(after, node.resources()) && !is_refused(node, after);
}

bool begin_growth(const View& view, Draft& draft, const Node& node, const model::NodeGroup& group) {
  const model::Resources& after = group.resources();
  if (!may_grow(node, after)) return false;
  const Quantities lacking = lack_of(node.place(), after);
  if (is_nothing(lacking)) {
    grown(draft, node, after);
    return true;
  }
  if (lacking.disk_mib > 0 && node.place().disk_source().type() == kMountDisk) {
    refuse(draft, node, after, "Its disk is taken whole and can not grow.");
    return true;
  }
  if (!is_joined(node)) {
    const Obstacle obstacle{{kMustHaveJoined, {"A node grows only while it is a member.", {}}}, Passing::kMayNeverPass};
    if (auto why = wait_or_give_up(view, draft, node, obstacle)) refuse(draft, node, after, std::move(*why));
    return true;
  }
  if (auto obstacle = obstacle_to_restart(view, node)) {
    if (auto why = wait_or_give_up(view, draft, node, std::move(*obstacle))) {
      refuse(draft, node, after, std::move(*why));
    }
    return true;
  }
  look_for_room(view, draft, node, after);
  return true;
}

void reconcile_growth(const View& view, Draft& draft) {
  for (const Node& node : view.cluster().nodes()) {
    // The place of one that leaves is given back as a whole (release.h).
    if (node.has_growth() && is_reserved(node) && !node.removing()) go_on(view, draft, node);
  }
}

bool wants_offer_to_grow(const state::Cluster& cluster) {
  if (cluster.phase() != state::CLUSTER_PHASE_RUNNING) return false;
  const auto is_not_shown = [](const state::Hold& hold) { return hold.rule() == kNotShown; };
  if (std::ranges::any_of(cluster.holds(), is_not_shown)) return true;
  bool busy = false;
  bool waits = false;
  for (const Node& node : cluster.nodes()) {
    if (node.removing()) busy = true;
    const model::Resources* wanted = wanted_size(cluster, node);
    if (wanted == nullptr) continue;
    if (node.has_growth()) {
      const bool unwanted = !equal(node.growth().after(), *wanted);
      const auto status = node.growth().status();
      const bool given_back = status == state::GROWTH_STATUS_REFUSED || status == state::GROWTH_STATUS_RESERVED;
      if (given_back && (unwanted || status == state::GROWTH_STATUS_REFUSED)) return true;
      busy = true;
    } else if (!equal(node.resources(), *wanted) && may_grow(node, *wanted)) {
      waits = true;
    }
  }
  return waits && !busy;
}

bool keeps_from_launch(const Node& node) {
  // One that leaves, and must run once more for its shards to move, starts in its old size.
  if (node.removing()) return awaits_growth_answer(node);
  return node.has_growth() && !was_release_refused(node);
}

bool awaits_growth_answer(const Node& node) {
  switch (node.growth().status()) {
    case state::GROWTH_STATUS_INTENDED:
    case state::GROWTH_STATUS_GROWING:
    case state::GROWTH_STATUS_RELEASING: return true;
    default: return false;
  }
}

const std::string& growth_operation(const Node& node) {
  switch (node.growth().status()) {
    case state::GROWTH_STATUS_GROWING: return node.growth().grow_operation();
    case state::GROWTH_STATUS_RELEASING: return node.growth().unreserve_operation();
    default: return node.growth().reserve_operation();
  }
}

}  // namespace esaas::reconcile
