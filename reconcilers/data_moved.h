#pragma once
// How much data a change moves from node to node before anybody asks for it: for the dry run. Pure.
//
//   scale in            all that the nodes keep that will leave (node_set.h says which)
//   replacement         all that a node keeps whose new size needs another place; nothing where it can grow (growth.h).
//                       Whether its agent has room for that is known only when the agent offers it: hence two figures
//   scale out           an estimate: Elasticsearch balances numbers of shards, so each data node comes to hold an equal
//                       share of all, and the new ones are sent theirs
//   replicas            an estimate: each copy that is added or dropped is as large as those of its index are on
//   average restarts of any kind, suspend, resume
//                       nothing: each node comes back with its own volume
//   delete              nothing, and all is dropped

#include <cstdint>
#include <optional>
#include <string>

#include "core/model/model.pb.h"
#include "core/state/state.pb.h"
#include "reconcilers/observation.h"

namespace esaas::reconcile {

/// Bytes on disk, of open indices.
struct DataMoved {
  std::uint64_t least = 0;  ///< moves for sure, as far as is known now
  std::uint64_t most = 0;
  std::uint64_t dropped = 0;  ///< copies that are deleted
  bool estimated = false;     ///< by the rule that `how` tells
  std::string how;            ///< a sentence: by which rule the figures were found
  std::string unknown;        ///< not empty: the figures are not known, and why
};

/// The figures of this change need what each node keeps (Questions::stores).
bool moves_what_nodes_keep(const model::Request& request);

/// Nothing for a change that is none of data. `seen` is null when Elasticsearch did not answer, and `why_unseen` a
/// sentence's end that says so ("no node of cluster search answers"). Nothing is checked: what would be refused has
/// figures all the same.
std::optional<DataMoved> data_moved(const state::Cluster& cluster, const model::Request& request,
                                    const Observation* seen, const std::string& why_unseen);

/// One sentence for a person, sizes with their units.
std::string sentence_of(const DataMoved& moved);

/// "0 bytes", "512 bytes", "1.5 GiB": rounded to a tenth.
std::string bytes_text(std::uint64_t bytes);

}  // namespace esaas::reconcile
