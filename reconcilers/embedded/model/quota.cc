#include "reconcilers/embedded/model/quota.h"

#include <algorithm>
#include <cmath>

namespace esaas::embedded {

std::int64_t quantity(const Quantities& quantities, const std::string& name) {
  const auto place = quantities.find(name);
  return place == quantities.end() ? 0 : place->second;
}

std::string to_text(const Quantities& quantities) {
  std::string text;
  for (const auto& [name, milli] : quantities) {
    if (!text.empty()) text += "; ";
    text += name + ":" + milli_to_text(milli);
  }
  return text;
}

namespace {

/// Adds the scalars of the items that are chosen; nothing is copied, because every round of the allocator asks this for
/// every agent and role.
template <typename Choose>
void add_scalars(const Resources& resources, const Choose& choose, Quantities& sums) {
  for (const auto& [key, item] : resources.items()) {
    if (item.kind->type() != wire::Value::SCALAR || item.is_revocable() || !choose(item)) continue;
    sums[item.kind->name()] += item.milli;
  }
}

}  // namespace

Quantities consumption(const World& world, const std::string& role, bool offered) {
  Quantities sums;
  const auto is_reserved_below = [&](const ResourceItem& item) {
    return item.is_reserved() && covers_role(role, item.role());
  };
  const auto is_unreserved = [](const ResourceItem& item) { return !item.is_reserved(); };
  for (const auto& [id, agent] : world.agents) add_scalars(agent.total, is_reserved_below, sums);
  for (const auto& [id, offer] : world.offers) {
    if (offered && covers_role(role, offer.role)) add_scalars(offer.resources, is_unreserved, sums);
  }
  for (const auto& [key, task] : world.tasks) {
    if (covers_role(role, task.record.role()) && !is_terminal(task.record.latest().state())) {
      add_scalars(task.resources, is_unreserved, sums);
    }
  }
  return sums;
}

Quantities unsatisfied_guarantee(const World& world, const std::string& role) {
  Quantities left;
  const auto quota = world.quotas.find(role);
  if (quota == world.quotas.end() || quota->second.guarantees().empty()) return left;
  const auto used = consumption(world, role);
  for (const auto& [name, scalar] : quota->second.guarantees()) {
    const std::int64_t milli = std::llround(scalar.value() * 1000.0) - quantity(used, name);
    if (milli > 0) left[name] = milli;
  }
  return left;
}

Quantities surplus(const World& world) {
  Quantities promised;
  for (const auto& [role, quota] : world.quotas) {
    for (const auto& [name, milli] : unsatisfied_guarantee(world, role)) promised[name] += milli;
  }
  if (promised.empty()) return promised;
  Quantities free;
  for (const auto& [id, agent] : world.agents) {
    if (!agent.registered()) continue;
    for (const auto& [name, milli] : agent.available().unreserved().scalars()) free[name] += milli;
  }
  Quantities left;
  for (const auto& [name, milli] : promised) left[name] = std::max<std::int64_t>(quantity(free, name) - milli, 0);
  return left;
}

Quantities capacity(const World& world) {
  Quantities sums;
  for (const auto& [id, agent] : world.agents) {
    if (!agent.registered()) continue;
    for (const auto& [name, milli] : agent.total.scalars()) sums[name] += milli;
  }
  return sums;
}

void cut_to_limit(const World& world, const std::string& role, Resources& resources) {
  const auto quota = world.quotas.find(role);
  if (quota == world.quotas.end() || quota->second.limits().empty()) return;
  const auto used = consumption(world, role);
  for (const auto& [name, limit] : quota->second.limits()) {
    resources.limit_unreserved(name, std::llround(limit.value() * 1000.0) - quantity(used, name));
  }
}

void cut_to(const Quantities& most, Resources& resources) {
  for (const auto& [name, milli] : most) resources.limit_unreserved(name, milli);
}

}  // namespace esaas::embedded
