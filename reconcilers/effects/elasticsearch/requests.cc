#include "reconcilers/effects/elasticsearch/requests.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace esaas::es {

std::string exclusions_body(const event::ExclusionsIntended& intent) {
  std::string names;
  for (const std::string& node : intent.nodes()) {
    if (!names.empty()) names += ',';
    names += node;
  }
  // 2.x can not remove a setting; the empty value excludes nobody in all versions.
  return boost::json::serialize(
      boost::json::value{{"transient", {{"cluster.routing.allocation.exclude._name", names}}}});
}

std::string minimum_master_nodes_body(const event::MinimumMasterNodesIntended& intent) {
  return boost::json::serialize(
      boost::json::value{{"persistent", {{"discovery.zen.minimum_master_nodes", intent.value()}}}});
}

}  // namespace esaas::es
