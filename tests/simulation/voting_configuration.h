#pragma once
// Who elects the master from Elasticsearch 7 on: a majority of the voting configuration, a set of node ids that the
// cluster keeps itself. Pure: what 7.17 computes, step by step.

#include <set>
#include <string>
#include <vector>

namespace esaas::simulation {

/// More than half of the configuration is among `present`. False for the empty one.
bool has_majority(const std::set<std::string>& voting, const std::set<std::string>& present);

/// What a new cluster has in place of the id of a first master that it knows by its name only.
inline constexpr char kBootstrapPlaceholder[] = "{bootstrap-placeholder}-";

/// The configuration that a master makes of `voting` with cluster.auto_shrink_voting_configuration (the default): an
/// odd number of live masters that may vote, those that vote already first; never fewer than three where there were
/// three. `voting` again when too few of the new voters live. `live`: master-eligible members.
std::set<std::string> reconfigured(const std::set<std::string>& voting, const std::set<std::string>& live,
                                   const std::set<std::string>& excluded, const std::string& master);

}  // namespace esaas::simulation
