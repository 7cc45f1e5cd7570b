// What one changed cluster costs in a fleet.
//
//   one_of/N      one of N clusters (three nodes each, converged, health green) changes its health: the observation is
//                 taken in, the fact is sequenced and appended to a log in memory, the cluster is reconciled, and its
//                 snapshot is published
//   all_of/N      the same for each of the N clusters, for comparison
//
// One thread, the whole controller with ports that do nothing. Budget: one_of/1000 costs what one_of/1 costs, give or
// take the look-ups in ordered maps.

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "bench/converged_cluster.h"
#include "bench/smoke.h"
#include "core/base/assert.h"
#include "core/model/ids.h"
#include "reconcilers/loop/controller.h"
#include "store/log/memory_event_log.h"
#include "tests/reconcilers/loop/fake_ports.h"

namespace esaas::bench {
namespace {

constexpr int kNodes = 3;
constexpr std::int64_t kBegin = 1'475'000'000'000'000;

reconcile::Observation seen(model::HealthStatus status, Time now) {
  reconcile::Observation observation;
  observation.observed_at = now;
  observation.health.set_status(status);
  observation.health.set_nodes(kNodes);
  observation.health.set_data_nodes(kNodes);
  observation.master = "data-0";
  for (std::uint32_t i = 0; i < kNodes; ++i) observation.nodes.push_back(model::node_name("data", i));
  observation.excluded_nodes.emplace();
  observation.minimum_master_nodes = 2;
  return observation;
}

class Fleet {
 public:
  explicit Fleet(std::size_t clusters) {
    state::FleetState state;
    for (std::size_t i = 0; i < clusters; ++i) {
      names_.push_back("c" + std::to_string(i));
      state.clusters.emplace(names_.back(), converged_cluster(names_.back(), kNodes));
    }
    loop::ControllerOptions options;
    options.settings.catalogue.artifacts["2.3.3"].uri = "file:///archive.tar.gz";
    controller_ =
        std::make_unique<loop::Controller>(std::move(options), std::move(state), log_, *writer_, published_, ports_);
    controller_->start(now_);
    turn();
    for (const std::string& name : names_) change(name, model::HEALTH_STATUS_GREEN);
  }

  const std::vector<std::string>& names() const { return names_; }
  std::uint64_t events() const { return log_.last_seq(); }

  void change(const std::string& name, model::HealthStatus status) {
    now_ += std::chrono::milliseconds{1};
    controller_->observed(name, seen(status, now_), now_);
    turn();
  }

 private:
  void turn() {
    controller_->turn(now_);
    ports_.run_posted();
    ports_.calls.clear();
    ports_.observed.clear();
    ports_.puts.clear();
  }

  Time now_ = from_us(kBegin);
  store::MemoryEventLog log_;
  std::unique_ptr<store::LogWriter> writer_ = store::make_immediate_writer(log_);
  loop::PublishedState published_;
  loop::FakePorts ports_;
  std::unique_ptr<loop::Controller> controller_;
  std::vector<std::string> names_;
};

model::HealthStatus other(bool yellow) { return yellow ? model::HEALTH_STATUS_YELLOW : model::HEALTH_STATUS_GREEN; }

void one_of(benchmark::State& state) {
  Fleet fleet(static_cast<std::size_t>(state.range(0)));
  const std::string& name = fleet.names()[fleet.names().size() / 2];
  const std::uint64_t before = fleet.events();
  bool yellow = false;
  for (auto iteration : state) {
    (void)iteration;
    yellow = !yellow;
    fleet.change(name, other(yellow));
  }
  ESAAS_ASSERT(fleet.events() >= before + state.iterations(), "each change is an event");
}

void all_of(benchmark::State& state) {
  Fleet fleet(static_cast<std::size_t>(state.range(0)));
  bool yellow = false;
  for (auto iteration : state) {
    (void)iteration;
    yellow = !yellow;
    for (const std::string& name : fleet.names()) fleet.change(name, other(yellow));
  }
}

void add(const char* name, void (*run)(benchmark::State&), std::vector<std::int64_t> sizes) {
  for (const std::int64_t size : sizes) {
    benchmark::RegisterBenchmark(name, run)
        ->Arg(size)
        ->Unit(benchmark::kMicrosecond)
        ->Iterations(static_cast<std::int64_t>(size_of_run(run == one_of ? 20'000 : 20, 5)));
  }
}

}  // namespace
}  // namespace esaas::bench

int main(int argc, char** argv) {
  using namespace esaas::bench;
  const auto large = static_cast<std::int64_t>(size_of_run(1'000, 20));
  const auto fleet = static_cast<std::int64_t>(size_of_run(4'400, 30));
  add("one_of", one_of, {1, large, fleet});
  add("all_of", all_of, {1, large});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
