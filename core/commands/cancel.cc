#include "core/commands/cancel.h"

#include <algorithm>

#include "core/commands/begin.h"
#include "core/commands/operation_holds.h"
#include "core/model/request.h"

namespace esaas::command {
namespace {

using state::Node;

/// What can be done about an operation that has begun and can not be cancelled.
std::string instead_of_cancel(const state::Operation& operation) {
  const std::string& id = operation.id();
  switch (operation.request().kind_case()) {
    case model::Request::kUpgrade: return "it has changed the version: there is no way back, and it can only go on";
    case model::Request::kScale:
    case model::Request::kResize:
    case model::Request::kConfigure:
    case model::Request::kInstallPlugin:
    case model::Request::kRemovePlugin:
    case model::Request::kProxies:
      return "undo it (POST /v1/operations/" + id +
             "/undo), which takes its place at once and says what becomes what it was before, or pause it";
    case model::Request::kPolicies: return "undo it (POST /v1/operations/" + id + "/undo) when it is over";
    case model::Request::kInstallKibana: return "pause it, and remove Kibana when it is over";
    case model::Request::kRemoveKibana: return "pause it, and install Kibana when it is over";
    case model::Request::kSuspend: return "resume the cluster";
    case model::Request::kResume: return "suspend the cluster";
    default: return "pause it, or submit the opposite";
  }
}

/// An upgrade looks at the indices and takes a snapshot first. Until it has changed the version nothing is different
/// from before, and what it waits for may never come.
bool has_changed_nothing(const state::Operation& operation, const state::Cluster& cluster) {
  return operation.request().has_upgrade() && cluster.spec().version() != operation.request().upgrade().version();
}

Events cancelled(const state::Operation& operation, const Context& context, const std::string& what_was_done) {
  std::string detail = "cancelled by " + context.caller.token_id;
  if (!what_was_done.empty()) detail += ": " + what_was_done;
  return {finished(operation.id(), model::OPERATION_STATUS_CANCELLED, std::move(detail))};
}

// ---- A restart ----

/// Of the restart that this operation asked for; 0: the node's group is not in it.
std::uint64_t asked_of(const state::Cluster& cluster, const state::Operation& operation, const Node& node) {
  const auto& groups = cluster.spec().node_groups();
  const auto index = std::ranges::find(groups, node.group(), &model::NodeGroup::name) - groups.begin();
  const std::uint64_t seq =
      index < cluster.restart_seqs_size() ? cluster.restart_seqs(static_cast<int>(index)) : std::uint64_t{0};
  return seq > operation.started_seq() ? seq : 0;
}

bool is_past_its_stop(const Node& node) {
  return node.task().kill_intended() || node.task().launch_seq() > node.restart().seq();
}

std::string restarted_so_far(const state::Cluster& cluster, const state::Operation& operation) {
  std::size_t asked = 0;
  std::size_t done = 0;
  std::string in_step;
  for (const Node& node : cluster.nodes()) {
    const std::uint64_t seq = asked_of(cluster, operation, node);
    if (seq == 0 || node.removing() || node.attempt() == 0) continue;
    ++asked;
    if (node.has_restart() && is_past_its_stop(node)) {
      in_step += (in_step.empty() ? "" : ", ") + node.name();
    } else if (node.task().inputs().restart_seq() == seq) {
      ++done;
    }
  }
  std::string told = std::to_string(done) + " of " + std::to_string(asked) + " nodes were restarted";
  if (!in_step.empty()) told += ", " + in_step + " is brought to the end of its restart";
  return told + (done == asked ? "." : ", the others run on as they are.");
}

/// Once one was told to stop, the others follow: nodes of one cluster are not left half stopped.
bool is_stopping_all(const state::Cluster& cluster) {
  if (cluster.full_restart().stopped()) return true;
  return std::ranges::any_of(cluster.nodes(), [&](const Node& node) {
    const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
    const bool is_companion = group != nullptr && state::is_companion(*group);
    return !is_companion && node.task().kill_intended() && node.task().launch_seq() < cluster.full_restart().seq();
  });
}

Result<Events> cancel_restart(const state::Operation& operation, const state::Cluster& cluster,
                              const Context& context) {
  if (!operation.request().restart().full() || !cluster.has_full_restart()) {
    return cancelled(operation, context, restarted_so_far(cluster, operation));
  }
  if (is_stopping_all(cluster)) {
    return fail(ErrorCode::kConflict,
                operation.id() + " has told the nodes to stop: all of them stop, and start again by themselves", "",
                "stop_of_all_has_begun");
  }
  Events events(1);
  events.front().mutable_full_restart_ended()->set_why(operation.id() + " was cancelled.");
  for (event::Event& event : cancelled(operation, context, "no node was restarted.")) {
    events.push_back(std::move(event));
  }
  return events;
}

// ---- One that runs beside others ----

std::string line_of(const state::ElasticsearchRequest& request) {
  constexpr std::size_t kPathBytesMax = 200;
  std::string line = request.method() + " " + request.path().substr(0, request.path().find('?'));
  if (line.size() <= kPathBytesMax) return line;
  line.resize(kPathBytesMax);
  line += "...";
  return line;
}

struct Asked {
  std::string told;
  const state::ElasticsearchRequest* unanswered = nullptr;
};

Asked asked_of_elasticsearch(const state::Cluster& cluster, const state::Operation& operation) {
  constexpr std::size_t kToldMax = 5;
  Asked asked;
  std::size_t count = 0;
  for (const state::ElasticsearchRequest& request : cluster.requests()) {
    if (request.operation() != operation.id()) continue;
    if (!request.answered()) asked.unanswered = &request;
    if (++count > kToldMax) continue;
    asked.told += (count == 1 ? "" : "; ") + line_of(request) +
                  (!request.answered()  ? " was sent and not answered: whether it took effect is not known"
                   : request.accepted() ? " took effect"
                                        : " was refused");
  }
  if (count > kToldMax) asked.told += "; and " + std::to_string(count - kToldMax) + " more";
  if (count == 0) asked.told = "nothing was asked of Elasticsearch";
  asked.told += ".";
  return asked;
}

bool is_held(const state::Cluster& cluster, const state::Operation& operation) {
  return std::ranges::any_of(cluster.holds(),
                             [&](const state::Hold& hold) { return holds_operation(hold, operation, cluster); });
}

Result<Events> cancel_beside(const state::Operation& operation, const state::Cluster& cluster, const Context& context) {
  const Asked asked = asked_of_elasticsearch(cluster, operation);
  if (asked.unanswered != nullptr && !is_held(cluster, operation)) {
    return fail(ErrorCode::kConflict,
                operation.id() + " has sent " + line_of(*asked.unanswered) +
                    ", which is about to be answered: cancel it when it is, or when the answer is waited for",
                "", "answer_is_awaited");
  }
  return cancelled(operation, context, asked.told);
}

}  // namespace

Result<Events> cancel(const state::FleetState& state, const state::Operation& operation, const Context& context) {
  if (operation.status() == model::OPERATION_STATUS_QUEUED) return cancelled(operation, context, "");
  const model::Request& request = operation.request();
  if (const state::Cluster* cluster = state.find_cluster(operation.cluster())) {
    if (request.has_restart()) return cancel_restart(operation, *cluster, context);
    if (model::runs_alongside(request) && !request.has_policies()) return cancel_beside(operation, *cluster, context);
    if (has_changed_nothing(operation, *cluster)) return cancelled(operation, context, "");
  }
  return fail(ErrorCode::kConflict,
              operation.id() + " has begun, and only a queued operation of this kind can be cancelled: " +
                  instead_of_cancel(operation),
              "", "only_queued_operations_cancel");
}

}  // namespace esaas::command
