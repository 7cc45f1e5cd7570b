#pragma once
// What Kibana is started with. Pure text, kept in the launch event. Its place is a transient one: what it keeps, it
// keeps in an index of its cluster.

#include <string>

#include "core/base/result.h"
#include "core/model/model.pb.h"
#include "reconcilers/effects/kibana/catalogue.h"

namespace esaas::kibana {

struct LaunchInput {
  std::string version = {};                ///< empty: the default for the cluster's
  std::string cluster_version = {};        ///< of Elasticsearch
  std::string elasticsearch_address = {};  ///< host:port of a node; Kibana knows no second one
  std::string base_path = {};              ///< under which the proxies show it
  model::Resources resources = {};
  model::Place place = {};
};

/// The artifact that the version means; null when there is none.
const Artifact* choose(const Catalogue& catalogue, const std::string& version, const std::string& cluster_version);

/// kNotFound: the catalogue has no such version, or none for the cluster's; kConflict: the two do not work together.
Result<model::LaunchSpec> render_launch(const LaunchInput& input, const Catalogue& catalogue);

}  // namespace esaas::kibana
