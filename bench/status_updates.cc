// How fast the news of tasks is taken: N tasks of clusters of five nodes are told to run, in an order of their own.
//
//   logged/N/B       the events of the updates written in batches of B, with one sync each, by the log alone (RocksDB):
//                    what the disk and the log's encoding, hashes and index allow. Aim: 50,000 a second.
//   durable/N/B      the whole way there, on one thread: each update is found in the state and becomes an event, each
//                    changed cluster (nearly every update has one of its own) is reconciled and published as a
//                    snapshot, the batch is written as above, and only then the acknowledgements are built. Same aim.
//   acknowledged/N   N updates over a master's event stream, each acknowledged by a call of its own, through the real
//                    client and real sockets: the next call goes out when the last one was answered. The master is a
//                    few lines on a thread of its own (tests/reconcilers/mesos/fake_master.h). Aim: 10,000 a second.
//
// Each prints its aim beside its figure. The order is of a fixed seed.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "bench/converged_cluster.h"
#include "bench/smoke.h"
#include "core/base/assert.h"
#include "core/events/codec.h"
#include "core/model/ids.h"
#include "reconcilers/effects/mesos/calls.h"
#include "reconcilers/effects/mesos/client.h"
#include "reconcilers/loop/controller.h"
#include "reconcilers/loop/mesos_outcomes.h"
#include "store/log/rocksdb_event_log.h"
#include "tests/reconcilers/loop/fake_ports.h"
#include "tests/reconcilers/mesos/fake_master.h"
#include "tests/store/temp_directory.h"

namespace esaas::bench {
namespace {

namespace wire = mesos::wire;
using wire::scheduler::Call;
using wire::scheduler::Event;

constexpr std::uint32_t kNodes = 5;
constexpr double kDurableAim = 50'000;
constexpr double kAcknowledgedAim = 10'000;
const Time kBegin = from_us(1'475'000'000'000'000);

Event running(const std::string& task_id, const std::string& agent_id, std::size_t number) {
  Event event;
  event.set_type(Event::UPDATE);
  auto& status = *event.mutable_update()->mutable_status();
  status.mutable_task_id()->set_value(task_id);
  status.mutable_agent_id()->set_value(agent_id);
  status.set_state(wire::TASK_RUNNING);
  status.set_source(wire::TaskStatus::SOURCE_EXECUTOR);
  std::string uuid = std::to_string(number);
  uuid.resize(16, '-');
  status.set_uuid(uuid);
  return event;
}

/// Tasks that were launched and have not been heard of, and what is told of them.
class Launched {
 public:
  explicit Launched(std::size_t tasks) {
    state_.head.add_tenants()->set_name("shop");
    for (std::size_t i = 0; i < tasks / kNodes; ++i) {
      const std::string name = "c" + std::to_string(i);
      state::Cluster cluster = converged_cluster(name, kNodes);
      for (auto& node : *cluster.mutable_nodes()) {
        node.mutable_task()->set_state(model::TASK_STATE_STAGING);
        node.mutable_task()->set_joined(false);
        updates_.push_back(running(node.task().task_id(), node.task().agent_id(), updates_.size()));
      }
      state_.clusters.emplace(name, std::move(cluster));
    }
    std::shuffle(updates_.begin(), updates_.end(), std::mt19937_64(1));
  }
  state::FleetState take_state() { return std::move(state_); }
  const std::vector<Event>& updates() const { return updates_; }

 private:
  state::FleetState state_;
  std::vector<Event> updates_;
};

class Fleet {
 public:
  explicit Fleet(state::FleetState state) {
    auto log = store::open_rocksdb_log({.directory = directory_.path()});
    ESAAS_ASSERT(log.has_value(), log.error().detail);
    log_ = std::move(*log);
    writer_ = store::make_immediate_writer(*log_);
    loop::ControllerOptions options;
    options.settings.catalogue.artifacts["2.3.3"].uri = "file:///archive.tar.gz";
    controller_ =
        std::make_unique<loop::Controller>(std::move(options), std::move(state), *log_, *writer_, published_, ports_);
    controller_->start(kBegin);
    settle();
    Event::Subscribed subscribed;
    subscribed.mutable_framework_id()->set_value("fw-1");
    controller_->mesos_subscribed(subscribed, false, kBegin);
    settle();
    ports_.calls.clear();
  }

  void take(const Event& event) { controller_->mesos_event(event, kBegin); }
  void settle() {
    controller_->turn(kBegin);
    while (!ports_.posted.empty()) {
      ports_.run_posted();
      controller_->turn(kBegin);
    }
    ports_.observed.clear();
  }
  std::size_t take_acknowledgements() {
    const std::size_t count = ports_.calls_of(Call::ACKNOWLEDGE).size();
    ports_.calls.clear();
    return count;
  }
  std::uint64_t events() const { return log_->last_seq(); }

 private:
  store::testing::TempDirectory directory_;
  std::unique_ptr<store::EventLog> log_;
  std::unique_ptr<store::LogWriter> writer_;
  loop::PublishedState published_;
  loop::FakePorts ports_;
  std::unique_ptr<loop::Controller> controller_;
};

/// The updates as the events that the controller makes of them.
std::vector<event::Event> events_of(const std::vector<Event>& updates) {
  std::vector<event::Event> events;
  for (const Event& update : updates) {
    const auto& status = update.update().status();
    const auto id = model::parse_id(status.task_id().value());
    event::Event& event = events.emplace_back(loop::task_status_event(id->node, status));
    event.set_seq(events.size());
    event.set_time_at_us(to_us(kBegin));
    event.set_wall_at_us(to_us(kBegin));
    event.set_schema_version(event::kSchemaVersion);
    event.set_min_reader_version(event::kSchemaVersion);
    event.mutable_actor()->set_kind(event::ACTOR_KIND_MESOS);
    event.set_cluster(id->cluster);
    event.set_tenant("shop");
  }
  return events;
}

void logged(benchmark::State& state) {
  const auto batch = static_cast<std::size_t>(state.range(1));
  const auto events = events_of(Launched(static_cast<std::size_t>(state.range(0))).updates());
  for (auto iteration : state) {
    (void)iteration;
    state.PauseTiming();
    const store::testing::TempDirectory directory;
    auto log = store::open_rocksdb_log({.directory = directory.path()});
    ESAAS_ASSERT(log.has_value(), log.error().detail);
    state.ResumeTiming();
    for (std::size_t at = 0; at < events.size(); at += batch) {
      const auto begin = events.begin() + static_cast<std::ptrdiff_t>(at);
      const auto left = events.size() - at;
      const auto appended = (*log)->append({{begin, begin + static_cast<std::ptrdiff_t>(std::min(batch, left))}, {}});
      ESAAS_ASSERT(appended.has_value(), appended.error().detail);
    }
    state.PauseTiming();
    log->reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(events.size()) * state.iterations());
  state.counters["aim_per_second"] = kDurableAim;
}

void durable(benchmark::State& state) {
  const auto batch = static_cast<std::size_t>(state.range(1));
  std::size_t taken = 0;
  for (auto iteration : state) {
    (void)iteration;
    state.PauseTiming();
    Launched launched(static_cast<std::size_t>(state.range(0)));
    auto fleet = std::make_unique<Fleet>(launched.take_state());
    const std::uint64_t before = fleet->events();
    std::size_t acknowledged = 0;
    state.ResumeTiming();
    for (std::size_t at = 0; at < launched.updates().size(); at += batch) {
      const std::size_t end = std::min(at + batch, launched.updates().size());
      for (std::size_t i = at; i < end; ++i) fleet->take(launched.updates()[i]);
      fleet->settle();
      acknowledged += fleet->take_acknowledgements();
    }
    state.PauseTiming();
    ESAAS_ASSERT(acknowledged == launched.updates().size(), "each is acknowledged");
    ESAAS_ASSERT(fleet->events() >= before + launched.updates().size(), "each is an event");
    taken += launched.updates().size();
    fleet.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(taken));
  state.counters["aim_per_second"] = kDurableAim;
}

/// A master on a thread of its own.
class Master {
 public:
  Master() : master_(std::make_unique<mesos::testing::FakeMaster>(io_)), endpoint_(master_->endpoint()) {
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Master() {
    boost::asio::post(io_, [this] {
      master_->stop();
      guard_.reset();
    });
    thread_.join();
  }
  const mesos::Endpoint& endpoint() const { return endpoint_; }
  /// Answers the subscription, once it is there.
  void answer_subscription() {
    boost::asio::post(io_, [this] {
      if (!answered_ && master_->subscriptions() > 0) {
        master_->push_subscribed();
        answered_ = true;
      }
    });
  }
  void push(const std::vector<Event>& events) {
    boost::asio::post(io_, [this, events] {
      for (const Event& event : events) master_->push(event);
    });
  }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{io_.get_executor()};
  std::unique_ptr<mesos::testing::FakeMaster> master_;
  mesos::Endpoint endpoint_;
  bool answered_ = false;  // on the thread
  std::thread thread_;
};

/// Acknowledges what comes.
class Acknowledger : public mesos::Client::Handler {
 public:
  Acknowledger(boost::asio::io_context& io, const mesos::Endpoint& master, std::size_t calls_max)
      : client(io, {.masters = {master}, .calls_queued_max = calls_max}, *this) {}

  void subscribed(const Event::Subscribed&, bool confirmation_needed) override {
    if (confirmation_needed) client.confirm_framework_id_durable();
  }
  void event(const Event& event) override {
    client.send(*mesos::calls::acknowledge(event.update().status()), [this](const Call&, const Result<void>& result) {
      ESAAS_ASSERT(result.has_value(), result.error().detail);
      ++acknowledged;
    });
  }
  void event_skipped(const std::string& why) override { ESAAS_ASSERT(false, why); }
  void disconnected(const std::string& why) override { ESAAS_ASSERT(false, why); }
  void stopped(mesos::StopReason, const std::string& why) override { ESAAS_ASSERT(false, why); }
  void call_failed(const Call&, const Error& error) override { ESAAS_ASSERT(false, error.detail); }

  std::size_t acknowledged = 0;
  mesos::Client client;
};

void acknowledged(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::vector<Event> updates = Launched(count).updates();
  for (auto iteration : state) {
    (void)iteration;
    state.PauseTiming();
    auto master = std::make_unique<Master>();
    boost::asio::io_context io;
    auto ours = std::make_unique<Acknowledger>(io, master->endpoint(), count);
    mesos::wire::FrameworkInfo info;
    info.set_user("nobody");
    info.set_name("bench");
    ours->client.start(info);
    const auto run_until = [&io](const auto& done) {
      while (!done()) {
        io.restart();
        io.run_one_for(std::chrono::milliseconds(20));
      }
    };
    run_until([&] {
      master->answer_subscription();
      return ours->client.ready();
    });
    state.ResumeTiming();
    master->push(updates);
    run_until([&] { return ours->acknowledged == count; });
    state.PauseTiming();
    ours.reset();
    master.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(count) * state.iterations());
  state.counters["aim_per_second"] = kAcknowledgedAim;
}

}  // namespace
}  // namespace esaas::bench

int main(int argc, char** argv) {
  using namespace esaas::bench;
  const auto iterations = static_cast<std::int64_t>(size_of_run(3, 1));
  const auto fleet = static_cast<std::int64_t>(size_of_run(20'000, 1'000));
  const auto large = static_cast<std::int64_t>(size_of_run(100'000, 2'000));
  for (auto* one : {benchmark::RegisterBenchmark("logged", logged), benchmark::RegisterBenchmark("durable", durable)}) {
    one->Args({fleet, 256})->Args({fleet, 4'096})->Args({large, 4'096});
    one->Unit(benchmark::kMillisecond)->Iterations(iterations)->UseRealTime();
  }
  benchmark::RegisterBenchmark("acknowledged", acknowledged)
      ->Arg(static_cast<std::int64_t>(size_of_run(20'000, 500)))
      ->Unit(benchmark::kMillisecond)
      ->Iterations(iterations)
      ->UseRealTime();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
