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

Quantities consumption(const World& world, const std::string& role, bool offered) {
  Quantities sums;
  const auto count = [&](const Resources& resources) {
    for (const auto& [name, milli] : resources.scalars()) sums[name] += milli;
  };
  for (const auto& [id, agent] : world.agents) count(agent.total.reserved_below(role));
  for (const auto& [id, offer] : world.offers) {
    if (offered && covers_role(role, offer.role)) count(offer.resources.unreserved());
  }
  for (const auto& [key, task] : world.tasks) {
    if (covers_role(role, task.record.role()) && !is_terminal(task.record.latest().state())) {
      count(task.resources.unreserved());
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
