#include "core/commands/kibana_versions.h"

#include <algorithm>

#include "core/commands/checks.h"
#include "core/model/version.h"

namespace esaas::command {
namespace {

constexpr const char* kRule = "kibana_works_with_elasticsearch";

/// The one that is named, else the configuration's for this Elasticsearch; empty when there is none.
std::string chosen(const std::string& named, const std::string& elasticsearch, const Kibanas& kibanas) {
  if (!named.empty()) return kibanas.contains(named) ? named : std::string{};
  const auto found = std::ranges::find(kibanas, elasticsearch, &Kibanas::value_type::second);
  return found == kibanas.end() ? std::string{} : found->first;
}

std::string both(const std::string& kibana, const std::string& elasticsearch) {
  return "Kibana " + kibana + " does not work with Elasticsearch " + elasticsearch;
}

/// Of Elasticsearch, once what is under way or waits is done.
std::string version_ahead(const state::FleetState& state, const state::Cluster& cluster) {
  std::string version = cluster.spec().version();
  const auto follow = [&](const std::string& id) {
    const state::Operation* operation = state.find_operation(id);
    if (operation != nullptr && operation->request().has_upgrade()) version = operation->request().upgrade().version();
  };
  follow(cluster.active_operation());
  for (const std::string& id : cluster.queued_operations()) follow(id);
  return version;
}

/// Null when the cluster has no Kibana.
const model::NodeGroup* find_kibana(const state::Cluster& cluster) {
  const auto& groups = cluster.spec().node_groups();
  const auto found = std::ranges::find_if(
      groups, [](const model::NodeGroup& group) { return state::is_kibana(group) && group.count() != 0; });
  return found == groups.end() ? nullptr : &*found;
}

Result<void> check_install(const std::string& named, const std::string& elasticsearch, const Kibanas& kibanas) {
  const std::string kibana = chosen(named, elasticsearch, kibanas);
  if (kibana.empty()) {
    return refuse("version",
                  named.empty() ? "the configuration names no Kibana for Elasticsearch " + elasticsearch
                                : "the configuration names no Kibana " + named,
                  "version_in_catalogue");
  }
  if (model::kibana_works_with(kibana, elasticsearch)) return {};
  return refuse("version",
                both(kibana, elasticsearch) + ": it wants the same major version, and no older minor version", kRule);
}

}  // namespace

Result<void> check_kibana(const state::FleetState& state, const state::Cluster& cluster, const model::Request& request,
                          const Context& context) {
  if (context.kibanas == nullptr) return {};
  if (request.has_install_kibana()) {
    return check_install(request.install_kibana().version(), version_ahead(state, cluster), *context.kibanas);
  }
  const model::NodeGroup* group = find_kibana(cluster);
  if (!request.has_upgrade() || group == nullptr) return {};
  // What runs is not started anew by an upgrade.
  const std::string kibana = chosen(group->version(), cluster.spec().version(), *context.kibanas);
  if (!kibana.empty() && model::kibana_works_with(kibana, request.upgrade().version())) return {};
  const std::string why = kibana.empty() ? "which version of Kibana the cluster has, the configuration does not say"
                                         : both(kibana, request.upgrade().version());
  return fail(ErrorCode::kConflict, why + ": remove it first, and install another afterwards", "version", kRule);
}

}  // namespace esaas::command
