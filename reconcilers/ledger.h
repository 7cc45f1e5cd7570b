#pragma once
// The ledger of reservations: what the state says is ours, line by line beside what the master's books say is reserved
// for us. It balances when every place is reserved as it was asked for, with its volume, and nothing is reserved that
// has no owner. Pure; values are thread-compatible.
//
// The master is asked at a moment and answers later, and places change meanwhile: only a place that was reserved when
// the question was sent, and still is, can be found wanting. All others are under way.

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/state/fleet_state.h"
#include "reconcilers/adoption.h"
#include "reconcilers/observation.h"

namespace esaas::reconcile {

/// What the master said. Agents that are unreachable, not heard of since it started, or never there are not in it.
struct MasterBooks {
  Time asked_at;
  std::vector<Offer> agents;         ///< registered ones; `reserved` is all that is reserved for us, in use or not
  std::set<std::string> known = {};  ///< places that had an owner when the master was asked
};

enum class LedgerStatus : std::uint8_t {
  kBalanced,
  kUnderWay,       ///< being reserved or given back
  kAgentAway,      ///< the place's agent is not registered now: nothing can be said
  kMissing,        ///< the agent is there, and nothing of the place is reserved on it
  kVolumeMissing,  ///< reserved, but the volume does not exist
  kDiffers,        ///< other amounts than asked for
  kWithoutOwner,   ///< reserved for us, and no node's place
};

inline constexpr std::array kLedgerStatuses{
    LedgerStatus::kBalanced,      LedgerStatus::kUnderWay, LedgerStatus::kAgentAway,   LedgerStatus::kMissing,
    LedgerStatus::kVolumeMissing, LedgerStatus::kDiffers,  LedgerStatus::kWithoutOwner};

/// "balanced", "under_way", ...
std::string_view name_of(LedgerStatus status);
/// Something is wrong, and not merely unknown or on its way.
bool is_imbalance(LedgerStatus status);
void add(Quantities& sum, const Quantities& one);
Quantities to_quantities(const model::Resources& resources);

struct LedgerLine {
  std::string tenant = {};
  std::string cluster = {};
  std::string node = {};
  std::string place = {};  ///< the volume's id
  std::string agent_id = {};
  std::string hostname = {};
  Quantities ours = {};    ///< as the log says
  Quantities theirs = {};  ///< as the master says
  LedgerStatus status = LedgerStatus::kBalanced;
  std::string why = {};  ///< a sentence, where there is something to say
};

struct Ledger {
  Time asked_at;
  std::uint64_t seq = 0;          ///< of the state that the books were compared with
  std::vector<LedgerLine> lines;  ///< by cluster, node and place
  Quantities ours;                ///< sums
  Quantities theirs;
  std::size_t imbalances = 0;
  /// Lines by status, those of none too; empty before the first comparison.
  std::vector<std::pair<LedgerStatus, std::size_t>> by_status = {};
};

/// The volume ids of all places that are reserved: to be taken when the master is asked.
std::set<std::string> reserved_places(const state::FleetState& state);

/// `asked_about` is what `reserved_places` gave when the master was asked. `orphans` is told of what has no owner.
Ledger balance(const state::FleetState& state, const MasterBooks& books, const std::set<std::string>& asked_about,
               OrphanPolicy orphans = OrphanPolicy::kAdopt);

/// In words, why nothing owns what is reserved under these labels, as far as the state tells.
std::string why_without_owner(const state::FleetState& state, const ReservedPart& part);

}  // namespace esaas::reconcile
