// How nodes find each other, elect a master, and lose each other.

#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/model_elasticsearch.h"
#include "tests/simulation/voting_configuration.h"

namespace esaas::simulation {
namespace {

using Component = std::vector<ElasticsearchProcess*>;

std::uint32_t eligible_count(const Component& component) {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      component, [](const ElasticsearchProcess* process) { return process->launch.master_eligible; }));
}

bool votes_are_counted(const ElasticsearchProcess& process) { return process.launch.version.major >= 7; }

std::set<std::string> eligible_in(const Component& component) {
  std::set<std::string> ids;
  for (const ElasticsearchProcess* process : component) {
    if (process->launch.master_eligible) ids.insert(process->node_id);
  }
  return ids;
}

/// `voting`: of the cluster that would be led; none before 7.
bool may_lead(const ElasticsearchProcess& process, const Component& component, const std::set<std::string>& voting) {
  if (!process.launch.master_eligible || votes_are_counted(process) == voting.empty()) return false;
  if (!voting.empty()) return has_majority(voting, eligible_in(component));
  return eligible_count(component) >= process.minimum_master_nodes;
}

const ElasticsearchProcess* find(const Component& component, const std::string& node_id) {
  const auto found = std::ranges::find(component, node_id, &ElasticsearchProcess::node_id);
  return found == component.end() ? nullptr : *found;
}

std::size_t members_in(const ElectedCluster& cluster, const Component& component) {
  return static_cast<std::size_t>(std::ranges::count_if(
      component, [&](const ElasticsearchProcess* p) { return cluster.members().contains(p->node_id); }));
}

bool has_quorum(const Component& component, const std::set<std::string>& voting) {
  return std::ranges::any_of(
      component, [&](const ElasticsearchProcess* process) { return may_lead(*process, component, voting); });
}

}  // namespace

bool ModelElasticsearch::reaches(const ElasticsearchProcess& from, const ElasticsearchProcess& to) const {
  if (from.launch.host == to.launch.host) return true;
  return !isolated_.contains(from.launch.host) && !isolated_.contains(to.launch.host);
}

std::vector<Component> ModelElasticsearch::components_of(const std::string& cluster) {
  std::vector<ElasticsearchProcess*> left;
  for (auto& [id, process] : processes_) {
    if (process.launch.cluster == cluster && process.state == ElasticsearchProcess::State::kUp)
      left.push_back(&process);
  }
  const auto knows = [](const ElasticsearchProcess& from, const ElasticsearchProcess& to) {
    const std::string address = to.launch.transport_address();
    return from.last_masters.contains(address) ||
           std::ranges::find(from.launch.seed_hosts, address) != from.launch.seed_hosts.end();
  };
  std::vector<Component> components;
  while (!left.empty()) {
    Component component{left.back()};
    left.pop_back();
    for (std::size_t i = 0; i < component.size(); ++i) {
      const ElasticsearchProcess& one = *component[i];
      const auto found = std::ranges::stable_partition(left, [&](const ElasticsearchProcess* other) {
        return !reaches(one, *other) || (!knows(one, *other) && !knows(*other, one));
      });
      component.insert(component.end(), found.begin(), found.end());
      left.erase(found.begin(), found.end());
    }
    std::ranges::sort(component, {}, &ElasticsearchProcess::node_id);
    components.push_back(std::move(component));
  }
  return components;
}

ElectedCluster* ModelElasticsearch::cluster_of(const std::string& name, const std::string& node_id) const {
  const auto found = clusters_.find(name);
  if (found == clusters_.end()) return nullptr;
  for (const auto& cluster : found->second) {
    if (cluster->members().contains(node_id)) return cluster.get();
  }
  return nullptr;
}

void ModelElasticsearch::detect_later(const std::string& cluster, Duration delay) {
  clock_.after(delay, [this, cluster] { reconsider(cluster); });
}

void ModelElasticsearch::reconsider(const std::string& cluster) {
  drop_unreachable(cluster, components_of(cluster));
  std::erase_if(clusters_[cluster], [](const auto& one) { return one->members().empty(); });
  form_later(cluster);
}

/// Each cluster stays with the component that has its master, or else a quorum, or else most of its members.
void ModelElasticsearch::drop_unreachable(const std::string& cluster, const std::vector<Component>& components) {
  for (const auto& one : clusters_[cluster]) {
    const Component* home = nullptr;
    const std::set<std::string> voting = one->metadata().voting;  // a copy: it changes with the members
    const auto rank = [&](const Component& component) {
      const ElasticsearchProcess* master = find(component, one->master());
      const std::size_t members = members_in(*one, component);
      return std::tuple(master != nullptr && may_lead(*master, component, voting),
                        members > 0 && has_quorum(component, voting), members);
    };
    for (const Component& component : components) {
      if (home == nullptr || rank(component) > rank(*home)) home = &component;
    }
    std::vector<std::string> gone;
    for (const auto& [id, member] : one->members()) {
      if (home == nullptr || find(*home, id) == nullptr) gone.push_back(id);
    }
    if (home == nullptr || !std::get<0>(rank(*home))) one->lose_master();
    for (const std::string& id : gone) one->remove(id);
    if (!gone.empty()) tell_members(*one);
  }
}

void ModelElasticsearch::form_later(const std::string& cluster) {
  if (!forming_.insert(cluster).second) return;
  clock_.after(prng_.between(timings_.election_min, timings_.election_max), [this, cluster] {
    forming_.erase(cluster);
    form(cluster);
  });
}

void ModelElasticsearch::form(const std::string& cluster) {
  const auto components = components_of(cluster);
  drop_unreachable(cluster, components);
  for (const Component& component : components) form(cluster, component);
  std::erase_if(clusters_[cluster], [](const auto& one) { return one->members().empty(); });
  if (clusters_[cluster].empty()) clusters_.erase(cluster);
}

void ModelElasticsearch::form(const std::string& cluster, const Component& component) {
  // Of several in one component (a healed split) the one with a master and most members stays.
  std::vector<ElectedCluster*> here;
  for (const auto& one : clusters_[cluster]) {
    if (members_in(*one, component) > 0) here.push_back(one.get());
  }
  std::ranges::sort(here, [&](const ElectedCluster* left, const ElectedCluster* right) {
    return std::pair(!left->master().empty(), members_in(*left, component)) >
           std::pair(!right->master().empty(), members_in(*right, component));
  });
  for (std::size_t i = 1; i < here.size(); ++i) {
    for (const ElasticsearchProcess* process : component) {
      if (here[i]->members().contains(process->node_id)) here[i]->remove(process->node_id);
    }
  }
  if (here.empty() || here[0]->master().empty()) return elect(cluster, component);
  join(*here[0], component);
  if (here[0]->master().empty()) form_later(cluster);  // it gave its vote away
}

/// What a majority of its own voters can go on with, or else the newest that anybody has; null: nobody has any.
std::shared_ptr<const Metadata> ModelElasticsearch::newest_stored(const Component& component) {
  std::shared_ptr<const Metadata> newest;
  for (const ElasticsearchProcess* process : component) {
    const auto& stored = directories_[process->volume].metadata;
    if (!process->launch.master_eligible || !stored) continue;
    const auto rank = [&](const Metadata& one) {
      return std::pair(has_majority(one.voting, eligible_in(component)), one.version);
    };
    if (!newest || rank(*stored) > rank(*newest)) newest = stored;
  }
  return newest;
}

/// Who elects the first master of 7.x: those whom a node that has never had one was told of, when it finds more than
/// half of them and they have never had one either.
std::set<std::string> ModelElasticsearch::first_voters(const Component& component) {
  for (const ElasticsearchProcess* process : component) {
    const std::vector<std::string>& names = process->launch.initial_master_nodes;
    if (!process->launch.master_eligible || std::ranges::find(names, process->launch.node) == names.end()) continue;
    std::set<std::string> voters;
    std::set<std::string> fresh;
    for (const std::string& name : names) {
      const auto found = std::ranges::find_if(component, [&](const ElasticsearchProcess* other) {
        return other->launch.node == name && other->launch.master_eligible;
      });
      voters.insert(found == component.end() ? kBootstrapPlaceholder + name : (*found)->node_id);
      if (found == component.end()) continue;
      const auto& stored = directories_[(*found)->volume].metadata;
      if (!stored || stored->voting.empty()) fresh.insert((*found)->node_id);
    }
    if (fresh.contains(process->node_id) && has_majority(voters, fresh)) return voters;
  }
  return {};
}

/// A node of 7.x that a master of 6.x led until now, and that finds as many masters as were to be, all of 7.x, lets
/// those vote.
std::set<std::string> ModelElasticsearch::upgraded_voters(const ElectedCluster* led, const Component& component) {
  if (led == nullptr || led->keeps_votes()) return {};
  std::uint32_t wanted = 0;
  for (const ElasticsearchProcess* process : component) {
    if (!process->launch.master_eligible) continue;
    if (!votes_are_counted(*process)) return {};
    if (process->minimum_master_nodes > 0) wanted = std::max(wanted, process->minimum_master_nodes);
  }
  const std::set<std::string> voters = eligible_in(component);
  return wanted > 0 && voters.size() >= wanted ? voters : std::set<std::string>{};
}

void ModelElasticsearch::elect(const std::string& cluster, const Component& component) {
  ElectedCluster* led = nullptr;
  for (const auto& one : clusters_[cluster]) {
    if (members_in(*one, component) > 0) led = one.get();
  }
  auto newest = newest_stored(component);
  if (led != nullptr && led->keeps_votes() && newest != nullptr && newest->version > led->metadata().version) {
    for (const ElasticsearchProcess* process : component) {
      if (led->members().contains(process->node_id)) led->remove(process->node_id);
    }
    led = nullptr;
  }
  std::set<std::string> voting = led != nullptr      ? led->metadata().voting
                                 : newest != nullptr ? newest->voting
                                                     : std::set<std::string>{};
  std::set<std::string> upgraded;
  if (voting.empty()) voting = upgraded = upgraded_voters(led, component);
  if (!has_quorum(component, voting)) {
    const std::set<std::string> first = first_voters(component);
    if (first.empty()) return;
    auto fresh = std::make_shared<Metadata>();
    if (newest != nullptr && newest->voting.empty()) *fresh = *newest;
    if (fresh->uuid == 0) fresh->uuid = prng_.next();
    fresh->voting = voting = first;
    newest = std::move(fresh);
    led = nullptr;
  }
  const auto rank = [&](const ElasticsearchProcess* process) {
    const auto& stored = directories_[process->volume].metadata;
    return std::tuple(may_lead(*process, component, voting), voting.contains(process->node_id),
                      stored ? stored->version : 0, std::string_view(process->node_id));
  };
  const auto winner = std::ranges::max_element(component, {}, rank);
  if (led == nullptr) {
    if (newest == nullptr) {
      auto fresh = std::make_shared<Metadata>();
      fresh->uuid = prng_.next();
      newest = std::move(fresh);
    }
    clusters_[cluster].push_back(
        std::make_shared<ElectedCluster>(cluster, newest, clock_, prng_.fork(), timings_.recovery));
    led = clusters_[cluster].back().get();
    clock_.after(timings_.state_recovery, [weak = std::weak_ptr(clusters_[cluster].back()), this] {
      if (const auto one = weak.lock()) {
        one->recover_state();
        tell_settings(*one);
      }
    });
  }
  join(*led, **winner);  // who leads decides which versions may join
  join(*led, component);
  if (!led->members().contains((*winner)->node_id)) return;
  if (!upgraded.empty()) led->begin_voting(upgraded);
  led->set_master((*winner)->node_id);
  if (led->master().empty()) return form_later(cluster);
  tell_members(*led);
}

/// Nodes that could not read what the members write, or that belong to another cluster of the name, stay outside.
bool ModelElasticsearch::may_join(const ElectedCluster& cluster, const ElasticsearchProcess& process) const {
  const model::Version& version = process.launch.version;
  const model::Version oldest = cluster.oldest_version();
  const auto fits = [&](const auto& member) { return work_together(version, member.second.version); };
  if (!std::ranges::all_of(cluster.members(), fits) || version.major < oldest.major) return false;
  const auto directory = directories_.find(process.volume);
  if (!cluster.keeps_votes() || directory == directories_.end() || !directory->second.metadata) return true;
  const Metadata& stored = *directory->second.metadata;
  return stored.voting.empty() || stored.uuid == cluster.metadata().uuid;
}

void ModelElasticsearch::join(ElectedCluster& cluster, const ElasticsearchProcess& process) {
  if (cluster.members().contains(process.node_id) || !may_join(cluster, process)) return;
  cluster.join({process.node_id, process.launch.node, process.launch.transport_address(),
                process.launch.master_eligible, process.launch.holds_data, &directories_[process.volume],
                process.launch.version});
}

void ModelElasticsearch::join(ElectedCluster& cluster, const Component& component) {
  for (const ElasticsearchProcess* process : component) join(cluster, *process);
  tell_settings(cluster);
  tell_members(cluster);
}

/// A node goes on pinging the masters of the last cluster state that it saw, also when it follows nobody any more.
void ModelElasticsearch::tell_members(const ElectedCluster& cluster) {
  if (cluster.master().empty()) return;
  std::set<std::string> masters;
  for (const auto& [id, member] : cluster.members()) {
    if (member.master_eligible) masters.insert(member.transport_address);
  }
  for (auto& [id, process] : processes_) {
    if (cluster.members().contains(process.node_id)) process.last_masters = masters;
  }
}

/// A node that follows a master takes the dynamic settings of its cluster.
void ModelElasticsearch::tell_settings(const ElectedCluster& cluster) {
  const std::uint32_t quorum = cluster.minimum_master_nodes();
  if (quorum == 0 || !cluster.state_recovered()) return;
  for (auto& [id, process] : processes_) {
    if (cluster.members().contains(process.node_id)) process.minimum_master_nodes = quorum;
  }
}

}  // namespace esaas::simulation
