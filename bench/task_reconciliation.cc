// How long it takes to be sure of every task after a new subscription, for instance when the master has failed over.
//
//   explicit/N   N running tasks in clusters of five nodes: the subscription begins, the RECONCILE calls for all of
//   them
//                are built and encoded, and the N answers are taken from the bytes of the event stream: split into
//                records, decoded, compared with the state. It ends when the implicit question is sent, which follows
//                the last answer.
//
// One thread, the whole controller with ports that do nothing, a log in memory: the scheduler's side without its
// sockets and without the master. Limit, beside the figure: 5 s for 100,000 tasks.

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "bench/converged_cluster.h"
#include "bench/smoke.h"
#include "core/base/assert.h"
#include "reconcilers/effects/mesos/recordio.h"
#include "reconcilers/loop/controller.h"
#include "store/log/memory_event_log.h"
#include "tests/reconcilers/loop/fake_ports.h"

namespace esaas::bench {
namespace {

namespace wire = mesos::wire;
using wire::scheduler::Call;
using wire::scheduler::Event;

constexpr std::uint32_t kNodes = 5;
constexpr double kLimitMsPerTask = 0.05;
constexpr std::size_t kChunk = 65'536;  // what one read of a socket brings at most
const Time kBegin = from_us(1'475'000'000'000'000);

class Fleet {
 public:
  explicit Fleet(std::int64_t tasks) {
    state::FleetState state;
    state.head.add_tenants()->set_name("shop");
    for (std::int64_t i = 0; i < tasks / kNodes; ++i) {
      const std::string name = "c" + std::to_string(i);
      state.clusters.emplace(name, converged_cluster(name, kNodes));
    }
    loop::ControllerOptions options;
    options.settings.catalogue.artifacts["2.3.3"].uri = "file:///archive.tar.gz";
    controller_ =
        std::make_unique<loop::Controller>(std::move(options), std::move(state), log_, *writer_, published_, ports_);
    controller_->start(kBegin);
    turn();
    ports_.calls.clear();
    before_ = log_.last_seq();
  }

  void subscribe() {
    Event::Subscribed subscribed;
    subscribed.mutable_framework_id()->set_value("fw-1");
    controller_->mesos_subscribed(subscribed, false, kBegin);
    turn();
  }
  void take(const Event& event) { controller_->mesos_event(event, kBegin); }
  void turn() {
    controller_->turn(kBegin);
    while (!ports_.posted.empty()) {
      ports_.run_posted();
      controller_->turn(kBegin);
    }
  }
  /// The questions that were asked since the last time.
  std::vector<Call> take_questions() {
    auto questions = ports_.calls_of(Call::RECONCILE);
    ports_.calls.clear();
    return questions;
  }
  /// Events that were logged of this: the framework's id, and what the answers said that was new.
  std::uint64_t new_events() const { return log_.last_seq() - before_; }

 private:
  store::MemoryEventLog log_;
  std::unique_ptr<store::LogWriter> writer_ = store::make_immediate_writer(log_);
  loop::PublishedState published_;
  loop::FakePorts ports_;
  std::unique_ptr<loop::Controller> controller_;
  std::uint64_t before_ = 0;
};

/// What a master sends back: for each task its latest state, which is what we know already.
std::string answers_to(const std::vector<Call>& questions) {
  std::string stream;
  for (const Call& question : questions) {
    for (const auto& task : question.reconcile().tasks()) {
      Event event;
      event.set_type(Event::UPDATE);
      auto& status = *event.mutable_update()->mutable_status();
      *status.mutable_task_id() = task.task_id();
      *status.mutable_agent_id() = task.agent_id();
      status.set_state(wire::TASK_RUNNING);
      status.set_source(wire::TaskStatus::SOURCE_MASTER);
      status.set_reason(wire::TaskStatus::REASON_RECONCILIATION);
      status.set_message("Reconciliation: Latest task state");
      const std::string bytes = event.SerializeAsString();
      stream += std::to_string(bytes.size()) + "\n" + bytes;
    }
  }
  return stream;
}

void take_stream(Fleet& fleet, std::string_view stream) {
  mesos::RecordDecoder decoder;
  for (std::size_t at = 0; at < stream.size(); at += kChunk) {
    decoder.feed(stream.substr(at, kChunk));
    while (true) {
      const auto record = decoder.next();
      ESAAS_ASSERT(record.has_value(), "the stream is whole");
      if (!*record) break;
      Event event;
      ESAAS_ASSERT(event.ParseFromString(**record), "an event");
      fleet.take(event);
    }
    fleet.turn();
  }
}

void explicit_reconciliation(benchmark::State& state) {
  const std::int64_t tasks = state.range(0);
  std::int64_t bytes_asked = 0;
  for (auto iteration : state) {
    (void)iteration;
    state.PauseTiming();
    auto fleet = std::make_unique<Fleet>(tasks);
    state.ResumeTiming();
    fleet->subscribe();
    const auto questions = fleet->take_questions();
    std::int64_t asked = 0;
    bytes_asked = 0;
    for (const Call& question : questions) {
      asked += question.reconcile().tasks_size();
      bytes_asked += static_cast<std::int64_t>(question.SerializeAsString().size());
    }
    ESAAS_ASSERT(asked == tasks, "every task is asked about");
    state.PauseTiming();
    const std::string stream = answers_to(questions);
    const std::uint64_t before = fleet->new_events();
    state.ResumeTiming();
    take_stream(*fleet, stream);
    const auto last = fleet->take_questions();
    ESAAS_ASSERT(last.size() == 1 && last[0].reconcile().tasks().empty(), "the implicit question follows");
    ESAAS_ASSERT(fleet->new_events() == before, "what is known is not logged again");
    state.PauseTiming();
    fleet.reset();
    state.ResumeTiming();
  }
  state.counters["limit_ms"] = kLimitMsPerTask * static_cast<double>(tasks);
  state.counters["bytes_asked"] = static_cast<double>(bytes_asked);
}

}  // namespace
}  // namespace esaas::bench

int main(int argc, char** argv) {
  using namespace esaas::bench;
  benchmark::RegisterBenchmark("explicit", explicit_reconciliation)
      ->Arg(static_cast<std::int64_t>(size_of_run(100'000, 1'000)))
      ->Unit(benchmark::kMillisecond)
      ->Iterations(static_cast<std::int64_t>(size_of_run(3, 1)));
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
