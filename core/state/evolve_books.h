#pragma once
// What events do to the fleet's record of its books: prices, budgets, closed months, sinks, digests, the use of tokens.
// Pure; part of evolve.

#include <string>

#include "core/events/event.pb.h"
#include "core/state/fleet_state.h"

namespace esaas::state {

/// So many addresses of a token are remembered.
inline constexpr int kTokenAddressesMax = 16;

/// Null when there is none of that name.
Tenant* tenant_of(FleetState& state, const std::string& name);

void apply(FleetState& state, const event::TokenUsed& payload, const event::Event& event);

void apply(FleetState& state, const event::SigningKeyCreated& payload, const event::Event& event);
void apply(FleetState& state, const event::DigestSigned& payload, const event::Event& event);
/// What was done to the log changes nothing that is decided on.
inline void apply(FleetState&, const event::LogRestored&, const event::Event&) {}

void apply(FleetState& state, const event::BackupIntended& payload, const event::Event& event);
/// Old logs have BackupTaken without an intent.
void apply(FleetState& state, const event::BackupTaken& payload, const event::Event& event);
void apply(FleetState& state, const event::BackupFailed& payload, const event::Event& event);

/// One that is configured anew under its name goes on where it was, unless it is to begin elsewhere.
void apply(FleetState& state, const event::SinkConfigured& payload, const event::Event& event);
void apply(FleetState& state, const event::SinkRemoved& payload, const event::Event& event);
void apply(FleetState& state, const event::SinkAdvanced& payload, const event::Event& event);
void apply(FleetState& state, const event::SinkStalled& payload, const event::Event& event);

void apply(FleetState& state, const event::PriceListPublished& payload, const event::Event& event);
/// A correction closes nothing.
void apply(FleetState& state, const event::InvoiceClosed& payload, const event::Event& event);
void apply(FleetState& state, const event::BudgetSet& payload, const event::Event& event);
void apply(FleetState& state, const event::BudgetAlerted& payload, const event::Event& event);

}  // namespace esaas::state
