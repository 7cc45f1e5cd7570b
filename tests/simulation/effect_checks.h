#pragma once
// EffectChecks: judges each call to Mesos at the moment that it is sent: the law about intents before effects, about
// acknowledgements after durability, about whose resources are touched, about last copies and votes, and about requests
// that are under way through proxies. One thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconcilers/effects/mesos/wire/scheduler.pb.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/model_elasticsearch.h"
#include "tests/simulation/model_proxies.h"

namespace esaas::simulation {

class EffectChecks {
 public:
  EffectChecks(const test::SimulationClock& clock, const Ledger& ledger, const ModelElasticsearch& elasticsearch,
               const ModelProxies& proxies, Journal& journal)
      : clock_(clock), ledger_(ledger), elasticsearch_(elasticsearch), proxies_(proxies), journal_(journal) {}

  /// An event that the master has sent: what may be acknowledged later.
  void seen(const mesos::wire::scheduler::Event& event);
  void check(const mesos::wire::scheduler::Call& call);
  /// An event that is durable and changes what is done next.
  void check(const event::Event& event);
  /// Every few seconds: notes which nodes hold a last copy, and since when, and which voters are there.
  void watch(Time now);

 private:
  void check_accept(const mesos::wire::scheduler::Call::Accept& accept);
  void check_launch(const mesos::wire::TaskInfo& task);
  void check_kill(const std::string& task_id);
  void check_vote(const ElasticsearchProcess& process, const state::Cluster& cluster);
  void watch_voters(Time now);
  void check_drained(const std::string& task_id, const state::Cluster& cluster);
  [[nodiscard]] bool can_be_missed(const ElasticsearchProcess& process, const std::string& shard) const;
  [[nodiscard]] std::vector<std::string> known_last_copies(const ElasticsearchProcess& process, bool rollout) const;

  struct LastCopy {
    Time since;
    std::optional<Time> needed_since;  ///< nothing while it can be missed
  };

  const test::SimulationClock& clock_;
  const Ledger& ledger_;
  const ModelElasticsearch& elasticsearch_;
  const ModelProxies& proxies_;
  Journal& journal_;
  std::map<std::string, std::pair<std::string, mesos::wire::TaskState>> updates_;          // by uuid
  std::map<std::string, std::pair<std::string, mesos::wire::OperationState>> operations_;  // by uuid
  std::map<std::string, std::map<std::string, LastCopy>> last_copies_;                     // by task and shard
  std::map<std::string, Time> voters_seen_;  // by node id: when each was a member last
  Time watched_at_;
};

}  // namespace esaas::simulation
