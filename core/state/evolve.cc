// evolve: finds what an event is about (the fleet, a cluster, a node of it) and hands it to that aggregate's overload.

#include <algorithm>
#include <tuple>

#include "core/base/assert.h"
#include "core/events/visit.h"
#include "core/model/mesos_operation_state.h"
#include "core/state/evolve_books.h"
#include "core/state/evolve_cluster.h"
#include "core/state/evolve_elasticsearch.h"
#include "core/state/evolve_node.h"
#include "core/state/evolve_operation.h"
#include "core/state/fleet_state.h"

namespace esaas::state {
namespace {

using google::protobuf::RepeatedPtrField;

/// Keeps the list sorted by what `key` gives, so that equal states have equal bytes.
template <typename Item, typename Key>
void insert_sorted(RepeatedPtrField<Item>& items, Item item, Key key) {
  const auto found = std::ranges::find(items, key(item), key);
  if (found != items.end()) {
    *found = std::move(item);
    return;
  }
  *items.Add() = std::move(item);
  std::ranges::sort(items, {}, key);
}

void apply(FleetState& state, const event::ControllerStarted& payload, const event::Event&) {
  state.head.set_leader_term(payload.term());
}

void apply(FleetState& state, const event::FrameworkRegistered& payload, const event::Event&) {
  state.head.set_framework_id(payload.framework_id());
}

void apply(FleetState& state, const event::FrameworkStopped& payload, const event::Event&) {
  state.head.set_framework_stopped(payload.reason());
}

void apply(FleetState& state, const event::TenantCreated& payload, const event::Event& event) {
  Tenant tenant;
  tenant.set_name(payload.name());
  tenant.set_created_seq(event.seq());
  insert_sorted(*state.head.mutable_tenants(), std::move(tenant), [](const Tenant& t) { return t.name(); });
}

void apply(FleetState& state, const event::TenantQuotaIntended& payload, const event::Event& event) {
  Tenant* tenant = tenant_of(state, payload.name());
  if (tenant == nullptr) return;
  *tenant->mutable_quota_intended() = payload.after();
  tenant->set_quota_seq(event.seq());
  tenant->clear_quota_refused();
}

void apply(FleetState& state, const event::TenantQuotaApplied& payload, const event::Event&) {
  Tenant* tenant = tenant_of(state, payload.name());
  if (tenant == nullptr) return;
  *tenant->mutable_quota() = payload.quota();
  tenant->clear_quota_intended();
  tenant->clear_quota_found();
}

bool equal(const model::Quantities& a, const model::Quantities& b) {
  const auto amounts = [](const model::Quantities& of) {
    return std::tuple(of.has_cpus_milli(), of.cpus_milli(), of.has_mem_mib(), of.mem_mib(), of.has_disk_mib(),
                      of.disk_mib());
  };
  return amounts(a) == amounts(b);
}

/// That the master holds what it was given is a finding too: that nobody else's quota is in force any more.
void apply(FleetState& state, const event::TenantQuotaFound& payload, const event::Event&) {
  Tenant* tenant = tenant_of(state, payload.name());
  if (tenant == nullptr) return;
  const bool is_ours = equal(payload.found().guarantee(), payload.expected().guarantee()) &&
                       equal(payload.found().limit(), payload.expected().limit());
  if (is_ours) {
    tenant->clear_quota_found();
  } else {
    *tenant->mutable_quota_found() = payload.found();
  }
}

void apply(FleetState& state, const event::TenantQuotaRefused& payload, const event::Event&) {
  Tenant* tenant = tenant_of(state, payload.name());
  if (tenant == nullptr) return;
  tenant->set_quota_refused(payload.why());
  tenant->clear_quota_intended();
}

void apply(FleetState& state, const event::TenantPoliciesSet& payload, const event::Event&) {
  if (Tenant* tenant = tenant_of(state, payload.name())) *tenant->mutable_policies() = payload.after();
}

void apply(FleetState& state, const event::TokenIssued& payload, const event::Event& event) {
  Token token;
  token.set_token_id(payload.token_id());
  token.set_tenant(payload.tenant());
  token.set_role(payload.role());
  token.set_hash(payload.hash());
  token.set_expires_at_us(payload.expires_at_us());
  token.set_description(payload.description());
  token.set_issued_seq(event.seq());
  insert_sorted(*state.head.mutable_tokens(), std::move(token), [](const Token& t) { return t.token_id(); });
}

void apply(FleetState& state, const event::TokenRevoked& payload, const event::Event&) {
  auto& tokens = *state.head.mutable_tokens();
  const auto found = std::ranges::find(tokens, payload.token_id(), &Token::token_id);
  if (found != tokens.end()) tokens.erase(found);
}

void apply(FleetState& state, const event::ClusterCreated& payload, const event::Event& event) {
  state.clusters.insert_or_assign(payload.name(), begin_cluster(payload, event));
}

void apply(FleetState& state, const event::ClusterDeleted&, const event::Event& event) {
  state.clusters.erase(event.cluster());
}

void apply(FleetState& state, const event::OrphanReleaseIntended& payload, const event::Event& event) {
  OrphanRelease release;
  release.set_node(payload.node());
  release.set_cluster(event.cluster());
  release.set_volume_id(payload.volume_id());
  release.set_agent_id(payload.agent_id());
  release.set_destroy_operation(payload.destroy_operation());
  release.set_unreserve_operation(payload.unreserve_operation());
  release.set_seq(event.seq());
  insert_sorted(*state.head.mutable_orphan_releases(), std::move(release),
                [](const OrphanRelease& r) { return r.volume_id(); });
}

/// An orphan's release is over with the last word on its UNRESERVE, whatever it is: what is still reserved will be
/// offered, and found, again.
void apply(FleetState& state, const event::MesosOperationChanged& payload, const event::Event& event) {
  auto& releases = *state.head.mutable_orphan_releases();
  const auto release = std::ranges::find(releases, payload.mesos_operation(), &OrphanRelease::unreserve_operation);
  if (release != releases.end() && model::is_last_word(payload.state())) {
    releases.erase(release);
    return;
  }
  const auto cluster = state.clusters.find(event.cluster());
  if (cluster == state.clusters.end()) return;
  if (Node* node = find_node(cluster->second, payload.node())) apply(*node, payload, event);
}

/// What is told of the world and changes nothing that is decided on.
void apply(FleetState&, const event::UnknownTaskObserved&, const event::Event&) {}
void apply(FleetState&, const event::UnknownTaskKillIntended&, const event::Event&) {}
void apply(FleetState&, const event::MaintenanceAnswered&, const event::Event&) {}

template <typename Payload>
void route(FleetState& state, const Payload& payload, const event::Event& event) {
  if constexpr (requires { apply(state, payload, event); }) {
    apply(state, payload, event);
  } else {
    const auto cluster = state.clusters.find(event.cluster());
    if (cluster == state.clusters.end()) return;
    if constexpr (requires { apply(cluster->second, payload, event); }) {
      apply(cluster->second, payload, event);
    } else if (Node* node = find_node(cluster->second, payload.node())) {
      apply(*node, payload, event);
    }
  }
}

}  // namespace

void evolve(FleetState& state, const event::Event& event) {
  ESAAS_ASSERT(event.seq() == state.seq() + 1, "events are folded in order and without a gap");
  event::visit(event, [&](const auto& payload) { route(state, payload, event); });
  state.head.set_seq(event.seq());
  state.head.set_time_at_us(event.time_at_us());
}

}  // namespace esaas::state
