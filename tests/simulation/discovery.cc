// How nodes find each other, elect a master, and lose each other.

#include <algorithm>

#include "tests/simulation/model_elasticsearch.h"

namespace esaas::simulation {
namespace {

using Component = std::vector<ElasticsearchProcess*>;

std::uint32_t eligible_count(const Component& component) {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      component, [](const ElasticsearchProcess* process) { return process->launch.master_eligible; }));
}

bool may_lead(const ElasticsearchProcess& process, const Component& component) {
  return process.launch.master_eligible && eligible_count(component) >= process.minimum_master_nodes;
}

const ElasticsearchProcess* find(const Component& component, const std::string& node_id) {
  const auto found = std::ranges::find(component, node_id, &ElasticsearchProcess::node_id);
  return found == component.end() ? nullptr : *found;
}

std::size_t members_in(const ElectedCluster& cluster, const Component& component) {
  return static_cast<std::size_t>(std::ranges::count_if(
      component, [&](const ElasticsearchProcess* p) { return cluster.members().contains(p->node_id); }));
}

bool has_quorum(const Component& component) {
  return std::ranges::any_of(component,
                             [&](const ElasticsearchProcess* process) { return may_lead(*process, component); });
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
    const auto rank = [&](const Component& component) {
      const ElasticsearchProcess* master = find(component, one->master());
      const std::size_t members = members_in(*one, component);
      return std::tuple(master != nullptr && may_lead(*master, component), members > 0 && has_quorum(component),
                        members);
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
}

void ModelElasticsearch::elect(const std::string& cluster, const Component& component) {
  const auto winner = std::ranges::find_if(
      component, [&](const ElasticsearchProcess* process) { return may_lead(*process, component); });
  if (winner == component.end()) return;
  ElectedCluster* led = nullptr;
  for (const auto& one : clusters_[cluster]) {
    if (members_in(*one, component) > 0) led = one.get();
  }
  if (led == nullptr) {
    std::shared_ptr<const Metadata> newest;
    for (const ElasticsearchProcess* process : component) {
      const auto& stored = directories_[process->volume].metadata;
      if (process->launch.master_eligible && stored && (!newest || stored->version > newest->version)) newest = stored;
    }
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
  join(*led, component);
  led->set_master((*winner)->node_id);
  tell_members(*led);
}

void ModelElasticsearch::join(ElectedCluster& cluster, const Component& component) {
  for (const ElasticsearchProcess* process : component) {
    if (cluster.members().contains(process->node_id)) continue;
    cluster.join({process->node_id, process->launch.node, process->launch.transport_address(),
                  process->launch.master_eligible, process->launch.holds_data, &directories_[process->volume]});
  }
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
