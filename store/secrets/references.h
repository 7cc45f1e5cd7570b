#pragma once
// Which secrets the fleet's state still refers to: of clusters as they are, of operations that wait or run, and of
// sinks. Pure.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "core/state/fleet_state.h"

namespace esaas::store {

/// Ids with versions.
using SecretReferences = std::set<std::pair<std::string, std::uint32_t>>;

/// What is kept of a proxy's task: the fingerprint of the certificate that it showed first. Needed while it is the
/// newest of its node.
std::string proxy_certificate_id(std::string_view task_id);

SecretReferences secrets_of(const state::FleetState& fleet);
void add_secrets_of(const state::Cluster& cluster, SecretReferences& references);
void add_secrets_of(const state::Operation& operation, SecretReferences& references);
/// Those of its sinks.
void add_secrets_of(const state::Fleet& head, SecretReferences& references);

}  // namespace esaas::store
