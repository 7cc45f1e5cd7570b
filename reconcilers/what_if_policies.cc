#include "reconcilers/what_if_policies.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "reconcilers/policies.h"

namespace esaas::reconcile {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;

std::optional<std::uint64_t> figure_of(const event::HoldBegan& hold, std::string_view name) {
  for (const model::Figure& figure : hold.basis()) {
    if (figure.name() != name) continue;
    std::uint64_t value = 0;
    const std::string& text = figure.value();
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size()) return value;
  }
  return std::nullopt;
}

}  // namespace

WhatIfPolicies::WhatIfPolicies(std::map<std::string, model::Policies> policies, std::uint64_t since,
                               std::uint64_t until)
    : policies_(std::move(policies)), since_(since), until_(until) {}

const model::Policies* WhatIfPolicies::policies_of(const std::string& tenant) const {
  auto found = policies_.find(tenant);
  if (found == policies_.end()) found = policies_.find("");
  return found == policies_.end() ? nullptr : &found->second;
}

bool WhatIfPolicies::holds_now(const state::Cluster& cluster, std::string_view rule) const {
  return std::ranges::any_of(cluster.holds(), [&](const state::Hold& hold) { return hold.rule() == rule; });
}

void WhatIfPolicies::look_at_health(const event::Event& event, const state::Cluster& cluster,
                                    const model::Policies& policies) {
  const model::Health& health = event.cluster_health_changed().after();
  if (policies.has_replicas_min()) ++not_judged_;
  if (!policies.has_shards_per_node_max()) return;
  Life& life = lives_[cluster.name()];
  const std::uint64_t room = std::uint64_t{policies.shards_per_node_max()} * health.data_nodes();
  const bool is_breach = health.data_nodes() > 0 && health.active_shards() > room;
  if (!is_breach && life.open_breach) {
    breaches_[*life.open_breach].to_seq = event.seq();
    life.open_breach.reset();
  }
  if (!is_breach || life.open_breach) return;
  life.open_breach = breaches_.size();
  breaches_.push_back({.cluster = cluster.name(),
                       .tenant = cluster.tenant(),
                       .rule = std::string(kPolicyShardsPerNodeMax),
                       .why = fmt::format("{} shards on {} data nodes, which may hold {} together.",
                                          health.active_shards(), health.data_nodes(), room),
                       .from_seq = event.seq(),
                       .is_corrected = policies.correct(),
                       .was_held = holds_now(cluster, kPolicyShardsPerNodeMax)});
}

void WhatIfPolicies::look_at_hold(const event::Event& event, const state::Cluster& cluster,
                                  const model::Policies& policies) {
  const event::HoldBegan& hold = event.hold_began();
  std::string why;
  if (hold.rule() == kPolicyShardsPerNodeMax && policies.has_shards_per_node_max()) {
    const auto most = figure_of(hold, "most");
    if (most && *most > policies.shards_per_node_max()) {
      why = fmt::format("A node held {} shards, and {} are allowed.", *most, policies.shards_per_node_max());
    }
  }
  if (hold.rule() == kPolicyReplicasMin && policies.has_replicas_min()) {
    const auto minimum = figure_of(hold, "replicas_min");
    const auto indices = figure_of(hold, "indices");
    if (minimum && indices && policies.replicas_min() >= *minimum) {
      why = fmt::format("{} indices had fewer than {} replicas, and {} are asked for.", *indices, *minimum,
                        policies.replicas_min());
    }
  }
  if (why.empty()) return;
  breaches_.push_back({.cluster = cluster.name(),
                       .tenant = cluster.tenant(),
                       .rule = hold.rule(),
                       .why = std::move(why),
                       .from_seq = event.seq(),
                       .to_seq = event.seq(),
                       .is_corrected = policies.correct(),
                       .was_held = true});
}

void WhatIfPolicies::count_snapshots(std::int64_t until_us) {
  for (auto& [name, life] : lives_) {
    const state::Cluster* cluster = state_.find_cluster(name);
    if (cluster == nullptr || life.next_snapshot_at_us == 0) continue;
    const model::Policies* policies = policies_of(cluster->tenant());
    if (policies == nullptr || !policies->has_snapshots() || policies->snapshots().every_s() == 0) continue;
    const std::int64_t every_us = std::int64_t{policies->snapshots().every_s()} * kSecondUs;
    if (life.next_snapshot_at_us > until_us) continue;
    const std::int64_t count = (until_us - life.next_snapshot_at_us) / every_us + 1;
    life.next_snapshot_at_us += count * every_us;
    if (cluster->phase() == state::CLUSTER_PHASE_RUNNING && state_.seq() + 1 >= since_ && state_.seq() < until_) {
      snapshots_[name].due += static_cast<std::uint64_t>(count);
    }
  }
}

void WhatIfPolicies::take(const event::Event& event) {
  count_snapshots(event.time_at_us());
  const bool is_in_range = event.seq() >= since_ && event.seq() <= until_;
  const state::Cluster* cluster = state_.find_cluster(event.cluster());
  const model::Policies* policies = cluster == nullptr ? nullptr : policies_of(cluster->tenant());
  if (policies != nullptr && is_in_range) {
    if (event.has_cluster_health_changed()) look_at_health(event, *cluster, *policies);
    if (event.has_hold_began()) look_at_hold(event, *cluster, *policies);
  }
  if (event.has_policy_run_began() && is_in_range && event.policy_run_began().policy() == kPolicySnapshots) {
    ++snapshots_[event.cluster()].taken;
  }
  if (event.has_cluster_bootstrapped()) lives_[event.cluster()].next_snapshot_at_us = event.time_at_us();
  if (event.has_cluster_deleted()) {
    Life& life = lives_[event.cluster()];
    if (life.open_breach) breaches_[*life.open_breach].to_seq = event.seq();
    lives_.erase(event.cluster());
  }
  state::evolve(state_, event);
}

void WhatIfPolicies::finish() { lives_.clear(); }

}  // namespace esaas::reconcile
