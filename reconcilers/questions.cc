#include "reconcilers/questions.h"

#include <algorithm>
#include <chrono>

#include "core/state/launch_inputs.h"
#include "reconcilers/policies.h"
#include "reconcilers/requests.h"

namespace esaas::reconcile {
namespace {

/// A shard that is about to be assigned needs no explanation.
constexpr Duration kExplainAfter = std::chrono::seconds{30};
/// Elasticsearch's word for the snapshots that are being taken. It knows them without reading the repository.
constexpr std::string_view kRunning = "_current";

bool asks_about_nodes(const state::Cluster& cluster, std::span<const state::Operation* const> operations) {
  if (cluster.has_full_restart()) return true;
  const auto is_changing = [&](const state::Node& node) {
    return node.removing() || node.has_restart() || !state::runs_as_wanted(cluster, node);
  };
  if (std::ranges::any_of(cluster.nodes(), is_changing)) return true;
  return std::ranges::any_of(operations, [](const state::Operation* operation) {
    switch (operation->request().kind_case()) {
      case model::Request::kUpgrade:
      case model::Request::kInstallPlugin:
      case model::Request::kRemovePlugin: return true;
      default: return false;
    }
  });
}

bool has_been_unassigned(const state::Cluster& cluster, Time now) {
  const model::Health& health = cluster.health();
  return health.unassigned_shards() > 0 && now - from_us(cluster.health_since_at_us()) > kExplainAfter;
}

void add(Questions& questions, const std::string& repository, const std::string& snapshot) {
  const std::pair asked(repository, snapshot);
  if (std::ranges::find(questions.snapshots, asked) == questions.snapshots.end()) questions.snapshots.push_back(asked);
}

/// "REPOSITORY/SNAPSHOT", as requests and policies name it.
void add(Questions& questions, const std::string& subject) {
  const auto slash = subject.find('/');
  if (slash != std::string::npos) add(questions, subject.substr(0, slash), subject.substr(slash + 1));
}

}  // namespace

Questions questions_for(const state::Cluster& cluster, std::span<const state::Operation* const> operations, Time now,
                        std::span<const std::string> repositories) {
  Questions questions;
  questions.nodes = asks_about_nodes(cluster, operations);
  questions.explain = has_been_unassigned(cluster, now);
  for (const state::Operation* operation : operations) {
    const model::Request& request = operation->request();
    if (request.has_take_snapshot())
      add(questions, request.take_snapshot().repository(), request.take_snapshot().snapshot());
    if (request.has_delete_snapshot()) {
      add(questions, request.delete_snapshot().repository(), request.delete_snapshot().snapshot());
    }
  }
  for (const state::ElasticsearchRequest& request : cluster.requests()) {
    if (request.purpose() == kTakeSnapshot) add(questions, request.subject());
  }
  for (const state::PolicyRun& run : cluster.policy_runs()) {
    if (!run.finished() && run.policy() == kPolicySnapshots) {
      add(questions, run.subject().substr(0, run.subject().find('/')), {});
    }
  }
  if (questions.nodes) {
    for (const std::string& repository : repositories) {
      if (!asks_for_running_snapshots(questions, repository)) add(questions, repository, std::string(kRunning));
    }
  }
  return questions;
}

bool asks_for_running_snapshots(const Questions& asked, const std::string& repository) {
  return std::ranges::any_of(asked.snapshots, [&](const auto& one) {
    return one.first == repository && (one.second == kRunning || one.second.empty());
  });
}

}  // namespace esaas::reconcile
