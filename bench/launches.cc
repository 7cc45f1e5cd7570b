// How many nodes a second are launched, below an embedded Mesos.
//
//   launched/N   N nodes in clusters of five are asked for by commands: places are chosen from the offers, intents
//   become
//                durable (RocksDB, one sync a part), RESERVE, CREATE and LAUNCH go to the master, and what it says of
//                them comes back and is durable, until each task runs
//
// That is our half of the path and nothing else: the embedded master is the pure model in this process, without HTTP,
// its agents start no process, and Elasticsearch's own start is not in it. What a real agent needs for a task (a
// sandbox, the archive, a fork) comes on top. The time of the model is in the figure; `controller_share` is what is
// ours of it. Aim, beside the figure: 500 launches a second, so that a fleet of thousands of nodes is up within seconds
// of ours.

#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <string>

#include "bench/smoke.h"
#include "core/base/assert.h"
#include "reconcilers/embedded/model/mesos_model.h"
#include "reconcilers/loop/controller.h"
#include "store/log/rocksdb_event_log.h"
#include "tests/reconcilers/loop/fake_ports.h"
#include "tests/store/temp_directory.h"

namespace esaas::bench {
namespace {

namespace wire = mesos::wire;
using wire::scheduler::Call;
using wire::scheduler::Event;
using Clock = std::chrono::steady_clock;

constexpr int kNodes = 5;
constexpr double kAim = 500;
constexpr int kNodesPerAgent = 4;
constexpr std::chrono::milliseconds kStep{50};
constexpr int kStepsMax = 20'000;

loop::Submission by_admin(command::Command command) {
  loop::Submission submission;
  submission.command = std::move(command);
  submission.caller = {.token_id = "root", .tenant = "", .role = model::TOKEN_ROLE_ADMIN, .address = "127.0.0.1"};
  return submission;
}

loop::Submission create(const std::string& name) {
  command::SubmitOperation operation;
  operation.cluster = name;
  auto& request = *operation.request.mutable_create();
  request.set_name(name);
  request.set_tenant("shop");
  request.mutable_spec()->set_version("2.3.3");
  auto& group = *request.mutable_spec()->add_node_groups();
  group.set_name("data");
  group.add_roles(model::NODE_ROLE_MASTER);
  group.add_roles(model::NODE_ROLE_DATA);
  group.set_count(kNodes);
  group.mutable_resources()->set_cpus_milli(1000);
  group.mutable_resources()->set_mem_mib(1024);
  group.mutable_resources()->set_disk_mib(1024);
  return by_admin(std::move(operation));
}

embedded::AgentSpec agent(int number) {
  embedded::AgentSpec spec;
  spec.name = "agent-" + std::to_string(number);
  spec.hostname = "10.1." + std::to_string(number / 250) + "." + std::to_string(number % 250 + 1);
  spec.cpus_milli = 1000 * kNodesPerAgent;
  spec.mem_mib = 1024 * kNodesPerAgent;
  spec.disk_mib = 1024 * kNodesPerAgent;
  spec.port_begin = 31000;
  spec.port_end = 31099;
  return spec;
}

class Fleet {
 public:
  explicit Fleet(std::int64_t nodes) : model_(model_options(nodes)) {
    for (int i = 0; i < nodes / kNodesPerAgent + kNodes; ++i) {
      ESAAS_ASSERT(model_.add_agent(agent(i), now_).has_value(), "an agent that the model refuses");
    }
    auto log = store::open_rocksdb_log({.directory = directory_.path()});
    ESAAS_ASSERT(log.has_value(), log.error().detail);
    log_ = std::move(*log);
    writer_ = store::make_immediate_writer(*log_);
    loop::ControllerOptions options;
    options.settings.catalogue.artifacts["2.3.3"].uri = "file:///archive.tar.gz";
    controller_ = std::make_unique<loop::Controller>(std::move(options), state::FleetState(), *log_, *writer_,
                                                     published_, ports_);
    controller_->start(now_);
    settle();
    submit({by_admin(command::CreateTenant{"shop"})});
    subscribe();
  }

  /// Asks for the clusters, and lets time pass until `nodes` tasks run.
  void launch(std::int64_t nodes) {
    std::vector<loop::Submission> clusters;
    for (std::int64_t i = 0; i < nodes / kNodes; ++i) clusters.push_back(create("c" + std::to_string(i)));
    submit(std::move(clusters));
    for (int step = 0; running_ < nodes; ++step) {
      ESAAS_ASSERT(step < kStepsMax, "some nodes are never launched");
      now_ += kStep;
      talk();
    }
  }
  [[nodiscard]] double controller_share() const { return controller_time_ / (controller_time_ + model_time_); }

 private:
  static embedded::ModelOptions model_options(std::int64_t nodes) {
    embedded::ModelOptions options;
    options.tasks_max = static_cast<std::size_t>(nodes) * 2;
    options.operations_max = static_cast<std::size_t>(nodes) * 4;
    return options;
  }

  void submit(std::vector<loop::Submission> submissions) {
    controller_->submit(
        std::move(submissions),
        [](const auto& answers) {
          for (const auto& answer : answers) ESAAS_ASSERT(answer.has_value(), answer.error().detail);
        },
        now_);
    settle();
  }

  void subscribe() {
    Call call;
    call.set_type(Call::SUBSCRIBE);
    auto& info = *call.mutable_subscribe()->mutable_framework_info();
    info.set_user("nobody");
    info.set_name("esaas");
    info.set_principal("esaas");
    info.set_checkpoint(true);
    info.set_failover_timeout(3600);
    info.add_roles("es-shop");
    using Capability = wire::FrameworkInfo::Capability;
    for (const auto type : {Capability::MULTI_ROLE, Capability::RESERVATION_REFINEMENT, Capability::PARTITION_AWARE,
                            Capability::TASK_KILLING_STATE}) {
      info.add_capabilities()->set_type(type);
    }
    const embedded::SubscribeAnswer answer = model_.subscribe(call, {}, now_);
    ESAAS_ASSERT(answer.status == 200, answer.text);
    stream_ = answer.stream;
    talk();
  }

  /// The controller until it has nothing more to say.
  void settle() {
    const auto begin = Clock::now();
    controller_->turn(now_);
    while (!ports_.posted.empty()) {
      ports_.run_posted();
      controller_->turn(now_);
    }
    ports_.observed.clear();
    controller_time_ += std::chrono::duration<double>(Clock::now() - begin).count();
  }

  /// One round: our calls to the master, what it says to us.
  void talk() {
    settle();
    const auto begin = Clock::now();
    for (Call& call : ports_.calls) {
      call.mutable_framework_id()->set_value(framework_id_);
      const embedded::Answer answer = model_.call(call, stream_, {}, now_);
      ESAAS_ASSERT(answer.status == 202, answer.text);
    }
    ports_.calls.clear();
    model_.tick(now_);
    embedded::Outputs outputs = model_.take_outputs();
    for (const auto& launch : outputs.launches) {
      model_.task_update(launch.task, {wire::TASK_STARTING, {}, {}, 0}, now_);
      model_.task_update(launch.task, {wire::TASK_RUNNING, {}, {}, 4711}, now_);
    }
    model_time_ += std::chrono::duration<double>(Clock::now() - begin).count();
    for (const auto& each : outputs.events) give(each.event);
    settle();
  }

  void give(const Event& event) {
    const auto begin = Clock::now();
    if (event.type() == Event::SUBSCRIBED) {
      framework_id_ = event.subscribed().framework_id().value();
      controller_->mesos_subscribed(event.subscribed(), true, now_);
    } else if (event.type() != Event::HEARTBEAT) {
      controller_->mesos_event(event, now_);
    }
    if (event.update().status().state() == wire::TASK_RUNNING && event.type() == Event::UPDATE) ++running_;
    controller_time_ += std::chrono::duration<double>(Clock::now() - begin).count();
  }

  Time now_ = from_us(1'475'000'000'000'000);
  embedded::MesosModel model_;
  embedded::StreamId stream_;
  std::string framework_id_;
  store::testing::TempDirectory directory_;
  std::unique_ptr<store::EventLog> log_;
  std::unique_ptr<store::LogWriter> writer_;
  loop::PublishedState published_;
  loop::FakePorts ports_;
  std::unique_ptr<loop::Controller> controller_;
  std::int64_t running_ = 0;
  double controller_time_ = 0;
  double model_time_ = 0;
};

void launched(benchmark::State& state) {
  const std::int64_t nodes = state.range(0);
  double share = 0;
  for (auto iteration : state) {
    (void)iteration;
    state.PauseTiming();
    auto fleet = std::make_unique<Fleet>(nodes);
    state.ResumeTiming();
    fleet->launch(nodes);
    state.PauseTiming();
    share = fleet->controller_share();
    fleet.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(nodes * state.iterations());
  state.counters["aim_per_second"] = kAim;
  state.counters["controller_share"] = share;
}

}  // namespace
}  // namespace esaas::bench

int main(int argc, char** argv) {
  using namespace esaas::bench;
  benchmark::RegisterBenchmark("launched", launched)
      ->Arg(static_cast<std::int64_t>(size_of_run(2'000, 50)))
      ->Unit(benchmark::kMillisecond)
      ->Iterations(static_cast<std::int64_t>(size_of_run(3, 1)))
      ->UseRealTime();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
