#pragma once
// Admission: what the clusters of a tenant want in all, and whether a request still fits below the tenant's limit. A
// master cuts offers to the limit anyway; here the user is told at once, and by how much it is too much. Pure.
//
// What a cluster wants is the most that it will hold at any moment on its way to what is asked of it: a suspended
// cluster keeps its reservations, a node that leaves holds its own until it has left, and a resize holds one node more
// than the group has, because nodes are replaced one at a time.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/state/fleet_state.h"

namespace esaas::command {

/// Sums of resources, wide enough for a fleet.
struct Amounts {
  std::uint64_t cpus_milli = 0;
  std::uint64_t mem_mib = 0;
  std::uint64_t disk_mib = 0;

  friend bool operator==(const Amounts&, const Amounts&) = default;
};

Amounts operator+(const Amounts& left, const Amounts& right);
Amounts to_amounts(const model::Resources& resources, std::uint64_t count = 1);
/// The larger of the two, resource by resource.
Amounts most_of(const Amounts& left, const Amounts& right);

/// The most that the cluster will hold from now until it is what its specification says.
Amounts wanted_by(const state::Cluster& cluster);
/// The sum over all clusters of the tenant.
Amounts wanted_by_tenant(const state::FleetState& state, std::string_view tenant);

/// What binds the tenant now: of the limit in force and the one on its way to the master the smaller, resource by
/// resource. An absent amount is not limited.
model::Quantities binding_limit(const state::Tenant& tenant);

/// "cpus_milli by 500 (2500 wanted, the limit is 2000), ..." for what is above the limit; empty when nothing is.
std::string excess_over(const model::Quantities& limit, const Amounts& wanted);

/// kResourceExhausted, rule `tenant_quota`, naming each resource that would be too much and by how much. `cluster` is
/// null for a create. Other requests than create, scale, resize, resume, proxies and install_kibana always fit; so do
/// those that ask for no more than before, however low the limit is. A rolling restart needs nothing beside.
Result<void> admit(const state::FleetState& state, const state::Cluster* cluster, const model::Request& request);

}  // namespace esaas::command
