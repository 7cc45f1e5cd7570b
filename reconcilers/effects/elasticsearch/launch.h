#pragma once
// What an Elasticsearch node is started with. Pure text: the same input gives the same LaunchSpec,
// byte by byte, and the result is kept in the launch event, so that a later renderer never makes a
// running task look outdated.
//
// The command runs in the sandbox (/bin/sh -c) with the persistent volume at ./data; for a transient place ./data is a
// plain folder of the sandbox, and empty. It ends in `exec`, so that the task's process is the Java virtual machine
// itself and signals reach it.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/model/model.pb.h"
#include "reconcilers/effects/elasticsearch/catalogue.h"

namespace esaas::es {

/// One node, as the reconcilers know it.
struct LaunchInput {
  std::string cluster;
  std::string tenant;  ///< whose snapshot repositories the node may reach, and no other's
  std::string node;
  std::string version;
  bool master_eligible = false;
  bool holds_data = false;
  model::Resources resources;
  model::Place place;
  std::vector<std::string> seed_hosts;  ///< host:transport_port of every master-eligible node, also of those not up
  std::uint32_t minimum_master_nodes = 1;
  /// Every node of the cluster that has a place, and is more than a coordinating one, has a zone. While one does not,
  /// no master may be told to go by zones: it would let no shard stay on a node without one.
  bool zone_aware = false;
  /// The group's own, in the order of their keys; they win over ours.
  std::vector<model::Setting> settings;
  /// To be installed before the node starts. One that can not be is left out, and the node says so in its attribute
  /// `kPluginFailure`.
  std::vector<model::Plugin> plugins;
  /// From 7.x on: names of the nodes that elect the first master of a cluster that has never had one. Empty for every
  /// other launch; earlier versions do not look at it.
  std::vector<std::string> initial_master_nodes;
};

/// The node attribute by which a node says which plugin could not be installed, and why, in the tool's own words.
/// Absent when all were.
inline constexpr char kPluginFailure[] = "esaas_plugin_failure";

/// Half of the task's memory, at least 64 MiB and at the most 31 GiB (above that Java's pointers
/// grow and a larger heap holds less). The other half is for the file system cache and what Java
/// uses beside its heap.
std::uint32_t heap_mib(const model::Resources& resources);

/// Errors: kNotFound when the catalogue lacks the version; kUnsupportedVersion when no dialect
/// speaks it; kInvalidArgument when a plugin's name or address has characters that no tool should be given.
Result<model::LaunchSpec> render_launch(const LaunchInput& input, const Catalogue& catalogue);

}  // namespace esaas::es
