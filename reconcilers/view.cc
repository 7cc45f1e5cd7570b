#include "reconcilers/view.h"

#include <algorithm>

#include "core/state/fleet_state.h"

namespace esaas::reconcile {
namespace {

bool is_known(const model::Health& health) {
  return health.status() != model::HEALTH_STATUS_UNSPECIFIED && health.status() != model::HEALTH_STATUS_UNKNOWN;
}

}  // namespace

View::View(const Input& input) : input_(input) {
  const Observation* newest = input.observation;
  if (newest == nullptr || !is_known(newest->health)) return;
  if (newest->observed_at + input.settings.observation_age_max < input.now) return;
  fresh_ = newest;
}

bool View::is_known_and_not_red() const {
  return fresh_ != nullptr && fresh_->health.status() != model::HEALTH_STATUS_RED;
}

bool View::is_master_eligible(const state::Node& node) const {
  const model::NodeGroup* group = state::find_group(cluster().spec(), node.group());
  return group != nullptr && state::is_master_eligible(*group);
}

bool View::holds_data(const state::Node& node) const {
  const model::NodeGroup* group = state::find_group(cluster().spec(), node.group());
  return group != nullptr && state::holds_data(*group);
}

bool View::is_companion(const state::Node& node) const {
  const model::NodeGroup* group = state::find_group(cluster().spec(), node.group());
  return group != nullptr && state::is_companion(*group);
}

bool View::is_proxy(const state::Node& node) const {
  const model::NodeGroup* group = state::find_group(cluster().spec(), node.group());
  return group != nullptr && state::is_proxy(*group);
}

bool View::keeps_nothing(const state::Node& node) const {
  const model::NodeGroup* group = state::find_group(cluster().spec(), node.group());
  return group != nullptr && !state::is_master_eligible(*group) && !state::holds_data(*group);
}

bool View::has_formed() const {
  if (cluster().bootstrapped()) return true;
  return std::ranges::any_of(cluster().nodes(), [](const state::Node& node) { return node.ever_joined(); });
}

std::uint32_t View::copies_on(const state::Node& node) const {
  if (fresh_ == nullptr) return 0;
  return static_cast<std::uint32_t>(std::ranges::count_if(fresh_->shards, [&](const ShardCopy& copy) {
    return copy.node == node.name() || copy.relocating_to == node.name();
  }));
}

bool View::is_listed(const state::Node& node) const {
  return fresh_ != nullptr && std::ranges::find(fresh_->nodes, node.name()) != fresh_->nodes.end();
}

bool View::answers_without(const state::Node& node) const {
  return fresh_ != nullptr && to_us(fresh_->observed_at) > node.task().state_since_at_us() && !is_listed(node);
}

bool View::knows_of_last_change() const {
  if (fresh_ == nullptr) return false;
  const std::int64_t asked_at_us = to_us(fresh_->observed_at);
  return std::ranges::all_of(cluster().nodes(),
                             [&](const state::Node& node) { return asked_at_us > node.task().state_since_at_us(); });
}

}  // namespace esaas::reconcile
