#pragma once
// Builders of the scheduler calls and of the operations inside ACCEPT. They leave framework_id out:
// Client stamps it with the id of the subscription. Pure; any thread.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "reconcilers/effects/mesos/wire/scheduler.pb.h"

namespace esaas::mesos::calls {

using wire::scheduler::Call;

/// How long a declined offer's resources stay away from the role.
using Refusal = std::chrono::duration<double>;

/// What to ask about: the agent makes the answer exact (without it a task that the master forgot is
/// UNKNOWN, not GONE).
struct Subject {
  std::string id;        ///< a task id or an operation id
  std::string agent_id;  ///< empty when it is not known
  friend bool operator==(const Subject&, const Subject&) = default;
};

/// Uses offers (of one agent and one role) for `operations`, in order and not as a unit. What is
/// left over comes back after `refusal`; zero means with the next allocation.
Call accept(const std::vector<std::string>& offer_ids, std::vector<wire::Offer::Operation> operations, Refusal refusal);
Call decline(const std::vector<std::string>& offer_ids, Refusal refusal);
/// The answer holds for `refusal`; then the master asks again.
Call accept_inverse_offers(const std::vector<std::string>& inverse_offer_ids, Refusal refusal);
Call decline_inverse_offers(const std::vector<std::string>& inverse_offer_ids, Refusal refusal);

/// Clears the filters of these roles and asks for offers again; no roles means all.
Call revive(const std::vector<std::string>& roles);
/// No new offers for these roles; those that are out stay valid. No roles means all.
Call suppress(const std::vector<std::string>& roles);

/// Asks for an end with `grace` before SIGKILL. Unreliable: repeat until a terminal status comes.
Call kill(const std::string& task_id, const std::string& agent_id, std::chrono::nanoseconds grace);

/// The acknowledgement of an update; nullopt for one that must not be acknowledged (it has no uuid:
/// an answer to reconciliation, or made up by the master). Send it only when the update is durable
/// in our log.
std::optional<Call> acknowledge(const wire::TaskStatus& status);
/// The same for an operation; those without uuid, operation id or agent are not acknowledged.
std::optional<Call> acknowledge_operation(const wire::OperationStatus& status);

/// Explicit for the subjects; implicit (everything that the master knows) when there are none.
Call reconcile_tasks(const std::vector<Subject>& subjects);
Call reconcile_operations(const std::vector<Subject>& subjects);

/// Replaces the roles, the suppressed roles and what else may change of a FrameworkInfo.
Call update_framework(const wire::FrameworkInfo& info, const std::vector<std::string>& suppressed_roles);

/// The operations. `operation_id` asks for feedback and must be unique for ever; LAUNCH cannot have
/// one.
wire::Offer::Operation reserve(const std::string& operation_id, std::vector<wire::Resource> resources);
wire::Offer::Operation unreserve(const std::string& operation_id, std::vector<wire::Resource> resources);
wire::Offer::Operation create(const std::string& operation_id, std::vector<wire::Resource> volumes);
wire::Offer::Operation destroy(const std::string& operation_id, std::vector<wire::Resource> volumes);
wire::Offer::Operation launch(std::vector<wire::TaskInfo> tasks);
/// `addition` is reserved like the volume and has no persistence of its own.
wire::Offer::Operation grow_volume(const std::string& operation_id, wire::Resource volume, wire::Resource addition);

}  // namespace esaas::mesos::calls
