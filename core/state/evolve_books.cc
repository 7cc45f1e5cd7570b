#include "core/state/evolve_books.h"

#include <algorithm>
#include <tuple>

namespace esaas::state {
namespace {

template <typename Items>
auto* find_by(Items& items, const std::string& name, const std::string& (*key)(const typename Items::value_type&)) {
  const auto found = std::ranges::find(items, name, key);
  return found == items.end() ? nullptr : &*found;
}

const std::string& name_of(const SinkState& one) { return one.sink().name(); }

void end_backup(FleetState& state, const std::string& name) {
  if (state.head.backup().name() == name) state.head.clear_backup();
}

SinkState* sink_of(FleetState& state, const std::string& name) {
  return find_by(*state.head.mutable_sinks(), name, &name_of);
}

}  // namespace

Tenant* tenant_of(FleetState& state, const std::string& name) {
  return find_by(*state.head.mutable_tenants(), name, [](const Tenant& t) -> const std::string& { return t.name(); });
}

void apply(FleetState& state, const event::TokenUsed& payload, const event::Event& event) {
  Token* token = find_by(*state.head.mutable_tokens(), payload.token_id(),
                         [](const Token& t) -> const std::string& { return t.token_id(); });
  if (token == nullptr) return;
  if (token->used_at_us() == 0) token->set_used_at_us(event.time_at_us());
  auto& addresses = *token->mutable_addresses();
  if (std::ranges::find(addresses, payload.address()) != addresses.end()) return;
  if (addresses.size() == kTokenAddressesMax) addresses.erase(addresses.begin());
  token->add_addresses(payload.address());
}

void apply(FleetState& state, const event::SigningKeyCreated& payload, const event::Event&) {
  state.head.set_signing_key_id(payload.key_id());
}

void apply(FleetState& state, const event::DigestSigned& payload, const event::Event& event) {
  DigestState& digest = *state.head.mutable_digest();
  digest.set_seq(event.seq());
  digest.set_through_seq(payload.through_seq());
  digest.set_root(payload.root());
  digest.set_signed_at_us(payload.signed_at_us());
}

void apply(FleetState& state, const event::BackupIntended& payload, const event::Event& event) {
  BackupState& backup = *state.head.mutable_backup();
  backup.set_seq(event.seq());
  backup.set_name(payload.name());
  backup.set_with_secrets(payload.with_secrets());
  backup.set_intended_at_us(event.time_at_us());
  backup.set_is_planned(event.actor().kind() != event::ACTOR_KIND_USER);
}

void apply(FleetState& state, const event::BackupTaken& payload, const event::Event&) {
  end_backup(state, payload.name());
}

void apply(FleetState& state, const event::BackupFailed& payload, const event::Event&) {
  end_backup(state, payload.name());
}

void apply(FleetState& state, const event::SinkConfigured& payload, const event::Event& event) {
  const model::Sink& wanted = payload.after();
  SinkState* sink = sink_of(state, wanted.name());
  const bool begins_there = sink == nullptr || sink->sink().from_seq() != wanted.from_seq();
  if (sink == nullptr) {
    auto& sinks = *state.head.mutable_sinks();
    sinks.Add()->mutable_sink()->set_name(wanted.name());
    std::ranges::sort(sinks, {}, &name_of);
    sink = sink_of(state, wanted.name());
  }
  *sink->mutable_sink() = wanted;
  sink->set_configured_seq(event.seq());
  sink->clear_stalled();
  sink->clear_stalled_since_us();
  if (begins_there) sink->set_through_seq(wanted.from_seq() == 0 ? 0 : wanted.from_seq() - 1);
}

void apply(FleetState& state, const event::SinkRemoved& payload, const event::Event&) {
  auto& sinks = *state.head.mutable_sinks();
  const auto found = std::ranges::find(sinks, payload.name(), &name_of);
  if (found != sinks.end()) sinks.erase(found);
}

void apply(FleetState& state, const event::SinkAdvanced& payload, const event::Event&) {
  SinkState* sink = sink_of(state, payload.name());
  if (sink == nullptr) return;
  sink->set_through_seq(std::max(sink->through_seq(), payload.through_seq()));
  sink->clear_stalled();
  sink->clear_stalled_since_us();
}

void apply(FleetState& state, const event::SinkStalled& payload, const event::Event& event) {
  SinkState* sink = sink_of(state, payload.name());
  if (sink == nullptr) return;
  if (sink->stalled().empty()) sink->set_stalled_since_us(event.time_at_us());
  sink->set_stalled(payload.why());
}

void apply(FleetState& state, const event::PriceListPublished& payload, const event::Event&) {
  auto& lists = *state.head.mutable_price_lists();
  *lists.Add() = payload.price_list();
  std::ranges::sort(
      lists, {}, [](const model::PriceList& one) { return std::tuple(one.tenant(), one.effective_at_us(), one.id()); });
}

void apply(FleetState& state, const event::InvoiceClosed& payload, const event::Event&) {
  const model::Invoice& invoice = payload.invoice();
  Tenant* tenant = tenant_of(state, invoice.tenant());
  if (tenant == nullptr || !invoice.corrects().empty()) return;
  if (invoice.month() > tenant->closed_month()) tenant->set_closed_month(invoice.month());
}

void apply(FleetState& state, const event::BudgetSet& payload, const event::Event&) {
  Tenant* tenant = tenant_of(state, payload.tenant());
  if (tenant == nullptr) return;
  tenant->clear_budget();
  tenant->clear_alerted_month();
  tenant->clear_alerted_percent();
  tenant->clear_projected_month();
  if (payload.has_after()) *tenant->mutable_budget() = payload.after();
}

void apply(FleetState& state, const event::BudgetAlerted& payload, const event::Event&) {
  Tenant* tenant = tenant_of(state, payload.tenant());
  if (tenant == nullptr) return;
  if (payload.projected()) return tenant->set_projected_month(payload.month());
  tenant->set_alerted_month(payload.month());
  tenant->set_alerted_percent(payload.percent());
}

}  // namespace esaas::state
