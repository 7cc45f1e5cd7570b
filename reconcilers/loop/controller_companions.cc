// Proxies and Kibana: what they are told and asked, and what their answers become.

#include <algorithm>
#include <utility>

#include "reconcilers/loop/controller.h"

namespace esaas::loop {
namespace {

/// A companion that does not answer so often in a row has left.
constexpr std::uint32_t kSilencesMax = 3;

std::string key_of(const std::string& cluster, const std::string& node) { return cluster + "/" + node; }

CompanionAddress companion_at(const state::Cluster& cluster, const state::Node& node, std::uint32_t port) {
  return {.cluster = cluster.name(),
          .node = node.name(),
          .task_id = node.task().task_id(),
          .host = node.place().hostname(),
          .port = port};
}

}  // namespace

/// Each proxy that does not follow these servers yet is told; with no server all companions are only asked.
void Controller::perform_servers(const state::Cluster& cluster, const event::Event& intent) {
  const bool only_asks = intent.servers_intended().servers().empty();
  event::Event question;
  *question.mutable_servers_intended()->mutable_servers() = cluster.servers();
  for (const state::Node& node : cluster.nodes()) {
    const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
    if (group == nullptr || node.task().state() != model::TASK_STATE_RUNNING) continue;
    if (state::is_kibana(*group) && only_asks) {
      companions_[key_of(cluster.name(), node.name())].asked_task = node.task().task_id();
      ports_.kibana_ask(companion_at(cluster, node, node.place().http_port()));
    }
    if (!state::is_proxy(*group)) continue;
    // One that was started anew has forgotten what it followed.
    const bool follows = node.task().joined() && node.servers_applied_seq() >= intent.seq();
    if (!only_asks && follows) continue;
    companions_[key_of(cluster.name(), node.name())].asked_task = node.task().task_id();
    // A proxy's second port is its control port: Elasticsearch's is the transport's.
    ports_.proxy_follow(companion_at(cluster, node, node.place().transport_port()), cluster.spec().access(),
                        only_asks ? question : intent);
  }
}

void Controller::proxy_answered(const std::string& cluster_name, const std::string& node_name,
                                std::uint64_t servers_seq, const Result<ProxyAnswer>& answer, Time now) {
  const state::Node* node = answering_companion(cluster_name, node_name, answer ? nullptr : &answer.error(), now);
  if (node == nullptr) return;
  proxies_[cluster_name].insert_or_assign(node_name, reconcile::ProxyObservation{now, answer->sessions, answer->up});
  std::vector<event::Event> events;
  if (servers_seq > node->servers_applied_seq()) {
    event::ServersApplied& payload = *events.emplace_back().mutable_servers_applied();
    payload.set_node(node_name);
    payload.set_servers_seq(servers_seq);
  }
  // One that only answers may be told nothing yet, and serve nobody.
  if (servers_seq != 0 && !node->task().joined()) {
    event::NodeJoined& payload = *events.emplace_back().mutable_node_joined();
    payload.set_node(node_name);
    payload.set_task_id(node->task().task_id());
  }
  append(cluster_name, std::move(events), event::ACTOR_KIND_CONTROLLER, servers_seq, now);
}

void Controller::kibana_answered(const std::string& cluster_name, const std::string& node_name,
                                 const Result<void>& answer, Time now) {
  const state::Node* node = answering_companion(cluster_name, node_name, answer ? nullptr : &answer.error(), now);
  if (node == nullptr) return;
  proxies_[cluster_name].insert_or_assign(node_name, reconcile::ProxyObservation{.observed_at = now});
  if (node->task().joined()) return;
  event::Event event;
  event.mutable_node_joined()->set_node(node_name);
  event.mutable_node_joined()->set_task_id(node->task().task_id());
  append(cluster_name, {std::move(event)}, event::ACTOR_KIND_CONTROLLER, cause_of(cluster_name), now);
}

/// The node, if it runs the task that was asked and this is its answer; null otherwise, and a silence that is noted.
const state::Node* Controller::answering_companion(const std::string& cluster_name, const std::string& node_name,
                                                   const Error* silence, Time now) {
  const state::Cluster* cluster = state().find_cluster(cluster_name);
  const state::Node* node = cluster == nullptr ? nullptr : state::find_node(*cluster, node_name);
  Companion& companion = companions_[key_of(cluster_name, node_name)];
  const bool is_current = node != nullptr && node->task().state() == model::TASK_STATE_RUNNING &&
                          node->task().task_id() == companion.asked_task;
  if (!is_current) {
    companions_.erase(key_of(cluster_name, node_name));
    return nullptr;
  }
  schedule_.mark_dirty(cluster_name);
  if (silence == nullptr) {
    companion.silences = 0;
    return node;
  }
  ++companion.silences;
  if (!node->task().joined() || companion.silences < kSilencesMax) return nullptr;
  ports_.note("companion_silent", {{"cluster", cluster_name}, {"node", node_name}, {"why", silence->detail}});
  event::Event event;
  event.mutable_node_left()->set_node(node_name);
  append(cluster_name, {std::move(event)}, event::ACTOR_KIND_CONTROLLER, cause_of(cluster_name), now);
  return nullptr;
}

}  // namespace esaas::loop
