// Whatever is called in whatever order: resources are conserved, and no two live tasks hold the same ones.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "tests/reconcilers/embedded/driver.h"

namespace esaas::embedded::testing {
namespace {

constexpr const char* kRole = "es-a";
constexpr int kAgents = 2;
constexpr std::uint8_t kSteps = 21;

/// One step: what is done, with two small numbers that choose to whom and how much.
struct Step {
  std::uint8_t what;
  std::uint8_t first;
  std::uint8_t second;
};

void showValue(const Step& step, std::ostream& os) {
  os << "{" << int{step.what} << ", " << int{step.first} << ", " << int{step.second} << "}";
}

/// An agent that lends a little.
AgentSpec lending_spec(int number) {
  AgentSpec spec = agent_spec(number);
  spec.revocable_cpus_milli = 1500;
  spec.revocable_mem_mib = 200;
  return spec;
}

wire::FrameworkInfo thrifty_framework() {
  wire::FrameworkInfo info = framework_info();
  info.add_capabilities()->set_type(wire::FrameworkInfo::Capability::REVOCABLE_RESOURCES);
  return info;
}

/// Without reservations, labels and disks: what an agent was made of, and what it lends.
std::map<std::string, std::int64_t> plain(const Resources& resources) {
  std::map<std::string, std::int64_t> sums = resources.scalars();
  for (const auto& [key, item] : resources.items()) {
    if (item.is_revocable()) sums["revocable " + item.kind->name()] += item.milli;
    if (item.kind->type() == wire::Value::RANGES) sums["ports"] += static_cast<std::int64_t>(item.ranges.size());
  }
  return sums;
}

class Life {
 public:
  Life() : driver_(kAgents) {
    for (int number = 1; number <= kAgents; ++number) {
      RC_ASSERT(driver_.model.add_agent(lending_spec(number), driver_.now).has_value());
    }
    for (const AgentView& agent : driver_.model.agents()) made_[agent.id] = plain(agent.total);
    driver_.subscribe(thrifty_framework());
  }

  void take(const Step& step) {
    const std::string& agent = driver_.agent(step.first % kAgents + 1);
    const std::string node = "n" + std::to_string(step.second % 4);
    const std::string volume = "v" + std::to_string(step.second % 3);
    const std::string task = "t" + std::to_string(step.second % 6);
    const Want want{500 + 250 * (step.second % 3), 64, 128, 31000U + 2U * (step.second % 5),
                    31001U + 2U * (step.second % 5)};
    switch (step.what % kSteps) {
      case 0: driver_.accept(agent, {ModelDriver::reserve(resources_of(want, kRole, node), "r" + node)}); break;
      case 1: driver_.accept(agent, {ModelDriver::unreserve(resources_of(want, kRole, node), "u" + node)}); break;
      case 2: driver_.accept(agent, {ModelDriver::create(volume_of(want, kRole, node, volume), "c" + volume)}); break;
      case 3: driver_.accept(agent, {ModelDriver::destroy(volume_of(want, kRole, node, volume), "")}); break;
      case 4: driver_.accept(agent, {ModelDriver::launch(task, agent, resources_of(want, kRole, ""))}, 60); break;
      case 5: launch_on_reservation(agent, node, volume, task, want); break;
      case 6: driver_.report(task, wire::TASK_RUNNING); break;
      case 7: driver_.report(task, wire::TASK_FINISHED); break;
      case 8: kill(task); break;
      case 9: driver_.acknowledge_all(); break;
      case 10: driver_.model.agent_lost(agent, driver_.now); break;
      case 11: driver_.model.agent_back(agent, driver_.now); break;
      case 12: driver_.pass(std::chrono::seconds(step.second)); break;
      case 13: driver_.model.disconnect(driver_.stream, driver_.now); break;
      case 14: driver_.subscribe(step.second % 2 == 0 ? thrifty_framework() : framework_info()); break;
      case 15: driver_.send(driver_.make(Call::REVIVE)); break;
      case 16: driver_.accept(agent, {}, step.second); break;
      case 17: restart(); break;
      case 18: driver_.accept(agent, {ModelDriver::launch(task, agent, lent_resources(step.second))}); break;
      case 19: driver_.model.preempt({driver_.framework_id, task}, driver_.now); break;
      case 20: grow(agent, node, volume, want, step.second); break;
    }
    driver_.settle();
  }

  void check() const {
    std::map<std::string, Resources> used;
    for (const TaskView& task : driver_.model.tasks()) {
      if (is_terminal(task.state)) continue;
      for (const auto& [key, item] : task.resources.items()) {
        const auto mine = used[task.agent_id].items().find(key);
        const bool taken = mine != used[task.agent_id].items().end() &&
                           (item.is_volume() || mine->second.ranges.intersects(item.ranges));
        RC_ASSERT(!taken);
      }
      used[task.agent_id].add(task.resources);
    }
    std::map<std::string, Resources> offered;
    for (const OfferView& offer : driver_.model.offers()) offered[offer.agent_id].add(offer.resources);
    for (const AgentView& agent : driver_.model.agents()) {
      RC_ASSERT(plain(agent.total) == made_.at(agent.id));
      RC_ASSERT(agent.used == used[agent.id]);
      RC_ASSERT(agent.offered == offered[agent.id]);
      RC_ASSERT(agent.reachable || agent.offered.empty());
      Resources spoken_for = agent.used;
      spoken_for.add(agent.offered);
      RC_ASSERT(agent.total.contains(spoken_for));
      std::set<std::string> ids;
      const Resources volumes = agent.total.volumes();
      for (const auto& [key, item] : volumes.items()) {
        RC_ASSERT(ids.insert(item.kind->disk().persistence().id()).second);
      }
    }
  }

 private:
  /// More than there is now and then, and both kinds of one resource, which is refused.
  static std::vector<wire::Resource> lent_resources(std::uint8_t number) {
    std::vector<wire::Resource> lent{scalar("cpus", 0.5 * (number % 4 + 1), kRole), scalar("mem", 64, kRole)};
    lent[0].mutable_revocable();
    if (number % 3 == 0) lent[1].mutable_revocable();
    if (number % 7 == 0) lent.push_back(scalar("cpus", 0.1, kRole));
    return lent;
  }
  void launch_on_reservation(const std::string& agent, const std::string& node, const std::string& volume,
                             const std::string& task, const Want& want) {
    auto resources = resources_of(want, kRole, node);
    resources[2] = volume_of(want, kRole, node, volume);
    driver_.accept(agent, {ModelDriver::reserve(resources_of(want, kRole, node), ""),
                           ModelDriver::create(volume_of(want, kRole, node, volume), ""),
                           ModelDriver::launch(task, agent, resources)});
  }
  /// By disk that is reserved just before: alike, for another node, or more than is left.
  void grow(const std::string& agent, const std::string& node, const std::string& volume, const Want& want,
            std::uint8_t number) {
    Want more = want;
    more.disk_mib = number % 5 == 0 ? 100'000 : 64;
    const auto addition = resources_of(more, kRole, number % 7 == 0 ? "other" : node)[2];
    wire::Offer::Operation operation;
    operation.set_type(wire::Offer::Operation::GROW_VOLUME);
    *operation.mutable_grow_volume()->mutable_volume() = volume_of(want, kRole, node, volume);
    *operation.mutable_grow_volume()->mutable_addition() = addition;
    driver_.accept(agent, {ModelDriver::reserve({addition}, ""), operation});
  }
  void kill(const std::string& task) {
    Call call = driver_.make(Call::KILL);
    call.mutable_kill()->mutable_task_id()->set_value(task);
    driver_.send(call);
  }
  /// Of the embedded Mesos; agents are as they were made, offers are gone.
  void restart() {
    const State saved = driver_.model.state();
    auto restored = MesosModel::restore({}, saved, driver_.now);
    RC_ASSERT(restored.has_value());
    driver_.model = std::move(*restored);
    for (int number = 1; number <= kAgents; ++number) {
      RC_ASSERT(driver_.model.add_agent(lending_spec(number), driver_.now).value() == driver_.agent(number));
    }
    driver_.subscribe(thrifty_framework());
  }

  ModelDriver driver_;
  std::map<std::string, std::map<std::string, std::int64_t>> made_;
};

rc::Gen<std::vector<Step>> steps() {
  return rc::gen::container<std::vector<Step>>(
      rc::gen::build<Step>(rc::gen::set(&Step::what, rc::gen::inRange<std::uint8_t>(0, kSteps)),
                           rc::gen::set(&Step::first, rc::gen::arbitrary<std::uint8_t>()),
                           rc::gen::set(&Step::second, rc::gen::arbitrary<std::uint8_t>())));
}

RC_GTEST_PROP(ModelProperty, ResourcesAreConserved, ()) {
  Life life;
  life.check();
  for (const Step& step : *steps()) {
    life.take(step);
    life.check();
  }
}

PortRanges some_ranges(const std::vector<std::pair<std::uint8_t, std::uint8_t>>& pairs) {
  PortRanges ranges;
  for (const auto& [begin, length] : pairs) ranges.add({begin, std::uint64_t{begin} + length % 16});
  return ranges;
}

std::set<std::uint64_t> as_set(const PortRanges& ranges) {
  std::set<std::uint64_t> all;
  for (const auto& range : ranges.ranges()) {
    for (std::uint64_t each = range.begin; each <= range.end; ++each) all.insert(each);
  }
  return all;
}

using Pairs = std::vector<std::pair<std::uint8_t, std::uint8_t>>;

RC_GTEST_PROP(PortRangesProperty, BehaveLikeASet, (const Pairs& first, const Pairs& second)) {
  const PortRanges left = some_ranges(first);
  const PortRanges right = some_ranges(second);
  std::set<std::uint64_t> joined = as_set(left);
  joined.merge(as_set(right));
  PortRanges sum = left;
  sum.add(right);
  RC_ASSERT(as_set(sum) == joined);
  RC_ASSERT(sum.size() == joined.size());
  PortRanges rest = left;
  rest.subtract(right);
  std::set<std::uint64_t> expected = as_set(left);
  for (const std::uint64_t each : as_set(right)) expected.erase(each);
  RC_ASSERT(as_set(rest) == expected);
  RC_ASSERT(left.intersects(right) == (expected.size() < as_set(left).size()));
  RC_ASSERT(sum.contains(left) && sum.contains(right));
  RC_ASSERT(left.contains(right) == (joined.size() == as_set(left).size()));
  for (std::size_t at = 1; at < sum.ranges().size(); ++at) {
    RC_ASSERT(sum.ranges()[at - 1].end + 1 < sum.ranges()[at].begin);  // sorted, and neighbours are one
  }
}

RC_GTEST_PROP(ResourcesProperty, WireAndBack, (const Pairs& ports, std::uint16_t cpus_milli, bool reserved)) {
  RC_PRE(cpus_milli > 0);
  Resources resources;
  wire::Resource cpus = scalar("cpus", cpus_milli / 1000.0, "");
  if (reserved) reserve_for(cpus, kRole, "n1");
  resources.add(Resources::parse(cpus).value());
  ResourceItem item;
  item.kind.edit().set_name("ports");
  item.kind.edit().set_type(wire::Value::RANGES);
  item.ranges = some_ranges(ports);
  resources.add(item);
  RC_ASSERT(Resources::parse(resources.to_wire(kRole)).value() == resources);
  RC_ASSERT(resources.scalars().at("cpus") == cpus_milli);
}

}  // namespace
}  // namespace esaas::embedded::testing
