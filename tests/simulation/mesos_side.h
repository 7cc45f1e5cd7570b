#pragma once
// MesosSide: the master and the agents of a simulation: the pure model with its time, and where its outputs go. One
// thread.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconcilers/embedded/model/mesos_model.h"
#include "tests/simulation/task_runner.h"

namespace esaas::simulation {

class MesosSide {
 public:
  MesosSide(test::SimulationClock& clock, test::Prng prng, ModelElasticsearch& elasticsearch, ModelProxies& proxies,
            Journal& journal, const std::vector<embedded::AgentSpec>& agents);

  /// Where events of streams and the ends of streams go.
  void on_event(std::function<void(embedded::StreamEvent)> callback) { event_ = std::move(callback); }
  void on_closed(std::function<void(const embedded::StreamId&)> callback) { closed_ = std::move(callback); }

  [[nodiscard]] bool master_up() const { return master_up_; }
  /// After each call of the model: outputs go out, time goes on.
  embedded::MesosModel& model() { return model_; }
  [[nodiscard]] const embedded::MesosModel& model() const { return model_; }
  void pump();
  TaskRunner& runner() { return runner_; }

  // ---- Faults; each ends by itself or by the call beside it ----
  [[nodiscard]] std::vector<std::string> agent_names() const;
  void lose_agent(const std::string& name);
  /// Its processes die; it must be lost too, or come back at once.
  void stop_agent(const std::string& name);
  void return_agent(const std::string& name);
  /// It comes back as another agent; its processes must have been stopped.
  void renew_agent(const std::string& name);
  /// An operator declares it gone for good; its processes must have been stopped.
  void mark_gone(const std::string& name);
  /// The same, and what was on it is no more.
  void lose_for_good(const std::string& name);
  /// That was a mistake: a new master, which takes over after `down`, knows it as another agent, with what was reserved
  /// on it and its volumes.
  void return_gone(const std::string& name, Duration down);
  [[nodiscard]] const std::set<std::string>& agents_away() const { return away_; }
  /// What is on the agent: its volumes, and whose cluster each is.
  [[nodiscard]] std::map<std::string, std::string> volumes_on(const std::string& agent_name) const;
  [[nodiscard]] std::string hostname_of(const std::string& agent_name) const;
  /// A new master takes over after `down`; the agents come back to it one by one.
  void fail_over(Duration down);
  /// As above, with everything but the processes read back from what was persisted.
  void restart(Duration down);

 private:
  void restart_from(const embedded::State& state, Duration down);
  void take_down(Duration down);
  void tick();
  void agents_return_later();

  test::SimulationClock& clock_;
  test::Prng prng_;
  ModelElasticsearch& elasticsearch_;
  Journal& journal_;
  embedded::ModelOptions options_;
  embedded::MesosModel model_;
  TaskRunner runner_;
  std::map<std::string, embedded::AgentSpec> specs_;
  std::map<std::string, std::string> ids_;  // of agents, by name
  std::set<std::string> away_;
  std::map<std::string, embedded::AgentRecord> gone_;  // by name, as they were
  std::function<void(embedded::StreamEvent)> event_ = [](const embedded::StreamEvent&) {};
  std::function<void(const embedded::StreamId&)> closed_ = [](const embedded::StreamId&) {};
  bool master_up_ = true;
  bool pumping_ = false;
  std::optional<test::SimulationClock::Ticket> ticking_;
};

}  // namespace esaas::simulation
