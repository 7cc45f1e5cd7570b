#include "tests/simulation/mesos_side.h"

#include <fmt/format.h>

#include "core/base/assert.h"
#include "reconcilers/effects/mesos/resources.h"

namespace esaas::simulation {

MesosSide::MesosSide(test::SimulationClock& clock, test::Prng prng, ModelElasticsearch& elasticsearch,
                     ModelProxies& proxies, Journal& journal, const std::vector<embedded::AgentSpec>& agents)
    : clock_(clock),
      prng_(prng),
      elasticsearch_(elasticsearch),
      journal_(journal),
      model_(options_),
      runner_(clock, prng_.fork(), elasticsearch, proxies, journal,
              [this](const embedded::TaskKey& key, const embedded::TaskReport& report) {
                model_.task_update(key, report, clock_.now());
                pump();
              }) {
  for (const embedded::AgentSpec& spec : agents) {
    auto id = model_.add_agent(spec, clock_.now());
    ESAAS_ASSERT(id.has_value(), "the agents of a simulation are valid");
    specs_[spec.name] = spec;
    ids_[spec.name] = *id;
  }
  pump();
}

void MesosSide::tick() {
  ticking_.reset();
  pump();
}

void MesosSide::pump() {
  if (pumping_) return;  // a report from within: the loop below takes its outputs too
  pumping_ = true;
  std::optional<Time> next;
  while (true) {
    next = model_.tick(clock_.now());
    embedded::Outputs outputs = model_.take_outputs();
    if (outputs.events.empty() && outputs.closed.empty() && outputs.launches.empty() && outputs.kills.empty() &&
        outputs.destroyed_volumes.empty()) {
      break;
    }
    for (auto& event : outputs.events) event_(std::move(event));
    for (const auto& stream : outputs.closed) closed_(stream);
    for (const auto& launch : outputs.launches) runner_.launch(launch);
    for (const auto& kill : outputs.kills) runner_.kill(kill);
    for (const auto& destroyed : outputs.destroyed_volumes) elasticsearch_.destroy_volume(destroyed.volume_id);
  }
  pumping_ = false;
  if (ticking_) clock_.cancel(*ticking_);
  ticking_.reset();
  if (next) ticking_ = clock_.at(std::max(*next, clock_.now() + Duration{1}), [this] { tick(); });
}

std::vector<std::string> MesosSide::agent_names() const {
  std::vector<std::string> names;
  for (const auto& [name, id] : ids_) names.push_back(name);
  return names;
}

std::string MesosSide::hostname_of(const std::string& agent_name) const { return specs_.at(agent_name).hostname; }

void MesosSide::lose_agent(const std::string& name) {
  away_.insert(name);
  model_.agent_lost(ids_.at(name), clock_.now());
  pump();
}

void MesosSide::stop_agent(const std::string& name) { runner_.crash_agent(name); }

void MesosSide::return_agent(const std::string& name) {
  away_.erase(name);
  model_.agent_back(ids_.at(name), clock_.now());
  pump();
}

void MesosSide::renew_agent(const std::string& name) {
  away_.erase(name);
  if (auto id = model_.agent_renewed(ids_.at(name), clock_.now())) ids_[name] = std::move(*id);
  pump();
}

void MesosSide::agents_return_later() {
  for (const auto& [name, id] : ids_) {
    clock_.after(prng_.between(std::chrono::milliseconds{100}, std::chrono::seconds{20}), [this, agent = name] {
      if (ids_.contains(agent) && !away_.contains(agent)) return_agent(agent);
    });
  }
}

void MesosSide::take_down(Duration down) {
  master_up_ = false;
  pump();
  clock_.after(down, [this] {
    master_up_ = true;
    agents_return_later();
  });
}

void MesosSide::fail_over(Duration down) {
  if (!master_up_) return;
  model_.master_failover(clock_.now());
  take_down(down);
}

void MesosSide::mark_gone(const std::string& name) {
  away_.insert(name);
  const embedded::State state = model_.state();
  for (const embedded::AgentRecord& record : state.agents()) {
    if (record.id() == ids_.at(name)) gone_[name] = record;
  }
  mesos::wire::master::Call call;
  call.set_type(mesos::wire::master::Call::MARK_AGENT_GONE);
  call.mutable_mark_agent_gone()->mutable_agent_id()->set_value(ids_.at(name));
  const auto answer = model_.operate(call, clock_.now());
  ESAAS_ASSERT(answer.has_value(), answer ? "" : answer.error().detail);
  pump();
}

std::map<std::string, std::string> MesosSide::volumes_on(const std::string& agent_name) const {
  std::map<std::string, std::string> volumes;
  for (const embedded::AgentView& agent : model_.agents()) {
    if (agent.id != ids_.at(agent_name)) continue;
    for (const auto& [key, item] : agent.total.items()) {
      if (item.is_volume())
        volumes[item.kind->disk().persistence().id()] = mesos::reservation_label(*item.kind, "cluster");
    }
  }
  return volumes;
}

void MesosSide::lose_for_good(const std::string& name) {
  const auto volumes = volumes_on(name);
  lose_agent(name);
  stop_agent(name);
  mark_gone(name);
  // The others of its cluster look at what it had until they have noticed.
  clock_.after(std::chrono::minutes{2}, [this, volumes] {
    for (const auto& [volume, cluster] : volumes) elasticsearch_.destroy_volume(volume);
  });
  gone_.erase(name);
  away_.erase(name);
  ids_.erase(name);
}

void MesosSide::return_gone(const std::string& name, Duration down) {
  if (!master_up_) return;
  embedded::State state = model_.state();
  embedded::AgentRecord& record = *state.add_agents();
  record = gone_.at(name);
  record.set_id(record.id() + "-back");
  record.set_unreachable_at_us(0);
  ids_[name] = record.id();
  away_.erase(name);
  restart_from(state, down);
}

void MesosSide::restart(Duration down) {
  if (master_up_) restart_from(model_.state(), down);
}

void MesosSide::restart_from(const embedded::State& state, Duration down) {
  // The streams end as they do when the old one dies.
  model_.master_failover(clock_.now());
  pump();
  auto restored = embedded::MesosModel::restore(options_, state, clock_.now());
  if (!restored) {
    journal_.violate("the state of the Mesos model does not restore: " + restored.error().detail);
    return;
  }
  model_ = std::move(*restored);
  take_down(down);
}

}  // namespace esaas::simulation
