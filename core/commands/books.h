#pragma once
// decide for prices, budgets and closed months. Pure; part of decide.

#include "core/commands/decide.h"

namespace esaas::command {

/// The largest price of an hour of anything, in billionths of the currency's unit: a million units.
inline constexpr std::uint64_t kPriceNanosMax = 1'000'000'000'000'000;
inline constexpr std::uint32_t kFactorPermilleMax = 100'000;
inline constexpr int kPriceListsMax = 100'000;

/// PriceListPublished. It begins now or later, for what was used has had its price; and no tenant may come to have two
/// currencies in one month.
Result<std::vector<event::Event>> decide(const state::FleetState& state, const PublishPriceList& command,
                                         const Context& context);

/// InvoiceClosed. A month is closed once, when it is over, and after the month before it; later only corrected.
Result<std::vector<event::Event>> decide(const state::FleetState& state, const CloseInvoice& command,
                                         const Context& context);

/// BudgetSet.
Result<std::vector<event::Event>> decide(const state::FleetState& state, const SetBudget& command,
                                         const Context& context);

/// BackupIntended. kConflict, rule `one_backup_at_a_time`, while another is to be taken.
Result<std::vector<event::Event>> decide(const state::FleetState& state, const BeginBackup& command,
                                         const Context& context);

/// BackupTaken or BackupFailed, of the one that was begun.
Result<std::vector<event::Event>> decide(const state::FleetState& state, const NoteBackup& command,
                                         const Context& context);

/// BudgetAlerted. kConflict, rule `told_once`: there is nothing new to be told.
Result<std::vector<event::Event>> decide(const state::FleetState& state, const AlertBudget& command,
                                         const Context& context);

}  // namespace esaas::command
