// The votes of a cluster of 7.x: who has one, who is kept from having one, and what can be agreed on without a
// majority: nothing.

#include <algorithm>

#include "reconcilers/voter_id.h"
#include "tests/simulation/elected_cluster.h"
#include "tests/simulation/voting_configuration.h"

namespace esaas::simulation {

std::set<std::string> ElectedCluster::masters_in_touch() const {
  std::set<std::string> ids;
  for (const auto& [id, member] : members_) {
    if (member.master_eligible && responsive(id)) ids.insert(id);
  }
  return ids;
}

bool ElectedCluster::can_publish() const {
  if (master_.empty()) return false;
  if (!keeps_votes()) return true;
  return responsive(master_) && has_majority(metadata_->voting, masters_in_touch());
}

void ElectedCluster::begin_voting(const std::set<std::string>& voting) {
  update_metadata([&](Metadata& metadata) { metadata.voting = voting; });
}

/// Both the old voters and the new ones must agree. A master that has lost its vote steps down.
void ElectedCluster::reconfigure() {
  if (!keeps_votes() || !can_publish()) return;
  std::set<std::string> live;
  for (const auto& [id, member] : members_) {
    if (member.master_eligible && member.version.major >= 7) live.insert(id);
  }
  std::set<std::string> excluded;
  for (const auto& [id, name] : metadata_->voting_exclusions) excluded.insert(id);
  const std::set<std::string> in_touch = masters_in_touch();
  while (true) {  // two voters that are left of three become one, in a second step
    std::set<std::string> next = reconfigured(metadata_->voting, live, excluded, master_);
    if (next == metadata_->voting || !has_majority(next, in_touch)) break;
    update_metadata([&](Metadata& metadata) { metadata.voting = std::move(next); });
  }
  if (excluded.contains(master_) && !metadata_->voting.contains(master_)) master_.clear();
}

bool ElectedCluster::exclude_voters(const std::set<std::string>& names) {
  if (!can_publish()) return false;
  std::map<std::string, std::string> exclusions = metadata_->voting_exclusions;
  for (const std::string& name : names) {
    const auto member = std::ranges::find_if(
        members_, [&](const auto& entry) { return entry.second.name == name && entry.second.master_eligible; });
    const bool is_known = std::ranges::any_of(exclusions, [&](const auto& entry) { return entry.second == name; });
    if (member != members_.end()) {
      exclusions.emplace(member->first, name);
    } else if (!is_known) {
      exclusions.emplace(kAbsent + name, name);
    }
  }
  return set_voting_exclusions(std::move(exclusions));
}

bool ElectedCluster::exclude_voters_by_id(const std::set<std::string>& ids) {
  if (!can_publish()) return false;
  std::map<std::string, std::string> exclusions = metadata_->voting_exclusions;
  for (const std::string& id : ids) {
    const auto member = members_.find(id);
    exclusions.emplace(id, member == members_.end() ? kAbsent : member->second.name);
  }
  return set_voting_exclusions(std::move(exclusions));
}

bool ElectedCluster::set_voting_exclusions(std::map<std::string, std::string> exclusions) {
  if (exclusions != metadata_->voting_exclusions) {
    if (exclusions.size() > kExclusionsMax) return false;
    update_metadata([&](Metadata& metadata) { metadata.voting_exclusions = std::move(exclusions); });
  }
  reconfigure();
  return true;
}

bool ElectedCluster::clear_voting_exclusions() {
  if (!can_publish()) return false;
  if (!metadata_->voting_exclusions.empty()) {
    update_metadata([](Metadata& metadata) { metadata.voting_exclusions.clear(); });
  }
  reconfigure();
  return true;
}

/// One that was excluded by its name before it joined is known by its id from now on.
void ElectedCluster::know_excluded(const Member& member) {
  if (!metadata_->voting_exclusions.contains(kAbsent + member.name)) return;
  update_metadata([&](Metadata& metadata) {
    metadata.voting_exclusions.erase(kAbsent + member.name);
    metadata.voting_exclusions.emplace(member.id, member.name);
  });
}

std::string ElectedCluster::name_of_voter(const std::string& id) const {
  if (id.starts_with(kBootstrapPlaceholder)) return id.substr(sizeof kBootstrapPlaceholder - 1);
  const auto member = members_.find(id);
  return member == members_.end() ? std::string(reconcile::kById) + id : member->second.name;
}

std::vector<std::string> ElectedCluster::names_of_excluded_voters() const {
  std::vector<std::string> names;
  for (const auto& [id, name] : metadata_->voting_exclusions) {
    names.push_back(name == kAbsent ? std::string(reconcile::kById) + id : name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace esaas::simulation
