// How operations that run beside others begin: those that only ask something of Elasticsearch, and policies.

#include "core/commands/begin.h"
#include "core/commands/checks.h"

namespace esaas::command {

Result<Events> begin_asking(const state::Cluster& cluster, const std::string& id) {
  ESAAS_CHECK(must_run(cluster));
  return Events{started(id)};
}

/// Without a replica the loss of one node loses data, so it is asked for by name.
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::SetReplicas& request) {
  if (request.replicas() < 1) {
    ESAAS_CHECK(validate_confirm(request.confirm(), cluster.name(),
                                 "without a replica the loss of one node loses the data that it holds"));
  }
  return begin_asking(cluster, id);
}

Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::SetPolicies& request) {
  const model::Policies& before = cluster.spec().policies();
  if (cluster.spec().has_policies() == request.has_policies() &&
      before.SerializeAsString() == request.policies().SerializeAsString()) {
    return refuse("policies", "cluster " + cluster.name() + " has these already", "changes_something");
  }
  event::Event event;
  auto& payload = *event.mutable_policies_changed();
  if (cluster.spec().has_policies()) *payload.mutable_before() = before;
  if (request.has_policies()) *payload.mutable_after() = request.policies();
  return Events{started(id), std::move(event)};
}

}  // namespace esaas::command
