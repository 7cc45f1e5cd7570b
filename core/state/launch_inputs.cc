#include "core/state/launch_inputs.h"

#include <algorithm>

#include "core/state/fleet_state.h"

namespace esaas::state {
namespace {

/// Without a copy: what is compared for every node in every pass.
struct Wanted {
  const std::string& version;
  const google::protobuf::RepeatedPtrField<model::Setting>& settings;
  const google::protobuf::RepeatedPtrField<model::Plugin>& plugins;
  std::uint64_t restart_seq;
};

Wanted wanted_of(const Cluster& cluster, const Node& node) {
  const auto& groups = cluster.spec().node_groups();
  const auto found = std::ranges::find(groups, node.group(), &model::NodeGroup::name);
  const bool is_known = found != groups.end();
  const model::NodeGroup& group = is_known ? *found : model::NodeGroup::default_instance();
  const auto index = static_cast<int>(found - groups.begin());
  const bool is_own = is_companion(group);
  const auto& nothing = model::ClusterSpec::default_instance();
  return {.version = is_own ? group.version() : cluster.spec().version(),
          .settings = group.settings(),
          .plugins = is_own ? nothing.plugins() : cluster.spec().plugins(),
          .restart_seq = is_known && index < cluster.restart_seqs_size() ? cluster.restart_seqs(index) : 0};
}

bool equal(const model::Setting& a, const model::Setting& b) { return a.key() == b.key() && a.value() == b.value(); }

bool equal(const model::Plugin& a, const model::Plugin& b) {
  return a.name() == b.name() && a.uri() == b.uri() && a.sha256() == b.sha256();
}

constexpr auto kEqual = [](const auto& a, const auto& b) { return equal(a, b); };

}  // namespace

model::LaunchInputs wanted_inputs(const Cluster& cluster, const Node& node) {
  const Wanted wanted = wanted_of(cluster, node);
  model::LaunchInputs inputs;
  inputs.set_version(wanted.version);
  *inputs.mutable_settings() = wanted.settings;
  *inputs.mutable_plugins() = wanted.plugins;
  inputs.set_restart_seq(wanted.restart_seq);
  return inputs;
}

bool runs_as_wanted(const Cluster& cluster, const Node& node) {
  if (!node.has_task() || !node.task().has_inputs()) return true;
  const Wanted wanted = wanted_of(cluster, node);
  const model::LaunchInputs& inputs = node.task().inputs();
  return inputs.version() == wanted.version && inputs.restart_seq() == wanted.restart_seq &&
         std::ranges::equal(inputs.settings(), wanted.settings, kEqual) &&
         std::ranges::equal(inputs.plugins(), wanted.plugins, kEqual);
}

void settle_inputs(Cluster& cluster) {
  for (Node& node : *cluster.mutable_nodes()) {
    if (node.has_task() && !node.task().has_inputs()) {
      *node.mutable_task()->mutable_inputs() = wanted_inputs(cluster, node);
    }
  }
}

void withdraw_restarts(Cluster& cluster, std::uint64_t since_seq) {
  for (Node& node : *cluster.mutable_nodes()) {
    if (!node.has_task() || !node.task().has_inputs()) continue;
    const std::uint64_t asked = wanted_of(cluster, node).restart_seq;
    if (asked > since_seq) node.mutable_task()->mutable_inputs()->set_restart_seq(asked);
  }
}

}  // namespace esaas::state
