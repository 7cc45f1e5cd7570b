#pragma once
// Faults: what goes wrong in a simulated installation, at moments and in ways that a seed decides. Each fault heals by
// itself after a while; after `stop` everything is whole. Only one destroys volumes, the loss of an agent for good, and
// it takes an agent that no cluster needs: so none excuses the loss of an acknowledged document. One thread.

#include <map>
#include <string>

#include "tests/simulation/controller_process.h"
#include "tests/simulation/elasticsearch_link.h"
#include "tests/simulation/mesos_link.h"
#include "tests/simulation/mesos_side.h"
#include "tests/simulation/proxy_link.h"
#include "tests/support/prng.h"

namespace esaas::simulation {

class Faults {
 public:
  Faults(test::SimulationClock& clock, test::Prng prng, ControllerProcess& process, MesosSide& mesos, MesosLink& link,
         ElasticsearchLink& elasticsearch_link, ProxyLink& proxy_link, ModelElasticsearch& elasticsearch,
         Journal& journal);

  void start();
  void stop();

  /// Asked by the log's writer before each append.
  AppendFault at_append();
  Duration append_delay();

  [[nodiscard]] const std::map<std::string, std::uint64_t>& counts() const { return counts_; }

 private:
  void act_later();
  void act();
  void happen(const std::string& what);
  void lose_agent(bool its_processes_too, bool isolated);
  void renew_agent();
  void lose_agent_for_good();
  [[nodiscard]] bool holds_alone(const std::string& volume) const;
  [[nodiscard]] bool can_be_missed(const std::string& cluster, const std::string& volume) const;
  void silence();
  void fill_disk();
  void set_quota_by_hand();
  void preempt();
  Duration a_while();
  std::string some_agent();

  test::SimulationClock& clock_;
  test::Prng prng_;
  ControllerProcess& process_;
  MesosSide& mesos_;
  MesosLink& link_;
  ElasticsearchLink& elasticsearch_link_;
  ProxyLink& proxy_link_;
  ModelElasticsearch& elasticsearch_;
  Journal& journal_;
  bool active_ = false;
  bool slow_log_ = false;
  bool agent_is_gone_ = false;
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace esaas::simulation
