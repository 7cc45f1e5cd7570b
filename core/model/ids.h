#pragma once
// How identifiers are made and read back. None is ever used twice: each carries the seq of the event that made it. What
// Mesos keeps for us carries besides which life of the controller made it, because a log that was restored from an
// older copy gives out the same seqs again, while what they stood for still runs.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.h"

namespace esaas::model {

/// "op-1234": the operation that the event with this seq requested.
std::string operation_id(std::uint64_t requested_seq);

/// The seq in an operation's id; nothing when it is no such id.
std::optional<std::uint64_t> requested_seq(std::string_view operation_id);

/// "data-0": a node's name within its cluster.
std::string node_name(std::string_view group, std::uint32_t ordinal);

/// Names one life of the controller by the moment of its start: its seconds in base 36, "t8xk2o".
std::string incarnation_of(Time start);

/// "search.data-0.task-1234.t8xk2o": unique among all tasks for ever (cluster, node, seq of TaskLaunchIntended, life of
/// the controller). With an empty incarnation, as before there were any, "search.data-0.task-1234"; so below.
std::string task_id(std::string_view cluster, std::string_view node, std::uint64_t seq,
                    std::string_view incarnation = {});

/// "search.data-0.volume-1234.t8xk2o": the persistence id, which names the place too.
std::string volume_id(std::string_view cluster, std::string_view node, std::uint64_t seq,
                      std::string_view incarnation = {});

/// "search.data-0.reserve-1234.t8xk2o": a Mesos operation id; `step` is reserve, create, grow, destroy or unreserve.
std::string mesos_operation_id(std::string_view cluster, std::string_view node, std::string_view step,
                               std::uint64_t seq, std::string_view incarnation = {});

/// What such an id says; nothing when it is not one of ours.
struct ParsedId {
  std::string cluster;
  std::string node;
  std::string kind;  // task, volume, reserve, ...
  std::uint64_t seq = 0;
  std::string incarnation = {};
};
std::optional<ParsedId> parse_id(std::string_view id);

/// The Mesos role of a tenant: "es-" and its name.
std::string role_of_tenant(std::string_view tenant);
/// The tenant of such a role; empty when it is none of ours.
std::string tenant_of_role(std::string_view role);

}  // namespace esaas::model
