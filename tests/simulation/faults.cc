#include "tests/simulation/faults.h"

#include <algorithm>

#include "reconcilers/effects/mesos/operator_calls.h"

namespace esaas::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

}  // namespace

Faults::Faults(test::SimulationClock& clock, test::Prng prng, ControllerProcess& process, MesosSide& mesos,
               MesosLink& link, ElasticsearchLink& elasticsearch_link, ProxyLink& proxy_link,
               ModelElasticsearch& elasticsearch, Journal& journal)
    : clock_(clock),
      prng_(prng),
      process_(process),
      mesos_(mesos),
      link_(link),
      elasticsearch_link_(elasticsearch_link),
      proxy_link_(proxy_link),
      elasticsearch_(elasticsearch),
      journal_(journal) {}

void Faults::start() {
  active_ = true;
  link_.set_rough(prng_.chance(2, 3));
  elasticsearch_link_.set_rough(prng_.chance(2, 3));
  proxy_link_.set_rough(prng_.chance(1, 2));
  slow_log_ = prng_.chance(1, 3);
  act_later();
}

void Faults::stop() {
  active_ = false;
  slow_log_ = false;
  link_.set_rough(false);
  elasticsearch_link_.set_rough(false);
  proxy_link_.set_rough(false);
  process_.set_writable(true);
  for (const std::string& agent : std::set<std::string>(mesos_.agents_away())) mesos_.return_agent(agent);
  for (const std::string& agent : mesos_.agent_names()) elasticsearch_.set_isolated(mesos_.hostname_of(agent), false);
  std::set<std::string> clusters;
  for (const auto& [id, task] : elasticsearch_.processes()) clusters.insert(task.launch.cluster);
  for (const std::string& cluster : clusters) elasticsearch_.set_silent(cluster, false);
}

AppendFault Faults::at_append() {
  if (!active_ || !prng_.chance(1, 80)) return AppendFault::kNone;
  ++counts_["crash_at_append"];
  return prng_.chance(1, 2) ? AppendFault::kCrashBefore : AppendFault::kCrashAfter;
}

Duration Faults::append_delay() {
  if (slow_log_ && prng_.chance(1, 10)) return prng_.between(milliseconds{20}, seconds{2});
  return prng_.between(milliseconds{1}, milliseconds{8});
}

void Faults::act_later() {
  clock_.after(prng_.between(seconds{2}, seconds{40}), [this] {
    if (!active_) return;
    act();
    act_later();
  });
}

void Faults::happen(const std::string& what) {
  ++counts_[what.substr(0, what.find(' '))];
  journal_.note("FAULT " + what);
}

Duration Faults::a_while() {
  return prng_.chance(1, 3) ? prng_.between(seconds{30}, seconds{150}) : prng_.between(seconds{1}, seconds{20});
}

std::string Faults::some_agent() { return prng_.pick(mesos_.agent_names()); }

void Faults::act() {
  switch (prng_.below(16)) {
    case 0: happen("controller_killed"); return process_.crash("killed", prng_.between(milliseconds{100}, seconds{15}));
    case 1: happen("master_failover"); return mesos_.fail_over(prng_.between(milliseconds{100}, seconds{20}));
    case 2: happen("master_restart"); return mesos_.restart(prng_.between(milliseconds{100}, seconds{20}));
    case 3: happen("disconnected"); return link_.break_connection(prng_.between(milliseconds{0}, seconds{5}));
    case 4: return lose_agent(false, prng_.chance(1, 3));
    case 5: return lose_agent(true, false);
    case 6:
    case 7: {
      const auto tasks = mesos_.runner().live_tasks();
      if (tasks.empty()) return;
      const std::string& task = prng_.pick(tasks);
      happen("process_killed " + task);
      return mesos_.runner().crash_process(task);
    }
    case 8: return silence();
    case 9: return fill_disk();
    case 10: return renew_agent();
    case 11: return set_quota_by_hand();
    case 12: return preempt();
    case 13: return lose_agent_for_good();
    case 14:
      happen("all_at_once");
      process_.crash("killed", prng_.between(milliseconds{100}, seconds{15}));
      mesos_.fail_over(prng_.between(milliseconds{100}, seconds{20}));
      return lose_agent(true, false);
    default: {
      const std::string agent = some_agent();
      if (mesos_.agents_away().contains(agent)) return;
      happen("agent_rebooted " + agent);
      mesos_.lose_agent(agent);
      mesos_.stop_agent(agent);
      clock_.after(seconds{1}, [this, agent] {
        if (mesos_.agents_away().contains(agent)) mesos_.return_agent(agent);
      });
    }
  }
}

void Faults::lose_agent(bool its_processes_too, bool isolated) {
  const std::string agent = some_agent();
  if (mesos_.agents_away().contains(agent)) return;
  happen((its_processes_too ? "agent_down " : isolated ? "agent_isolated " : "agent_lost ") + agent);
  mesos_.lose_agent(agent);
  if (its_processes_too) mesos_.stop_agent(agent);
  if (isolated) elasticsearch_.set_isolated(mesos_.hostname_of(agent), true);
  clock_.after(a_while(), [this, agent, isolated] {
    if (isolated) elasticsearch_.set_isolated(mesos_.hostname_of(agent), false);
    if (mesos_.agents_away().contains(agent)) mesos_.return_agent(agent);
  });
}

void Faults::renew_agent() {
  const std::string agent = some_agent();
  if (mesos_.agents_away().contains(agent) || !mesos_.master_up()) return;
  happen("agent_renewed " + agent);
  mesos_.lose_agent(agent);
  mesos_.stop_agent(agent);
  clock_.after(a_while(), [this, agent] {
    if (mesos_.agents_away().contains(agent)) mesos_.renew_agent(agent);
  });
}

/// Of some shard no other volume has a copy, be it empty.
bool Faults::holds_alone(const std::string& volume) const {
  const auto& directories = elasticsearch_.directories();
  const auto here = directories.find(volume);
  if (here == directories.end()) return false;
  return std::ranges::any_of(here->second.copies, [&](const auto& copy) {
    return std::ranges::none_of(directories, [&](const auto& other) {
      return other.first != volume &&
             other.first.substr(0, other.first.find('.')) == volume.substr(0, volume.find('.')) &&
             other.second.copies.contains(copy.first);
    });
  });
}

/// Its cluster is led, the volume holds no last copy, and the votes of the other masters are a majority.
bool Faults::can_be_missed(const std::string& cluster, const std::string& volume) const {
  if (elasticsearch_.led_cluster(cluster) == nullptr) return false;
  if (!elasticsearch_.last_copies_on(cluster, volume).empty() || holds_alone(volume)) return false;
  std::size_t other_masters = 0;
  bool is_up = false;
  for (const auto& [id, process] : elasticsearch_.processes()) {
    if (process.launch.cluster != cluster || process.state != ElasticsearchProcess::State::kUp) continue;
    if (process.volume == volume) {
      is_up = true;
    } else if (process.launch.master_eligible) {
      ++other_masters;
    }
  }
  return is_up && other_masters >= 2;
}

/// Once in a life, so that what is left always suffices for what users ask.
void Faults::lose_agent_for_good() {
  const std::string agent = some_agent();
  if (agent_is_gone_ || !mesos_.master_up() || !mesos_.agents_away().empty()) return;
  for (const auto& [volume, cluster] : mesos_.volumes_on(agent)) {
    if (!can_be_missed(cluster, volume)) return;
  }
  agent_is_gone_ = true;
  happen("agent_gone " + agent);
  mesos_.lose_for_good(agent);
}

void Faults::silence() {
  const auto& processes = elasticsearch_.processes();
  if (processes.empty()) return;
  auto chosen = processes.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(prng_.below(processes.size())));
  const std::string cluster = chosen->second.launch.cluster;
  happen("elasticsearch_silent " + cluster);
  elasticsearch_.set_silent(cluster, true);
  clock_.after(a_while(), [this, cluster] { elasticsearch_.set_silent(cluster, false); });
}

/// An agent takes back what it lent to a task.
void Faults::preempt() {
  std::vector<embedded::TaskKey> preemptible;
  for (const embedded::TaskView& task : mesos_.model().tasks()) {
    if (!embedded::is_terminal(task.state) && !task.resources.revocable().empty()) preemptible.push_back(task.key);
  }
  if (preemptible.empty()) return;
  const embedded::TaskKey key = prng_.pick(preemptible);
  happen("preempted " + key.task_id);
  mesos_.model().preempt(key, clock_.now());
  mesos_.pump();
}

/// Somebody gives a role that has a quota another one, past the controller.
void Faults::set_quota_by_hand() {
  const auto state = mesos_.model().state();
  if (state.quotas().empty() || !mesos_.master_up()) return;
  mesos::wire::quota::QuotaConfig config;
  config.set_role(state.quotas(static_cast<int>(prng_.below(static_cast<std::uint64_t>(state.quotas_size())))).role());
  (*config.mutable_limits())["cpus"].set_value(static_cast<double>(prng_.between(1, 16)));
  happen("quota_by_hand " + config.role());
  // The master may refuse it: that is for the hand to know.
  (void)mesos_.model().operate(mesos::operator_calls::update_quota(std::move(config)), clock_.now());
  mesos_.pump();
}

void Faults::fill_disk() {
  happen("disk_full");
  process_.set_writable(false);
  clock_.after(prng_.between(seconds{1}, seconds{30}), [this] { process_.set_writable(true); });
}

}  // namespace esaas::simulation
