#pragma once
// What is asked of a cluster only when somebody waits for it (reconcile::Questions), and what the answers mean. Pure.
// Errors are as in observation_parser.h: kDataLoss for an answer that can not be used, kNotFound when another cluster
// answered. Bytes from outside: nothing in here crashes on any input.

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "reconcilers/observation.h"

namespace esaas::es {

/// Versions, plugins and attributes of all nodes.
inline constexpr std::string_view kNodesPath =
    "/_nodes/plugins?timeout=2s&filter_path="
    "cluster_name,nodes.*.name,nodes.*.version,nodes.*.attributes,nodes.*.plugins.name";
/// How full their disks are.
inline constexpr std::string_view kDisksPath =
    "/_nodes/stats/fs?timeout=2s&filter_path="
    "cluster_name,nodes.*.name,nodes.*.fs.total.total_in_bytes,nodes.*.fs.total.available_in_bytes";
/// How many bytes each node keeps of each index.
inline constexpr std::string_view kStoresPath =
    "/_nodes/stats/indices/store?level=indices&timeout=2s&filter_path="
    "cluster_name,nodes.*.name,nodes.*.indices.indices.*.store.size_in_bytes";
/// Why some shard is not assigned, from 5.x on. Status 400: there is none that is not.
inline constexpr std::string_view kExplainPath = "/_cluster/allocation/explain";

/// One snapshot, or with an empty name all of the repository, also those that are being taken.
std::string snapshots_path(std::string_view repository, std::string_view snapshot);

/// The body of kNodesPath, sorted by name.
Result<std::vector<reconcile::NodeInfo>> parse_node_infos(std::string_view body, std::string_view cluster);

/// The body of kDisksPath, into the nodes that are in it. One without a disk, or whose disk could not be asked for,
/// stays at 0.
Result<void> parse_disks(std::string_view body, std::string_view cluster, std::vector<reconcile::NodeInfo>& nodes);

/// The body of kStoresPath, sorted by name. A node that could not be asked is not in it.
Result<std::vector<reconcile::NodeStore>> parse_stores(std::string_view body, std::string_view cluster);

/// The body of snapshots_path when the status was 200, in the order of the answer. kNotFound when there is no such
/// repository.
Result<std::vector<reconcile::SnapshotInfo>> parse_snapshots(std::string_view body, std::string_view repository);

/// Whether an answer of status 404 says that the repository is there and has no such snapshot.
bool says_snapshot_is_missing(std::string_view body);

/// The body of kExplainPath when the status was 200: one sentence, a few hundred bytes long at the most, in
/// Elasticsearch's own words as far as it has any.
Result<std::string> parse_explanation(std::string_view body);

}  // namespace esaas::es
