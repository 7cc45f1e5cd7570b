#include "reconcilers/ledger.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "core/model/ids.h"
#include "reconcilers/node_facts.h"

namespace esaas::reconcile {
namespace {

using state::Node;

/// A reservation as the master's books show it.
struct Entry {
  const Offer* agent = nullptr;
  const ReservedPart* part = nullptr;
};
using Entries = std::map<std::string, std::vector<Entry>, std::less<>>;  // by place

Entries entries_of(const MasterBooks& books) {
  Entries entries;
  for (const Offer& agent : books.agents) {
    for (const ReservedPart& part : agent.reserved) entries[part.place].push_back({&agent, &part});
  }
  return entries;
}

std::size_t ports_of(const ReservedPart& part) {
  std::size_t count = 0;
  for (const PortRange& range : part.ports) count += range.end - range.begin + 1;
  return count;
}

bool is_as_asked(const Quantities& ours, const ReservedPart& part) {
  return ours.cpus_milli == part.quantities.cpus_milli && ours.mem_mib == part.quantities.mem_mib &&
         ours.disk_mib == part.quantities.disk_mib && ports_of(part) == 2;
}

/// What a place that grows may have: no less than before, no more than after.
bool is_between(const Node& node, const ReservedPart& part) {
  const model::Resources& before = node.place().resources();
  const model::Resources& after = node.growth().after();
  const auto in = [](std::int64_t shown, std::uint32_t least, std::uint32_t most) {
    return shown >= least && shown <= std::max(least, most);
  };
  return in(part.quantities.cpus_milli, before.cpus_milli(), after.cpus_milli()) &&
         in(part.quantities.mem_mib, before.mem_mib(), after.mem_mib()) &&
         in(part.quantities.disk_mib, before.disk_mib(), after.disk_mib()) && ports_of(part) == 2;
}

bool is_registered(const MasterBooks& books, const std::string& agent_id) {
  return std::ranges::any_of(books.agents, [&](const Offer& agent) { return agent.agent_id == agent_id; });
}

/// What the books say of a place that was reserved all the while.
void judge(const MasterBooks& books, const Node& node, LedgerLine& line, const Entry* entry) {
  if (entry == nullptr) {
    const bool there = is_registered(books, node.place().agent_id());
    line.status = there ? LedgerStatus::kMissing : LedgerStatus::kAgentAway;
    line.why = there
                   ? "Agent " + node.place().agent_id() + " is registered, and nothing of the place is reserved on it."
                   : "Agent " + node.place().agent_id() + " is not registered with the master now.";
  } else if (!entry->part->has_volume) {
    line.status = LedgerStatus::kVolumeMissing;
    line.why = "The place is reserved, but its volume does not exist.";
  } else if (node.has_growth() && is_between(node, *entry->part)) {
    line.status = LedgerStatus::kUnderWay;
    line.why = "The place is between two sizes.";
  } else if (!is_as_asked(line.ours, *entry->part)) {
    line.status = LedgerStatus::kDiffers;
    line.why = "What is reserved is not what was asked for.";
  }
}

LedgerLine line_of(const state::Cluster& cluster, const Node& node) {
  LedgerLine line;
  line.tenant = cluster.tenant();
  line.cluster = cluster.name();
  line.node = node.name();
  line.place = node.place().volume_id();
  line.agent_id = node.place().agent_id();
  line.hostname = node.place().hostname();
  line.ours = to_quantities(node.place().resources());
  return line;
}

LedgerLine line_without_owner(const state::FleetState& state, const Entry& entry, OrphanPolicy policy) {
  LedgerLine line;
  line.tenant = model::tenant_of_role(entry.part->role);
  line.cluster = entry.part->cluster;
  line.node = entry.part->node;
  line.place = entry.part->place;
  line.agent_id = entry.agent->agent_id;
  line.hostname = entry.agent->hostname;
  line.theirs = entry.part->quantities;
  const bool leaving = std::ranges::any_of(state.head.orphan_releases(), [&](const state::OrphanRelease& release) {
    return release.volume_id() == line.place;
  });
  line.status = leaving ? LedgerStatus::kUnderWay : LedgerStatus::kWithoutOwner;
  line.why = "Nothing owns it: " + why_without_owner(state, *entry.part);
  if (leaving) {
    line.why += "; it is being given back.";
  } else {
    line.why += policy == OrphanPolicy::kKeep ? "; it is kept by policy." : ".";
  }
  return line;
}

}  // namespace

std::string_view name_of(LedgerStatus status) {
  switch (status) {
    case LedgerStatus::kBalanced: return "balanced";
    case LedgerStatus::kUnderWay: return "under_way";
    case LedgerStatus::kAgentAway: return "agent_away";
    case LedgerStatus::kMissing: return "missing";
    case LedgerStatus::kVolumeMissing: return "volume_missing";
    case LedgerStatus::kDiffers: return "differs";
    case LedgerStatus::kWithoutOwner: return "without_owner";
  }
  return "unknown";
}

bool is_imbalance(LedgerStatus status) {
  return status == LedgerStatus::kMissing || status == LedgerStatus::kVolumeMissing ||
         status == LedgerStatus::kDiffers || status == LedgerStatus::kWithoutOwner;
}

void add(Quantities& sum, const Quantities& one) {
  sum.cpus_milli += one.cpus_milli;
  sum.mem_mib += one.mem_mib;
  sum.disk_mib += one.disk_mib;
}

Quantities to_quantities(const model::Resources& resources) {
  return {resources.cpus_milli(), resources.mem_mib(), resources.disk_mib()};
}

std::set<std::string> reserved_places(const state::FleetState& state) {
  std::set<std::string> places;
  for (const auto& [name, cluster] : state.clusters) {
    for (const Node& node : cluster.nodes()) {
      // While an addition is given back, an answer may be of before or of after.
      if (node.growth().status() == state::GROWTH_STATUS_RELEASING) continue;
      if (is_reserved(node)) places.insert(node.place().volume_id());
    }
  }
  return places;
}

Ledger balance(const state::FleetState& state, const MasterBooks& books, const std::set<std::string>& asked_about,
               OrphanPolicy orphans) {
  Ledger ledger;
  ledger.asked_at = books.asked_at;
  ledger.seq = state.seq();
  Entries entries = entries_of(books);
  for (const auto& [name, cluster] : state.clusters) {
    for (const Node& node : cluster.nodes()) {
      if (!has_place(node) || is_transient(node)) continue;  // of the latter the books have nothing
      LedgerLine line = line_of(cluster, node);
      const auto found = entries.find(line.place);
      const Entry* entry = found == entries.end() ? nullptr : &found->second.front();
      if (entry != nullptr) line.theirs = entry->part->quantities;
      if (is_reserved(node) && asked_about.contains(line.place)) {
        judge(books, node, line, entry);
      } else {
        line.status = LedgerStatus::kUnderWay;
      }
      if (found != entries.end()) {
        // A volume's id is unique for ever: a second one of it would be a machine's copy, and nobody's.
        found->second.erase(found->second.begin());
      }
      ledger.lines.push_back(std::move(line));
    }
  }
  for (const auto& [place, rest] : entries) {
    for (const Entry& entry : rest) {
      ledger.lines.push_back(line_without_owner(state, entry, orphans));
      if (!books.known.contains(place)) continue;
      // The next comparison tells whether anything of it has stayed.
      ledger.lines.back().status = LedgerStatus::kUnderWay;
      ledger.lines.back().why = "It was given up after the master was asked.";
    }
  }
  std::ranges::stable_sort(ledger.lines, {},
                           [](const LedgerLine& line) { return std::tie(line.cluster, line.node, line.place); });
  for (const LedgerStatus status : kLedgerStatuses) ledger.by_status.emplace_back(status, 0);
  for (const LedgerLine& line : ledger.lines) {
    add(ledger.ours, line.ours);
    add(ledger.theirs, line.theirs);
    if (is_imbalance(line.status)) ++ledger.imbalances;
    ++std::ranges::find(ledger.by_status, line.status, [](const auto& of) { return of.first; })->second;
  }
  return ledger;
}

std::string why_without_owner(const state::FleetState& state, const ReservedPart& part) {
  const state::Cluster* cluster = state.find_cluster(part.cluster);
  if (cluster == nullptr) return "there is no cluster " + part.cluster + " any more";
  const Node* node = state::find_node(*cluster, part.node);
  if (node == nullptr) return "cluster " + part.cluster + " has no node " + part.node + " any more";
  if (!has_place(*node)) return "the place of node " + part.node + " was given up before it was seen reserved";
  return "node " + part.node + " has another place, " + node->place().volume_id();
}

}  // namespace esaas::reconcile
