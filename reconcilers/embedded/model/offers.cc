#include "reconcilers/embedded/model/offers.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "reconcilers/embedded/model/quota.h"

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

bool is_worth_offering(const Framework& framework, const std::string& role, const Resources& resources) {
  auto scalars = resources.scalars();
  const Resources lent = resources.revocable();
  for (const auto& [key, item] : lent.items()) scalars[item.kind->name()] += item.milli;
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

/// One run of the allocator. Roles are served what they were promised before anybody is served the rest; one agent's
/// part of one role is one offer, whichever way it came.
class Round {
 public:
  explicit Round(World& world) : world_(world) {}

  /// To roles that have less than they were promised, what they lack; and of what nobody was promised, or is left over.
  void offer_guaranteed(const std::string& agent_id, Agent& agent) {
    Resources available = agent.available();
    for (const Candidate& candidate : candidates(world_)) {
      const Quantities lacking = unsatisfied_guarantee(world_, candidate.role);
      if (lacking.empty()) continue;
      // Nobody is promised what is only lent.
      Resources offered = offerable(available, candidate).without_revocable();
      cut_to_limit(world_, candidate.role, offered);
      Quantities most = surplus(world_);
      for (const auto& [name, milli] : lacking) most[name] = milli;
      cut_to(most, offered);
      const auto scalars = offered.unreserved().scalars();
      const bool helps = std::any_of(lacking.begin(), lacking.end(),
                                     [&](const auto& each) { return quantity(scalars, each.first) > 0; });
      if (helps && offer(agent_id, agent, candidate, offered)) available.subtract(offered);
    }
  }

  void offer_rest(const std::string& agent_id, Agent& agent) {
    Resources available = agent.available();
    if (available.empty()) return;
    for (const Candidate& candidate : candidates(world_)) {
      Resources offered = offerable(available, candidate);
      cut_to_limit(world_, candidate.role, offered);
      cut_to(surplus(world_), offered);
      if (!offered.empty() && offer(agent_id, agent, candidate, offered)) available.subtract(offered);
    }
  }

  /// All offers of a framework in one event.
  void send() {
    std::map<std::string, wire::scheduler::Event> events;
    for (const std::string& id : made_) {
      const Offer& offer = world_.offers.at(id);
      auto& event = events[offer.framework_id];
      event.set_type(wire::scheduler::Event::OFFERS);
      *event.mutable_offers()->add_offers() = to_message(world_, offer, world_.agents.at(offer.agent_id));
    }
    for (auto& [framework_id, event] : events) world_.send(world_.frameworks.at(framework_id), std::move(event));
  }

 private:
  /// Who does not know refined reservations is not shown reserved resources at all, and who did not say that it can do
  /// with revocable ones is not shown those.
  static Resources offerable(const Resources& available, const Candidate& candidate) {
    const Framework& framework = *candidate.framework;
    const Resources all = framework.can(Capability::RESERVATION_REFINEMENT) ? available.offerable_to(candidate.role)
                                                                            : available.unreserved();
    return framework.can(Capability::REVOCABLE_RESOURCES) ? all : all.without_revocable();
  }

  /// False when it is too little, or was declined.
  bool offer(const std::string& agent_id, Agent& agent, const Candidate& candidate, const Resources& offered) {
    const Framework& framework = *candidate.framework;
    auto& id = by_place_[{framework.id(), candidate.role, agent_id}];
    if (id.empty() && !is_worth_offering(framework, candidate.role, offered)) return false;
    Resources whole = offered;
    if (!id.empty()) whole.add(world_.offers.at(id).resources);
    if (is_filtered(framework, candidate.role, agent_id, whole)) return false;
    agent.offered.add(offered);
    if (id.empty()) {
      Offer made{world_.new_offer_id(), framework.id(), agent_id, candidate.role, offered};
      id = made.id;
      made_.push_back(id);
      world_.offers.emplace(id, std::move(made));
    } else {
      world_.offers.at(id).resources = whole;
    }
    world_.last_offered[{framework.id(), candidate.role}] = ++world_.offer_rounds;
    return true;
  }

  World& world_;
  std::map<std::tuple<std::string, std::string, std::string>, std::string> by_place_;  // offer ids of this round
  std::vector<std::string> made_;                                                      // in the order they were made
};

}  // namespace

void allocate(World& world) {
  world.allocation_due.reset();
  if (candidates(world).empty()) return;
  Round round(world);
  const bool any_guarantee = std::any_of(world.quotas.begin(), world.quotas.end(),
                                         [](const auto& each) { return !each.second.guarantees().empty(); });
  if (any_guarantee) {
    for (auto& [id, agent] : world.agents) {
      if (agent.registered()) round.offer_guaranteed(id, agent);
    }
  }
  for (auto& [id, agent] : world.agents) {
    if (agent.registered()) round.offer_rest(id, agent);
  }
  round.send();
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
      if (std::erase_if(list, [&](const Filter& each) { return each.until <= now; }) > 0) {
        // As a master does: not at once but with the next batch, where all that end about now are offered together.
        world.allocate_by(now + world.options.allocation_interval);
      }
      for (const Filter& each : list) next = std::min(next.value_or(each.until), each.until);
    }
    std::erase_if(framework.filters, [](const auto& each) { return each.second.empty(); });
  }
  return next;
}

}  // namespace esaas::embedded
