#pragma once
// Simulation: a whole installation in virtual time: the real controller with a log that crashes, the Mesos model, the
// model Elasticsearch, users, and faults. A seed decides everything, so a seed repeats everything.
//
//     Simulation simulation({.seed = 42});
//     const SimulationReport report = simulation.run();     // report.violations is empty when all held
//
// ## A run
//   1. active: users ask, faults happen
//   2. settling: no new wishes, everything whole; all operations must end and all clusters be as wanted, or hold by a
//   rule
//   3. quiet: nothing happens, so the log must not grow
//   4. teardown: every cluster is deleted; no task, no volume, no reservation may be left
//
// ## What is checked
// At each effect: effect_checks.h. At each durable event: ledger.h. At each start of a process: task_runner.h. At each
// recovery: controller_process.h. At each answer: workload.h. Every second: this file (no split brain, no document
// lost). Scripted scenarios use the same parts step by step.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "store/log/memory_event_log.h"
#include "tests/simulation/controller_process.h"
#include "tests/simulation/effect_checks.h"
#include "tests/simulation/elasticsearch_link.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/mesos_link.h"
#include "tests/simulation/mesos_side.h"
#include "tests/simulation/model_elasticsearch.h"
#include "tests/simulation/model_proxies.h"
#include "tests/simulation/proxy_link.h"
#include "tests/simulation/workload.h"

namespace esaas::simulation {

struct SimulationOptions {
  std::uint64_t seed = 1;
  Duration active = std::chrono::minutes{6};
  Duration settle_max = std::chrono::minutes{45};
  Duration stands_still_after = std::chrono::minutes{17};  ///< above the period of reconciliation with Mesos
  Duration quiet = std::chrono::minutes{20};
  bool verbose = false;
};

struct SimulationReport {
  std::vector<std::string> violations;
  std::uint64_t events = 0;      ///< in the log
  std::uint64_t documents = 0;   ///< written
  std::uint64_t operations = 0;  ///< accepted
  std::uint64_t steps = 0;       ///< callbacks run
  Duration virtual_time{0};
  std::map<std::string, std::uint64_t> faults;
  std::map<std::string, std::uint64_t> event_counts;
  std::map<std::string, std::uint64_t> holds_at_the_end;  ///< clusters that did not converge, by rule
  std::vector<std::string> notes;                         ///< the last ones
};

class Simulation {
 public:
  explicit Simulation(SimulationOptions options);

  SimulationReport run();

  // ---- Step by step, for scripted scenarios; nobody acts unless told to ----
  void boot();
  void pass(Duration duration);
  /// Lets time pass until it is so; false when it is not within `limit`.
  bool until(const std::function<bool()>& is_so, Duration limit);
  [[nodiscard]] const state::FleetState& state() const { return ledger_.state(); }
  [[nodiscard]] bool settled() const;
  SimulationReport report() const;

  test::SimulationClock& clock() { return clock_; }
  Journal& journal() { return journal_; }
  const Ledger& ledger() const { return ledger_; }
  store::MemoryEventLog& log() { return log_; }
  ModelElasticsearch& elasticsearch() { return elasticsearch_; }
  ModelProxies& proxies() { return proxies_; }
  MesosSide& mesos() { return mesos_; }
  MesosLink& mesos_link() { return mesos_link_; }
  ControllerProcess& process() { return process_; }
  Workload& workload() { return workload_; }
  /// Decides each append of the log's writer from now on.
  void set_append_fault(std::function<AppendFault(const store::Batch&)> fault) { append_fault_ = std::move(fault); }

 private:
  [[nodiscard]] bool stands_still() const;
  [[nodiscard]] bool is_empty() const;
  void watch();
  void check_documents();
  void check_restarts();
  void check_allocation(const state::Cluster& cluster);
  void check_votes(const state::Cluster& cluster);
  void check_settled();
  void check_same_state();
  void check_quiet();
  void check_places();
  void check_proxies();
  void check_ledger();
  void check_quotas();
  void check_empty();

  SimulationOptions options_;
  test::Prng prng_;
  test::SimulationClock clock_;
  Journal journal_{clock_};
  store::MemoryEventLog log_;
  Ledger ledger_{journal_};
  ModelElasticsearch elasticsearch_;
  ModelProxies proxies_;
  MesosSide mesos_;
  EffectChecks effects_{clock_, ledger_, elasticsearch_, proxies_, journal_};
  std::function<AppendFault(const store::Batch&)> append_fault_;
  ControllerProcess process_;
  MesosLink mesos_link_;
  ElasticsearchLink elasticsearch_link_;
  ProxyLink proxy_link_;
  Workload workload_;
  Faults faults_;
  Time began_;
  Time settling_since_;
  std::uint64_t steps_ = 0;
  std::uint64_t watched_ = 0;
  std::set<std::string> known_clusters_;
  std::map<std::string, std::uint64_t> holds_at_the_end_;
};

}  // namespace esaas::simulation
