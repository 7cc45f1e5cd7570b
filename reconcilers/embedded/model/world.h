#pragma once
// World: the data of a MesosModel, and the few things that everything in this folder does with it. Only the files of
// this folder include it; each of them is one concern (frameworks, offers, accept, tasks, reconciliation, agents,
// operator).

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconcilers/embedded/model/mesos_model.h"

namespace esaas::embedded {

enum class AgentCondition : std::uint8_t {
  kRecovering,  ///< known from before, not heard of since the master started
  kRegistered,
  kDisconnected,  ///< lost, and not given up on yet
  kUnreachable,   ///< given up on
};

struct Agent {
  AgentRecord record;
  Resources total;  ///< record.total is written from it
  Resources offered;
  Resources used;
  AgentCondition condition = AgentCondition::kRegistered;
  Time unreachable_due;  ///< while kDisconnected or kRecovering

  [[nodiscard]] const std::string& id() const { return record.id(); }
  [[nodiscard]] bool registered() const { return condition == AgentCondition::kRegistered; }
  [[nodiscard]] Resources available() const;
};

struct Filter {
  Resources refused;
  Time until;
};

struct Framework {
  FrameworkRecord record;
  std::optional<StreamId> stream;
  Time heartbeat_due;
  std::set<std::string> suppressed;
  /// What was declined, by role and agent.
  std::map<std::pair<std::string, std::string>, std::vector<Filter>> filters;

  [[nodiscard]] const std::string& id() const { return record.info().id().value(); }
  [[nodiscard]] std::vector<std::string> roles() const;
  [[nodiscard]] bool can(wire::FrameworkInfo::Capability::Type capability) const;
};

struct Offer {
  std::string id;
  std::string framework_id;
  std::string agent_id;
  std::string role;
  Resources resources;
};

/// When something unacknowledged is sent again.
struct Retry {
  Time due;
  Duration interval{0};
};

struct Task {
  TaskRecord record;
  Resources resources;
  wire::TaskStatus master_view;  ///< what reconciliation answers while the agent is registered
  Retry retry;

  [[nodiscard]] TaskKey key() const { return {record.framework_id(), record.info().task_id().value()}; }
  [[nodiscard]] const std::string& agent_id() const { return record.info().agent_id().value(); }
};

struct Operation {
  OperationRecord record;
  Retry retry;
};

struct World {
  ModelOptions options;
  std::uint64_t incarnation = 1;
  std::uint64_t ids_made = 0;  ///< offers, streams, uuids of this incarnation
  std::uint64_t frameworks_made = 0;
  std::uint64_t agents_made = 0;
  std::map<std::string, Agent> agents;
  std::map<std::string, Framework> frameworks;
  std::map<std::string, Offer> offers;
  std::map<TaskKey, Task> tasks;
  std::map<std::pair<std::string, std::string>, Operation> operations;  ///< by framework and operation id
  std::deque<std::string> removed_frameworks;
  std::set<std::string> gone_agents;
  std::map<std::string, std::int64_t> replaced_agents;  ///< given up on before they came back as others: since when
  std::map<std::string, wire::quota::QuotaConfig> quotas;
  std::map<std::pair<std::string, std::string>, std::uint64_t> last_offered;  ///< by framework and role
  std::uint64_t offer_rounds = 0;
  std::optional<Time> allocation_due;
  Outputs outputs;

  /// Sixteen bytes that no other call gives.
  std::string new_uuid();
  /// The same in its usual text.
  std::string new_stream_id();
  std::string new_offer_id();

  Framework* framework_of(const StreamId& stream);
  /// To the framework's stream; a framework that is away misses it.
  void send(const Framework& framework, wire::scheduler::Event event, bool last = false);
  void changed() { outputs.state_changed = true; }
  /// Offers are made anew by then.
  void allocate_by(Time due);
  void end_offer(const std::string& offer_id, bool tell);
};

/// Seconds since the epoch, as statuses carry them.
double to_seconds(Time time);

/// As a wire message that only holds a value.
template <typename Id>
Id make_id(const std::string& value) {
  Id id;
  id.set_value(value);
  return id;
}

}  // namespace esaas::embedded
