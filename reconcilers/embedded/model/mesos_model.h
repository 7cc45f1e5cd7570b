#pragma once
// MesosModel: a master and its agents as one pure state machine: calls, reports of processes and time go in; events for
// the frameworks, commands for the runner and "this has to be persisted" come out. No clock, no I/O, no threads.
// Not thread-safe. The HTTP front and the runner drive it in the embedded Mesos; the simulation drives it directly.
//
// ## How to drive it
//     model.add_agent(spec, now);                        // once per agent, also after a restart
//     auto answer = model.subscribe(call, {}, now);      // answer.status == 200: answer.stream
//     model.call(call, stream, {}, now);                 // every other call
//     model.task_update(task, report, now);              // what became of a process
//     auto next = model.tick(now);                       // offers, heartbeats, repeats; call again by `next`
//     Outputs out = model.take_outputs();                // 1. persist state() if out.state_changed
//                                                        // 2. then send the events, then carry out the commands
// Nothing is sent or started before what it stands on is durable: that order is the caller's duty.
//
// ## What it answers
// What a real Mesos 1.11 answers, texts included, for the part of the API that it has. It differs on purpose in this:
// operations take effect at once (a real agent needs a moment), offers go round robin instead of by fair shares, there
// is no fetching of remote regions, no maintenance, and offer constraints are ignored. What an agent lends as revocable
// is a fixed amount, and it is taken back when preempt() says so: there is neither an estimator nor a QoS controller.
//
// ## Two views of a task
// An agent knows what its tasks do; the master knows what an agent that it can reach has told. While an agent is lost
// (agent_lost), reports about its tasks are kept and arrive when it is back.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "reconcilers/effects/mesos/wire/master.pb.h"
#include "reconcilers/effects/mesos/wire/scheduler.pb.h"
#include "reconcilers/embedded/model/embedded.pb.h"
#include "reconcilers/embedded/model/resources.h"

namespace esaas::embedded {

struct World;

/// The Mesos-Stream-Id of one subscription.
using StreamId = std::string;

struct ModelOptions {
  std::string master_id = "embedded";  ///< unique per installation: the prefix of every id
  std::string hostname = "127.0.0.1";  ///< of the front, told in MasterInfo
  std::uint32_t port = 5050;
  Duration allocation_interval = std::chrono::milliseconds(100);  ///< from freed resources to the next offers
  Duration heartbeat_interval = std::chrono::seconds(15);
  Duration agent_timeout = std::chrono::seconds(75);     ///< from agent_lost to TASK_UNREACHABLE
  Duration recovery_timeout = std::chrono::minutes(10);  ///< the same for agents not heard of since a restart
  Duration retry_min = std::chrono::seconds(10);         ///< first repeat of what is not acknowledged; doubles
  Duration retry_max = std::chrono::minutes(10);
  std::size_t frameworks_max = 100;     ///< known at once
  std::size_t tasks_max = 10'000;       ///< known at once, over all frameworks
  std::size_t operations_max = 10'000;  ///< not acknowledged, over all frameworks
};

/// A disk beside the root disk: it is offered with this source.
struct DiskSpec {
  wire::Resource::DiskInfo::Source source;
  std::int64_t mib = 0;
};

/// One "machine". Quantities in thousandths of a cpu and MiB.
struct AgentSpec {
  std::string name;      ///< stable over restarts: "agent-1"
  std::string hostname;  ///< the address that its tasks listen on: "127.0.0.11"
  std::map<std::string, std::string> attributes;
  std::string region;  ///< with `zone` its fault domain; both or neither
  std::string zone;
  std::vector<DiskSpec> disks;
  std::int64_t cpus_milli = 0;
  std::int64_t mem_mib = 0;
  std::int64_t disk_mib = 0;
  std::int64_t revocable_cpus_milli = 0;  ///< lent beside `cpus_milli`, to frameworks with REVOCABLE_RESOURCES only
  std::int64_t revocable_mem_mib = 0;
  std::uint32_t port_begin = 0;  ///< inclusive range; 0 and 0: no ports
  std::uint32_t port_end = 0;
  bool resizes_volumes = true;  ///< an agent may lack that capability
};

/// How a call was answered: 202 with no text when it was taken, else the status and sentence that a real master gives.
struct Answer {
  int status = 202;
  std::string text;
};

struct SubscribeAnswer {
  int status = 200;
  std::string text;
  StreamId stream;  ///< set when status is 200, even if all that follows is an ERROR event
};

struct TaskKey {
  std::string framework_id;
  std::string task_id;
  friend auto operator<=>(const TaskKey&, const TaskKey&) = default;
};

/// What the runner says about a process. States: STARTING, RUNNING, FINISHED, FAILED, KILLED, LOST, DROPPED, GONE.
struct TaskReport {
  wire::TaskState state = wire::TASK_RUNNING;
  std::string message;
  std::optional<wire::TaskStatus::Reason> reason;
  std::uint32_t pid = 0;  ///< 0: not known
};

/// Nothing of such a task will run again on its agent.
bool is_terminal(wire::TaskState state);

/// An event for one stream. After `last` the stream is over and the front closes it.
struct StreamEvent {
  StreamId stream;
  wire::scheduler::Event event;
  bool last = false;
};

struct LaunchCommand {
  TaskKey task;
  std::string agent_id;
  std::string agent_name;
  std::string hostname;
  std::string user;  ///< empty: the runner's choice
  wire::TaskInfo info;
};

/// Repeating it for a task that is being killed, or is over, does no harm.
struct KillCommand {
  TaskKey task;
  Duration grace;  ///< from the polite signal to SIGKILL
};

/// The volume is gone from the books: its directory may go.
struct DestroyVolumeCommand {
  std::string agent_name;
  std::string role;
  std::string volume_id;
};

struct Outputs {
  bool state_changed = false;  ///< persist state() before anything below is let out
  std::vector<StreamEvent> events;
  std::vector<StreamId> closed;  ///< streams that end without a further event
  std::vector<LaunchCommand> launches;
  std::vector<KillCommand> kills;
  std::vector<DestroyVolumeCommand> destroyed_volumes;
};

/// Where a resource of an agent is, for invariants: total = free + offered + used.
struct AgentView {
  std::string id;
  std::string name;
  std::string hostname;
  bool reachable = true;
  Resources total;  ///< reservations and volumes in it
  Resources offered;
  Resources used;  ///< by tasks whose process may be alive
};

struct OfferView {
  std::string id;
  std::string framework_id;
  std::string agent_id;
  std::string role;
  Resources resources;
};

struct TaskView {
  TaskKey key;
  std::string agent_id;
  wire::TaskState state = wire::TASK_STAGING;  ///< as the agent knows it
  std::size_t unacknowledged = 0;
  bool kill_requested = false;
  Resources resources;
};

class MesosModel {
 public:
  /// An empty cluster.
  explicit MesosModel(ModelOptions options);
  /// The cluster that `state` describes, as after a restart of everything but the processes: no stream is open, agents
  /// are recovering until add_agent names them again. Refuses another format and states that contradict themselves.
  static Result<MesosModel> restore(ModelOptions options, const State& state, Time now);
  MesosModel(MesosModel&&) noexcept;
  MesosModel& operator=(MesosModel&&) noexcept;
  ~MesosModel();

  /// Equal bytes (serialised deterministically) for equal histories. Never holds offers, filters or streams.
  [[nodiscard]] State state() const;

  /// Makes an agent, or finds the one of that name again (same id). Its unreserved resources become what `spec` says.
  /// kInvalidArgument: empty name or hostname, no resources. kConflict: what is reserved or in use does not fit into
  /// the new size.
  Result<std::string> add_agent(const AgentSpec& spec, Time now);

  // ---- The scheduler API ----

  /// `principal` is who the HTTP layer authenticated, if it asks for that.
  SubscribeAnswer subscribe(const wire::scheduler::Call& call, const std::optional<std::string>& principal, Time now);
  /// Any call but SUBSCRIBE; `stream` is the Mesos-Stream-Id that came with it.
  Answer call(const wire::scheduler::Call& call, const std::optional<StreamId>& stream,
              const std::optional<std::string>& principal, Time now);
  /// The connection of a stream ended. Unknown streams are ignored.
  void disconnect(const StreamId& stream, Time now);

  // ---- What happens on the agents ----

  /// Reports about unknown and ended tasks, and of states that do not come after the last one, are ignored.
  void task_update(const TaskKey& task, const TaskReport& report, Time now);
  /// The agent's QoS controller takes back what the task was lent: the process is killed without grace, and its end is
  /// told as TASK_GONE (TASK_LOST to a framework that is not partition aware) with REASON_CONTAINER_PREEMPTED. False:
  /// there is no such live task, or it uses nothing revocable.
  bool preempt(const TaskKey& task, Time now);
  /// The master cannot reach the agent any more; its processes go on. Unknown ids are ignored in all of these.
  void agent_lost(const std::string& agent_id, Time now);
  /// It can again: tasks and operations are reported as they are now.
  void agent_back(const std::string& agent_id, Time now);
  /// An operator says that it will never be back. Its processes get a kill, should they still be there. False: unknown.
  bool agent_gone(const std::string& agent_id, Time now);
  /// The machine lost its agent's identity (and its processes) and registers as a new agent, with what was reserved on
  /// it and its volumes as they were. The new id, or nothing when there is no such agent.
  std::optional<std::string> agent_renewed(const std::string& agent_id, Time now);
  /// The master is replaced: streams end, offers are forgotten, and every agent is recovering until agent_back.
  void master_failover(Time now);

  // ---- The operator API ----

  /// The message of the answer, or what is wrong (kInvalidArgument: 400, kNotFound: 404, kUnavailable: 501).
  /// Calls without an answer give an empty Response.
  Result<wire::master::Response> operate(const wire::master::Call& call, Time now);

  // ---- Time and outputs ----

  /// Does what is due. Returns when to be called again at the latest; none: not before something else happens.
  std::optional<Time> tick(Time now);
  /// Everything since the last time, in order.
  Outputs take_outputs();

  // ---- To look at ----

  [[nodiscard]] std::vector<AgentView> agents() const;
  [[nodiscard]] std::vector<OfferView> offers() const;
  [[nodiscard]] std::vector<TaskView> tasks() const;
  /// The command that starts this task, for a runner that finds nothing of it after a restart.
  [[nodiscard]] std::optional<LaunchCommand> launch_of(const TaskKey& task) const;
  [[nodiscard]] std::size_t open_streams() const;

 private:
  explicit MesosModel(std::unique_ptr<World> world);
  std::unique_ptr<World> world_;
};

}  // namespace esaas::embedded
