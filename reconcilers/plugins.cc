#include "reconcilers/plugins.h"

#include <algorithm>

#include "core/state/launch_inputs.h"
#include "reconcilers/effects/elasticsearch/launch.h"

namespace esaas::reconcile {
namespace {

using state::Node;
using Plugins = google::protobuf::RepeatedPtrField<model::Plugin>;

/// The operation is about the plugins of Elasticsearch.
bool changes_plugins(const model::Request& request) {
  return request.has_install_plugin() || request.has_remove_plugin();
}

const NodeInfo* info_of(const View& view, const Node& node) {
  const auto& infos = view.fresh()->node_infos;
  const auto found = std::ranges::find(infos, node.name(), &NodeInfo::name);
  return found == infos.end() ? nullptr : &*found;
}

/// Why the node has not what it was started for; nothing while it has, or has not told.
std::optional<std::string> failure_of(const View& view, const Node& node) {
  if (view.is_companion(node) || !is_joined(node) || !view.is_listed(node)) return std::nullopt;
  if (!node.task().has_inputs() || !state::runs_as_wanted(view.cluster(), node)) return std::nullopt;
  if (to_us(view.fresh()->observed_at) <= node.task().state_since_at_us()) return std::nullopt;
  const NodeInfo* info = info_of(view, node);
  if (info == nullptr) return std::nullopt;
  const auto words = info->attributes.find(es::kPluginFailure);
  if (words != info->attributes.end() && !words->second.empty()) return node.name() + ": " + words->second;
  for (const model::Plugin& plugin : node.task().inputs().plugins()) {
    if (std::ranges::find(info->plugins, plugin.name()) != info->plugins.end()) continue;
    return node.name() + " was started with plugin " + plugin.name() + " and does not have it.";
  }
  return std::nullopt;
}

/// An agent that could not bring all archives of a task says so once more when it tries anew: then it is no hiccup.
constexpr std::uint32_t kFetchesMax = 2;

/// Why the node can not even be started as it is wanted: an archive that is checked is fetched by its agent, which does
/// not start the task when it is not to be had. A plugin that was there before is not the cause.
std::optional<std::string> fetch_failure_of(const View& view, const Node& node) {
  if (view.is_companion(node) || node.task().state() != model::TASK_STATE_FAILED) return std::nullopt;
  if (node.failures() < kFetchesMax || !node.task().has_inputs()) return std::nullopt;
  if (!state::runs_as_wanted(view.cluster(), node)) return std::nullopt;
  const bool is_of_the_start = node.task().reason().find("CONTAINER_LAUNCH_FAILED") != std::string::npos ||
                               node.task().message().find("fetch") != std::string::npos;
  if (!is_of_the_start) return std::nullopt;
  const model::Plugin& plugin = view.input().operation->request().install_plugin().plugin();
  return node.name() + " could not be started with plugin " + plugin.name() + ", whose archive is " +
         (plugin.uri().empty() ? "the catalogue's" : plugin.uri()) + ": " +
         (node.task().message().empty() ? node.task().reason() : node.task().message()) + ".";
}

/// What every node had before: as the log has it, or else what one runs that was not restarted yet. When all were, the
/// plugin that was asked for is left out.
Plugins plugins_before(const View& view, const model::Request& request) {
  if (view.input().plugins_changed != nullptr) return view.input().plugins_changed->before();
  for (const Node& node : view.cluster().nodes()) {
    if (view.is_companion(node) || !node.task().has_inputs()) continue;
    if (!state::runs_as_wanted(view.cluster(), node)) return node.task().inputs().plugins();
  }
  Plugins before;
  for (const model::Plugin& plugin : view.cluster().spec().plugins()) {
    if (plugin.name() != request.install_plugin().plugin().name()) *before.Add() = plugin;
  }
  return before;
}

void take_back(const View& view, Draft& draft, const state::Operation& operation, const std::string& failure) {
  std::vector<event::Event> events(2);
  event::PluginsChanged& changed = *events.front().mutable_plugins_changed();
  *changed.mutable_before() = view.cluster().spec().plugins();
  *changed.mutable_after() = plugins_before(view, operation.request());
  changed.set_why(failure);
  event::OperationFinished& finished = *events.back().mutable_operation_finished();
  finished.set_id(operation.id());
  finished.set_status(model::OPERATION_STATUS_FAILED);
  finished.set_detail(failure + " The nodes get the plugins back that they had.");
  draft.act("take_plugins_back", std::move(events));
}

}  // namespace

bool plugins_are_there(const View& view) {
  if (view.fresh() == nullptr || !view.fresh()->asked.nodes) return false;
  return std::ranges::all_of(view.cluster().nodes(), [&](const Node& node) {
    return view.is_companion(node) || !is_joined(node) || (info_of(view, node) != nullptr && !failure_of(view, node));
  });
}

void reconcile_plugins(const View& view, Draft& draft) {
  const state::Operation* operation = view.input().operation;
  if (operation == nullptr || !changes_plugins(operation->request())) return;
  const bool is_told = view.fresh() != nullptr && view.fresh()->asked.nodes;
  for (const Node& node : view.cluster().nodes()) {
    auto failure = operation->request().has_install_plugin() ? fetch_failure_of(view, node) : std::nullopt;
    if (!failure && is_told) failure = failure_of(view, node);
    if (failure) return take_back(view, draft, *operation, *failure);
  }
}

}  // namespace esaas::reconcile
