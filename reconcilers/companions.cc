#include "reconcilers/companions.h"

#include <algorithm>
#include <chrono>

#include "core/state/fleet_state.h"
#include "reconcilers/effects/haproxy/launch.h"
#include "reconcilers/effects/kibana/launch.h"
#include "reconcilers/held.h"
#include "reconcilers/servers.h"

namespace esaas::reconcile {
namespace {

using state::Node;

/// While nobody waits for them.
constexpr Duration kIdleInterval = std::chrono::seconds{10};
/// A first start bundles pages for a minute or several.
constexpr Duration kStartPatience = std::chrono::minutes{10};
constexpr std::string_view kCompanionSilent = "companion_does_not_answer";
constexpr std::string_view kWaitsForProxies = "waits_for_proxies";

bool runs(const Node& node) { return node.task().state() == model::TASK_STATE_RUNNING && !node.task().kill_intended(); }

bool is_kibana(const View& view, const Node& node) {
  const model::NodeGroup* group = state::find_group(view.cluster().spec(), node.group());
  return group != nullptr && state::is_kibana(*group);
}

std::string address_of(const model::Place& place) { return place.hostname() + ":" + std::to_string(place.http_port()); }

/// The member of Elasticsearch that Kibana is told of: a coordinating one rather than one that holds data, one that
/// stays rather than one that leaves. Null when there is none.
const Node* find_server(const View& view) {
  const Node* best = nullptr;
  const auto rank = [&](const Node& node) { return (node.removing() ? 2 : 0) + (view.holds_data(node) ? 1 : 0); };
  for (const Node& node : view.cluster().nodes()) {
    const bool is_master_alone = view.is_master_eligible(node) && !view.holds_data(node);
    if (view.is_companion(node) || is_master_alone || !is_joined(node)) continue;
    if (best == nullptr || rank(node) < rank(*best)) best = &node;
  }
  return best;
}

Result<model::LaunchSpec> render_proxy(const View& view, const Node& node, const model::Place& place) {
  haproxy::LaunchInput input;
  input.cluster = view.cluster().name();
  input.node = node.name();
  input.resources = node.resources();
  input.place = place;
  return haproxy::render_launch(input, view.settings().haproxy);
}

Result<model::LaunchSpec> render_kibana(const View& view, const Node& node, const model::LaunchInputs& inputs,
                                        const model::Place& place) {
  const Node* server = find_server(view);
  if (server == nullptr) return fail(ErrorCode::kUnavailable, "Kibana waits for a node of Elasticsearch that answers.");
  kibana::LaunchInput input;
  input.version = inputs.version();
  input.cluster_version = view.cluster().spec().version();
  input.elasticsearch_address = address_of(server->place());
  input.base_path = std::string(haproxy::kKibanaPath);
  input.resources = node.resources();
  input.place = place;
  return kibana::render_launch(input, view.settings().kibana);
}

/// When the companion last answered; nothing when it has not in its task's life.
std::optional<Time> answered_at(const View& view, const Node& node) {
  const ProxyObservations* seen = view.input().proxies;
  if (seen == nullptr) return std::nullopt;
  const auto found = seen->find(node.name());
  if (found == seen->end() || to_us(found->second.observed_at) <= node.task().launched_at_us()) return std::nullopt;
  return found->second.observed_at;
}

/// Kibana is being installed and answers; the operation lasts until it does so at the cluster's address.
bool waits_for_proxies(const View& view) {
  const state::Operation* operation = view.input().operation;
  if (operation == nullptr || !operation->request().has_install_kibana() || kibana_is_served(view)) return false;
  return std::ranges::any_of(view.cluster().nodes(),
                             [&](const Node& node) { return is_kibana(view, node) && is_joined(node); });
}

/// Somebody waits for what the companions say.
bool is_awaited(const View& view) {
  if (!servers_are_followed(view) || waits_for_proxies(view)) return true;
  return std::ranges::any_of(view.cluster().nodes(), [&](const Node& node) {
    const bool is_shielded = node.shielded_at_us() != 0 && may_run(node);
    return is_shielded || (view.is_companion(node) && runs(node) && !is_joined(node));
  });
}

/// A Kibana that runs and does not serve for so long may ask a node that is gone: nothing is lost with it.
void restart_silent(const View& view, Draft& draft, const Node& node) {
  if (!is_kibana(view, node) || !runs(node) || is_joined(node)) return;
  const Duration patience = kStartPatience;
  const Duration held = held_for(view, kCompanionSilent, node);
  if (held < patience) {
    return draft.hold(kCompanionSilent, node.name(),
                      {"It runs and does not serve yet; if that does not change it is started anew.", {}},
                      view.now() + patience - held);
  }
  event::Event event;
  event::TaskKillIntended& payload = *event.mutable_task_kill_intended();
  payload.set_node(node.name());
  payload.set_task_id(node.task().task_id());
  payload.set_why("It runs and does not serve; it may have been told of a node that is gone.");
  draft.act("restart_companion", std::move(event));
}

/// Without servers the intent only asks.
event::Event question() {
  event::Event event;
  event.mutable_servers_intended();
  return event;
}

}  // namespace

Result<model::LaunchSpec> render_companion(const View& view, const Node& node, const model::LaunchInputs& inputs,
                                           std::span<const PlannedPlace> planned) {
  const model::Place& place = *place_of(node, planned);
  return is_kibana(view, node) ? render_kibana(view, node, inputs, place) : render_proxy(view, node, place);
}

void reconcile_companions(const View& view, Draft& draft) {
  std::optional<Time> due;
  for (const Node& node : view.cluster().nodes()) {
    if (!view.is_companion(node)) continue;
    restart_silent(view, draft, node);
    if (!runs(node)) continue;
    const auto answered = answered_at(view, node);
    const Time asked_again = answered ? *answered + kIdleInterval : view.now();
    if (!due || asked_again < *due) due = asked_again;
  }
  if (waits_for_proxies(view)) {
    draft.hold(kWaitsForProxies, "",
               {"Kibana answers, and not every proxy that serves has looked and found it well yet.", {}},
               view.now() + view.settings().poll_interval);
  }
  if (!due) return;
  if (is_awaited(view) || *due <= view.now()) {
    draft.repeat(question());
    draft.check_soon();
  } else {
    draft.check_at(*due);
  }
}

}  // namespace esaas::reconcile
