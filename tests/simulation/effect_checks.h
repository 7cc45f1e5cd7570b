#pragma once
// EffectChecks: judges each call to Mesos at the moment that it is sent: the law about intents before effects, about
// acknowledgements after durability, about whose resources are touched, and about last copies. One thread.

#include <map>
#include <string>
#include <vector>

#include "reconcilers/effects/mesos/wire/scheduler.pb.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/model_elasticsearch.h"

namespace esaas::simulation {

class EffectChecks {
 public:
  EffectChecks(const Ledger& ledger, const ModelElasticsearch& elasticsearch, Journal& journal)
      : ledger_(ledger), elasticsearch_(elasticsearch), journal_(journal) {}

  /// An event that the master has sent: what may be acknowledged later.
  void seen(const mesos::wire::scheduler::Event& event);
  void check(const mesos::wire::scheduler::Call& call);
  /// Every few seconds: notes which nodes hold a last copy, and since when.
  void watch(Time now);

 private:
  void check_accept(const mesos::wire::scheduler::Call::Accept& accept);
  void check_launch(const mesos::wire::TaskInfo& task);
  void check_kill(const std::string& task_id);
  [[nodiscard]] bool can_be_missed(const ElasticsearchProcess& process, const std::string& shard) const;
  [[nodiscard]] std::vector<std::string> known_last_copies(const ElasticsearchProcess& process) const;

  const Ledger& ledger_;
  const ModelElasticsearch& elasticsearch_;
  Journal& journal_;
  std::map<std::string, std::pair<std::string, mesos::wire::TaskState>> updates_;          // by uuid
  std::map<std::string, std::pair<std::string, mesos::wire::OperationState>> operations_;  // by uuid
  std::map<std::string, std::map<std::string, Time>> last_copies_;  // by task: shards, and since when they are
  Time watched_at_;
};

}  // namespace esaas::simulation
