#pragma once
// What the answers of Elasticsearch (2.x to 7.x) mean. Pure: bodies in, values out. Strict about what
// decisions stand on (a missing or odd field there is an error, and the cluster counts as unknown),
// tolerant of fields that it does not know. Bytes from outside: nothing in here crashes on any
// input (tests/fuzz/fuzz_elasticsearch.cc).

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/model/model.pb.h"
#include "reconcilers/observation.h"

namespace esaas::es {

/// What is asked, in this order: a shard that is seen is at least as new as the health beside it.
inline constexpr std::string_view kHealthPath = "/_cluster/health?master_timeout=2s&timeout=2s";
inline constexpr std::string_view kStatePath =
    "/_cluster/state/master_node,nodes,routing_table,metadata,blocks?master_timeout=2s&filter_path="
    "cluster_name,master_node,blocks.global,nodes.*.name,"
    "routing_table.indices.*.shards.*.state,routing_table.indices.*.shards.*.primary,"
    "routing_table.indices.*.shards.*.node,routing_table.indices.*.shards.*.relocating_node,"
    "routing_table.indices.*.shards.*.shard,"
    "metadata.indices.*.state,metadata.indices.*.settings.index.number_of_shards,"
    "metadata.indices.*.settings.index.number_of_replicas,metadata.indices.*.settings.index.auto_expand_replicas,"
    "metadata.indices.*.settings.index.version.created,metadata.indices.*.settings.index.recovery.initial_shards,"
    "metadata.repositories.*.type,"
    "metadata.cluster_coordination.last_committed_config,metadata.cluster_coordination.voting_config_exclusions";
/// Without a master_timeout: 5.x takes none here, and 2.x does not heed it. Who has no master has said so before.
inline constexpr std::string_view kSettingsPath = "/_cluster/settings?flat_settings=true";
inline constexpr std::string_view kRootPath = "/";
inline constexpr std::string_view kPutSettingsPath = "/_cluster/settings?master_timeout=2s&timeout=2s";

/// The body of kHealthPath. `cluster` is the name that must have answered.
/// Errors of all: kDataLoss (no JSON, or a field is missing or of the wrong kind: the detail
/// names it), kNotFound (another cluster answered).
Result<model::Health> parse_health(std::string_view body, std::string_view cluster);

/// The body of kStatePath: master, nodes, shards, indices, votes and repositories. kUnavailable while the cluster
/// has no master or has not yet read its state from disk: then it shows no shards, which must not
/// be taken for "there are none".
Result<void> parse_cluster_state(std::string_view body, std::string_view cluster, reconcile::Observation& observation);

/// The body of kSettingsPath: all settings, and from among them what is excluded from allocation, what is allocated,
/// and minimum_master_nodes.
Result<void> parse_settings(std::string_view body, reconcile::Observation& observation);

/// The body of kRootPath: checks only whose node this is.
Result<void> check_cluster_name(std::string_view body, std::string_view cluster);

/// The reason in an answer of status 400 and above, for a person; the body's beginning when it is
/// not as expected.
std::string reason_of_error(std::string_view body);

}  // namespace esaas::es
