// What one batch of offers costs in a large fleet.
//
//   placed/N    N agents each make one offer to the role of a tenant, whose 100 clusters wait for places for 5 nodes
//               each: the offers are taken in, 500 places are chosen, the intents are sequenced, and what is left over
//               is declined
//   refused/N   the same with nodes too large for any agent: nothing is placed, and each node's hold says why
//
// One thread, the whole controller with ports that do nothing and a log in memory. Beside each is what its limit is:
// 10 us an agent (100 ms for 10,000, 500 ms for 50,000). `kept` is the memory that the controller holds more after a
// pass than before, by agent, when nothing was placed; its limit is 200 bytes.

#include <benchmark/benchmark.h>
#include <jemalloc/jemalloc.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "bench/smoke.h"
#include "core/base/assert.h"
#include "core/model/ids.h"
#include "reconcilers/effects/mesos/resources.h"
#include "reconcilers/loop/controller.h"
#include "store/log/memory_event_log.h"
#include "tests/reconcilers/loop/fake_ports.h"

namespace esaas::bench {
namespace {

namespace wire = mesos::wire;

constexpr int kClusters = 100;
constexpr int kNodes = 5;
constexpr double kLimitMsPerAgent = 0.01;
constexpr double kKeptLimit = 200;
constexpr const char* kRole = "es-shop";
const Time kBegin = from_us(1'475'000'000'000'000);

state::Cluster waiting(const std::string& name, std::uint32_t mem_mib) {
  state::Cluster cluster;
  cluster.set_name(name);
  cluster.set_tenant("shop");
  cluster.set_phase(state::CLUSTER_PHASE_RUNNING);
  cluster.mutable_spec()->set_version("2.3.3");
  auto& group = *cluster.mutable_spec()->add_node_groups();
  group.set_name("data");
  group.add_roles(model::NODE_ROLE_MASTER);
  group.add_roles(model::NODE_ROLE_DATA);
  group.set_count(kNodes);
  group.mutable_resources()->set_cpus_milli(1000);
  group.mutable_resources()->set_mem_mib(mem_mib);
  group.mutable_resources()->set_disk_mib(1024);
  cluster.add_next_ordinals(kNodes);
  for (std::uint32_t i = 0; i < kNodes; ++i) {
    auto& node = *cluster.add_nodes();
    node.set_name(model::node_name("data", i));
    node.set_group("data");
    *node.mutable_resources() = group.resources();
  }
  return cluster;
}

/// Of agents of several sizes, in four zones, with the attributes that machines usually carry.
wire::scheduler::Event offers_of(std::int64_t agents) {
  wire::scheduler::Event event;
  event.set_type(wire::scheduler::Event::OFFERS);
  for (std::int64_t i = 0; i < agents; ++i) {
    auto& offer = *event.mutable_offers()->add_offers();
    const std::string number = std::to_string(i);
    offer.mutable_id()->set_value("4d1c5a8e-4a6f-4f5b-9d38-0a7f2d2b6c11-O" + number);
    offer.mutable_agent_id()->set_value("4d1c5a8e-4a6f-4f5b-9d38-0a7f2d2b6c11-S" + number);
    offer.mutable_framework_id()->set_value("4d1c5a8e-4a6f-4f5b-9d38-0a7f2d2b6c11-0000");
    offer.set_hostname("agent-" + number + ".example.org");
    offer.mutable_allocation_info()->set_role(kRole);
    auto& domain = *offer.mutable_domain()->mutable_fault_domain();
    domain.mutable_region()->set_name("north");
    domain.mutable_zone()->set_name("zone-" + std::to_string(i % 4));
    for (const auto& [name, value] : {std::pair("rack", i % 200), std::pair("kernel", i % 3)}) {
      auto& attribute = *offer.add_attributes();
      attribute.set_name(name);
      attribute.set_type(wire::Value::TEXT);
      attribute.mutable_text()->set_value(std::to_string(value));
    }
    const auto add = [&offer](wire::Resource resource) {
      resource.clear_allocation_info();
      *offer.add_resources() = std::move(resource);
    };
    add(mesos::scalar_resource("cpus", 4.0 + static_cast<double>(i % 29), kRole));
    add(mesos::scalar_resource("mem", 8192.0 + static_cast<double>(i % 31) * 1024.0, kRole));
    add(mesos::scalar_resource("disk", 1024.0 * 1024.0, kRole));
    add(mesos::port_resource(31000, 32000, kRole));
  }
  return event;
}

class Waiting {
 public:
  explicit Waiting(std::uint32_t mem_mib) {
    state::FleetState state;
    state.head.add_tenants()->set_name("shop");
    for (int i = 0; i < kClusters; ++i) {
      const std::string name = "c" + std::to_string(i);
      state.clusters.emplace(name, waiting(name, mem_mib));
    }
    loop::ControllerOptions options;
    options.settings.catalogue.artifacts["2.3.3"].uri = "file:///archive.tar.gz";
    controller_ =
        std::make_unique<loop::Controller>(std::move(options), std::move(state), log_, *writer_, published_, ports_);
    controller_->start(kBegin);
    settle();
    wire::scheduler::Event::Subscribed subscribed;
    subscribed.mutable_framework_id()->set_value("fw-1");
    controller_->mesos_subscribed(subscribed, false, kBegin);
    settle();
  }

  void pass(const wire::scheduler::Event& offers) {
    controller_->mesos_event(offers, kBegin);
    controller_->turn(kBegin);
  }

  void settle() {
    controller_->turn(kBegin);
    while (!ports_.posted.empty()) {
      ports_.run_posted();
      controller_->turn(kBegin);
    }
  }

  std::int64_t places() const {
    std::int64_t count = 0;
    for (const auto& [name, cluster] : controller_->state().clusters) {
      for (const auto& node : cluster.nodes()) count += node.has_place() ? 1 : 0;
    }
    return count;
  }

  void forget_calls() { ports_.calls.clear(); }

  bool has_offers() const { return !controller_->offers().empty(); }

 private:
  store::MemoryEventLog log_;
  std::unique_ptr<store::LogWriter> writer_ = store::make_immediate_writer(log_);
  loop::PublishedState published_;
  loop::FakePorts ports_;
  std::unique_ptr<loop::Controller> controller_;
};

/// Bytes that are allocated now.
std::size_t allocated() {
  std::uint64_t epoch = 1;
  std::size_t size = sizeof epoch;
  ESAAS_ASSERT(mallctl("epoch", &epoch, &size, &epoch, size) == 0, "statistics are refreshed");
  std::size_t bytes = 0;
  size = sizeof bytes;
  ESAAS_ASSERT(mallctl("stats.allocated", &bytes, &size, nullptr, 0) == 0, "the allocator has statistics");
  return bytes;
}

void run(benchmark::State& state, std::uint32_t mem_mib, std::int64_t expected) {
  const auto offers = offers_of(state.range(0));
  for (auto iteration : state) {
    (void)iteration;
    state.PauseTiming();
    auto fleet = std::make_unique<Waiting>(mem_mib);
    fleet->forget_calls();
    const auto before = static_cast<double>(allocated());
    state.ResumeTiming();
    fleet->pass(offers);
    state.PauseTiming();
    fleet->settle();
    fleet->forget_calls();  // they would have gone to the master
    const double kept = static_cast<double>(allocated()) - before;
    if (expected == 0) state.counters["kept_bytes_per_agent"] = kept / static_cast<double>(state.range(0));
    ESAAS_ASSERT(fleet->places() == expected, "as many nodes get a place as can");
    ESAAS_ASSERT(!fleet->has_offers(), "nothing is kept of an agent that was not needed");
    fleet.reset();
    state.ResumeTiming();
  }
  if (expected == 0) state.counters["kept_limit"] = kKeptLimit;
  state.counters["limit_ms"] = kLimitMsPerAgent * static_cast<double>(state.range(0));
}

void placed(benchmark::State& state) { run(state, 2048, kClusters * kNodes); }
void refused(benchmark::State& state) { run(state, 1U << 20U, 0); }

}  // namespace
}  // namespace esaas::bench

int main(int argc, char** argv) {
  using namespace esaas::bench;
  for (const std::int64_t agents : {size_of_run(10'000, 1'000), size_of_run(50'000, 1'500)}) {
    for (auto* one :
         {benchmark::RegisterBenchmark("placed", placed), benchmark::RegisterBenchmark("refused", refused)}) {
      one->Arg(agents)->Unit(benchmark::kMillisecond)->Iterations(static_cast<std::int64_t>(size_of_run(10, 1)));
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
