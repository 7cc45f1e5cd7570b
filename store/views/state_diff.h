#pragma once
// What differs between two states of the fleet, field by field. Empty for states that are equal but for which event was
// the last. Pure, thread-safe.

#include <boost/json/object.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/state/fleet_state.h"

namespace esaas::store {

enum class DifferenceKind : std::uint8_t { kAdded, kRemoved, kChanged };
/// added, removed, changed.
std::string_view name_of(DifferenceKind kind);

struct Difference {
  std::string object;   ///< "cluster", "operation", "tenant", "token", "price_list", "sink", "fleet"
  std::string name;     ///< which one: the cluster's name, the operation's id, ...
  std::string tenant;   ///< whose; empty: of no tenant
  std::string cluster;  ///< that it is, or is about; empty: none
  std::string path;     ///< "nodes[data-0].task.state"; empty: all of it
  DifferenceKind kind = DifferenceKind::kChanged;
  boost::json::value before;  ///< as core/base/proto_json.h shows it; null: it was not there
  boost::json::value after;
};

struct DiffQuery {
  std::string tenant = {};   ///< only this tenant's; empty: all
  std::string cluster = {};  ///< only of this cluster; empty: all
  std::size_t limit = 1'000;
};

struct Diff {
  std::vector<Difference> differences;  ///< by object, name and path
  bool truncated = false;               ///< there are more than the limit
};

/// What is secret (the hash of a token) shows that it changed, and not how.
Diff diff(const state::FleetState& before, const state::FleetState& after, const DiffQuery& query = {});

/// Of two clusters of one name; either may be null. Appends.
void append_differences(const state::Cluster* before, const state::Cluster* after, std::vector<Difference>& out);

/// "nodes[data-0].task.state: staging -> running" and so on: one line, shortened.
std::string to_text(const Difference& difference);

}  // namespace esaas::store
