#include "reconcilers/embedded/model/offers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace esaas::embedded {
namespace {

using Capability = wire::FrameworkInfo::Capability;

// A master's own minimum: an offer has to hold one of the two.
constexpr std::int64_t kCpusMinMilli = 10;
constexpr std::int64_t kMemMinMilli = 32'000;

constexpr std::size_t kFiltersPerAgentMax = 64;

struct Candidate {
  Framework* framework;
  std::string role;
  std::uint64_t last_offered;
};

/// Everybody who wants offers, who waited longest first.
std::vector<Candidate> candidates(World& world) {
  std::vector<Candidate> list;
  for (auto& [id, framework] : world.frameworks) {
    if (!framework.stream) continue;
    for (const std::string& role : framework.roles()) {
      if (framework.suppressed.contains(role)) continue;
      const auto place = world.last_offered.find({id, role});
      list.push_back({&framework, role, place == world.last_offered.end() ? 0 : place->second});
    }
  }
  std::stable_sort(list.begin(), list.end(), [](const Candidate& left, const Candidate& right) {
    return left.last_offered < right.last_offered;
  });
  return list;
}

std::int64_t quantity(const std::map<std::string, std::int64_t>& scalars, const std::string& name) {
  const auto place = scalars.find(name);
  return place == scalars.end() ? 0 : place->second;
}

bool is_worth_offering(const Framework& framework, const std::string& role, const Resources& resources) {
  const auto scalars = resources.scalars();
  const auto& own = framework.record.info().offer_filters();
  if (const auto place = own.find(role); place != own.end() && place->second.has_min_allocatable_resources()) {
    const auto& vectors = place->second.min_allocatable_resources().quantities();
    return vectors.empty() || std::any_of(vectors.begin(), vectors.end(), [&](const auto& vector) {
             return std::all_of(vector.quantities().begin(), vector.quantities().end(), [&](const auto& each) {
               return quantity(scalars, each.first) >= std::llround(each.second.value() * 1000.0);
             });
           });
  }
  return quantity(scalars, "cpus") >= kCpusMinMilli || quantity(scalars, "mem") >= kMemMinMilli;
}

bool is_filtered(const Framework& framework, const std::string& role, const std::string& agent_id,
                 const Resources& resources) {
  const auto place = framework.filters.find({role, agent_id});
  if (place == framework.filters.end()) return false;
  return std::any_of(place->second.begin(), place->second.end(),
                     [&](const Filter& each) { return each.refused.contains(resources); });
}

/// Cuts what is unreserved down to what the quota of the role leaves. Ports have no quota.
void cut_to_quota(const World& world, const std::string& role, Resources& resources) {
  const auto quota = world.quotas.find(role);
  if (quota == world.quotas.end()) return;
  const auto used = consumption(world, role);
  for (const auto& [name, limit] : quota->second.limits()) {
    resources.limit_unreserved(name, std::llround(limit.value() * 1000.0) - quantity(used, name));
  }
}

wire::Offer to_message(const World& world, const Offer& offer, const Agent& agent) {
  wire::Offer message;
  message.mutable_id()->set_value(offer.id);
  message.mutable_framework_id()->set_value(offer.framework_id);
  message.mutable_agent_id()->set_value(offer.agent_id);
  message.set_hostname(agent.record.hostname());
  message.mutable_url()->set_scheme("http");
  message.mutable_url()->mutable_address()->set_hostname(agent.record.hostname());
  message.mutable_url()->mutable_address()->set_ip(agent.record.hostname());
  message.mutable_url()->mutable_address()->set_port(static_cast<std::int32_t>(world.options.port));
  message.mutable_url()->set_path("/" + agent.record.name());
  *message.mutable_resources() = offer.resources.to_wire(offer.role);
  *message.mutable_attributes() = agent.record.attributes();
  if (agent.record.has_domain()) *message.mutable_domain() = agent.record.domain();
  message.mutable_allocation_info()->set_role(offer.role);
  std::set<std::string> running;
  for (const auto& [key, task] : world.tasks) {
    if (key.framework_id == offer.framework_id && task.agent_id() == offer.agent_id &&
        !is_terminal(task.record.latest().state())) {
      running.insert(key.task_id);
    }
  }
  for (const std::string& id : running) message.add_executor_ids()->set_value(id);
  return message;
}

}  // namespace

std::map<std::string, std::int64_t> consumption(const World& world, const std::string& role) {
  std::map<std::string, std::int64_t> sums;
  const auto count = [&](const Resources& resources) {
    for (const auto& [name, milli] : resources.scalars()) sums[name] += milli;
  };
  for (const auto& [id, agent] : world.agents) count(agent.total.reserved_below(role));
  for (const auto& [id, offer] : world.offers) {
    if (covers_role(role, offer.role)) count(offer.resources.unreserved());
  }
  for (const auto& [key, task] : world.tasks) {
    if (covers_role(role, task.record.role()) && !is_terminal(task.record.latest().state())) {
      count(task.resources.unreserved());
    }
  }
  return sums;
}

void allocate(World& world) {
  world.allocation_due.reset();
  std::map<std::string, wire::scheduler::Event> events;  // by framework: all its offers of a round in one event
  for (auto& [agent_id, agent] : world.agents) {
    if (!agent.registered()) continue;
    Resources available = agent.available();
    for (const Candidate& candidate : candidates(world)) {
      Framework& framework = *candidate.framework;
      // Who does not know refined reservations is not shown reserved resources at all.
      Resources offered = framework.can(Capability::RESERVATION_REFINEMENT) ? available.offerable_to(candidate.role)
                                                                            : available.unreserved();
      cut_to_quota(world, candidate.role, offered);
      if (offered.empty() || !is_worth_offering(framework, candidate.role, offered)) continue;
      if (is_filtered(framework, candidate.role, agent_id, offered)) continue;
      Offer offer{world.new_offer_id(), framework.id(), agent_id, candidate.role, offered};
      agent.offered.add(offered);
      available.subtract(offered);
      world.last_offered[{framework.id(), candidate.role}] = ++world.offer_rounds;
      auto& event = events[framework.id()];
      event.set_type(wire::scheduler::Event::OFFERS);
      *event.mutable_offers()->add_offers() = to_message(world, offer, agent);
      world.offers.emplace(offer.id, std::move(offer));
    }
  }
  for (auto& [framework_id, event] : events) world.send(world.frameworks.at(framework_id), std::move(event));
}

void add_filter(World& world, Framework& framework, const std::string& role, const std::string& agent_id,
                const Resources& refused, const wire::Filters& filters, Time now) {
  constexpr double kSecondsMax = 365.0 * 24 * 3600;
  double seconds = filters.refuse_seconds();
  if (!(seconds >= 0)) seconds = wire::Filters().refuse_seconds();
  const Time until = now + Duration(static_cast<std::int64_t>(std::min(seconds, kSecondsMax) * 1e6));
  world.allocate_by(now + world.options.allocation_interval);
  if (until <= now || refused.empty()) return;
  auto& list = framework.filters[{role, agent_id}];
  list.push_back({refused, until});
  if (list.size() > kFiltersPerAgentMax) list.erase(list.begin());
}

void decline(World& world, Framework& framework, const wire::scheduler::Call::Decline& decline, Time now) {
  for (const auto& id : decline.offer_ids()) {
    const auto place = world.offers.find(id.value());
    if (place == world.offers.end() || place->second.framework_id != framework.id()) continue;
    add_filter(world, framework, place->second.role, place->second.agent_id, place->second.resources, decline.filters(),
               now);
    world.end_offer(id.value(), false);
  }
}

std::optional<Time> tick_filters(World& world, Time now) {
  std::optional<Time> next;
  for (auto& [id, framework] : world.frameworks) {
    for (auto& [key, list] : framework.filters) {
      if (std::erase_if(list, [&](const Filter& each) { return each.until <= now; }) > 0) world.allocate_by(now);
      for (const Filter& each : list) next = std::min(next.value_or(each.until), each.until);
    }
    std::erase_if(framework.filters, [](const auto& each) { return each.second.empty(); });
  }
  return next;
}

}  // namespace esaas::embedded
