#include "reconcilers/upgrade.h"

#include <algorithm>

#include "core/model/version.h"
#include "reconcilers/full_restart.h"
#include "reconcilers/requests.h"
#include "reconcilers/rules/operation_rules.h"
#include "reconcilers/rules/stop_rules.h"

namespace esaas::reconcile {
namespace {

constexpr std::string_view kIndexVersions = "index_versions_are_known";
constexpr std::string_view kWaitsForSnapshot = "waits_for_snapshot";

void fail_operation(Draft& draft, const state::Operation& operation, std::string why) {
  event::Event event;
  event::OperationFinished& payload = *event.mutable_operation_finished();
  payload.set_id(operation.id());
  payload.set_status(model::OPERATION_STATUS_FAILED);
  payload.set_detail(std::move(why));
  draft.act("finish_operation", std::move(event));
}

bool indices_can_be_opened(const View& view, Draft& draft, const state::Operation& operation) {
  const std::string& target = operation.request().upgrade().version();
  for (const IndexInfo& index : view.fresh()->indices) {
    if (index.created_version == 0) {
      draft.hold(kIndexVersions, "", {"Elasticsearch has not told which version made index " + index.name + ".", {}});
      return false;
    }
    if (can_open(target, index.created_version)) continue;
    fail_operation(draft, operation,
                   "Index " + index.name + " was made by Elasticsearch " + version_of_id(index.created_version) +
                       ", which " + target +
                       " can not open: copy it to a new index, or delete it, first. Nothing was "
                       "changed.");
    return false;
  }
  // Every shard is of an index; so an answer without the indices of the shards that it shows is not the whole one.
  for (const ShardCopy& copy : view.fresh()->shards) {
    if (std::ranges::find(view.fresh()->indices, copy.index, &IndexInfo::name) != view.fresh()->indices.end()) continue;
    draft.hold(kIndexVersions, "", {"Elasticsearch has not told which version made index " + copy.index + ".", {}});
    return false;
  }
  return true;
}

bool has_snapshot(const View& view, Draft& draft, const state::Operation& operation) {
  const std::string& repository = operation.request().upgrade().repository();
  if (repository.empty()) return true;
  const std::string name = "before-" + operation.id();
  const RequestAnswered answer =
      ask(view, draft,
          {.operation = operation.id(),
           .purpose = std::string(kTakeSnapshot),
           .subject = repository + "/" + name,
           .method = "PUT",
           .path = "/_snapshot/" + path_escaped(repository) + "/" + path_escaped(name) + "?wait_for_completion=false"});
  if (answer.progress == RequestProgress::kRefused) {
    // One that was asked for before the answer was lost is there, and ours: the operation's id is in its name.
    const bool is_there = answer.why.find("already exists") != std::string_view::npos ||
                          answer.why.find("same name") != std::string_view::npos;
    if (!is_there) {
      fail_operation(draft, operation, "No snapshot could be taken: " + std::string(answer.why));
      return false;
    }
  }
  if (answer.progress == RequestProgress::kWaits) return false;
  const auto& snapshots = view.fresh()->snapshots;
  const auto found = std::ranges::find_if(
      snapshots, [&](const SnapshotInfo& one) { return one.repository == repository && one.name == name; });
  const std::string_view found_state = found == snapshots.end() ? std::string_view{} : std::string_view(found->state);
  if (found_state == "SUCCESS") return true;
  if (found_state == "FAILED" || found_state == "PARTIAL" || found_state == "INCOMPATIBLE") {
    fail_operation(draft, operation,
                   "Snapshot " + repository + "/" + name + " is " + std::string(found_state) +
                       (found->reason.empty() ? "" : ": " + found->reason) + ". Nothing was changed.");
    return false;
  }
  draft.hold(kWaitsForSnapshot, "",
             {"The upgrade begins when snapshot " + repository + "/" + name + " is done.",
              {figure("state", std::string(found_state.empty() ? "not seen" : found_state))}});
  return false;
}

void change_version(const View& view, Draft& draft, const std::string& target) {
  const std::string& before = view.cluster().spec().version();
  const model::UpgradePath path = model::upgrade_path(before, target);
  const bool is_full = path.kind == model::UpgradeKind::kFullRestart;
  std::vector<event::Event> events(1);
  event::ClusterVersionChanged& payload = *events.front().mutable_cluster_version_changed();
  payload.set_before(before);
  payload.set_after(target);
  payload.set_full_restart(is_full);
  if (is_full) {
    events.push_back(full_restart_began(view, "From " + before + " to " + target + ": " + path.why + "."));
  }
  draft.act("change_version", std::move(events));
}

/// A rule of the cluster as a whole that holds the change of version back.
bool may_change(const View& view, Draft& draft, std::string_view rule, std::optional<Refusal> refusal) {
  if (!refusal || is_overridden(view, rule, "")) return true;
  draft.hold(rule, "", std::move(*refusal));
  return false;
}

}  // namespace

std::string version_of_id(std::uint32_t id) {
  return std::to_string(id / 1'000'000) + "." + std::to_string(id / 10'000 % 100) + "." +
         std::to_string(id / 100 % 100);
}

bool can_open(std::string_view target, std::uint32_t created_version) {
  const auto version = model::parse_version(target);
  if (!version) return false;
  const std::uint32_t created = created_version / 1'000'000;
  // There is no major version 3 or 4: what 5 opens is what the one before it made.
  const std::uint32_t oldest = version->major == 5 ? 2 : version->major - std::min(version->major, 1U);
  return created >= oldest && created <= version->major;
}

void reconcile_upgrade(const View& view, Draft& draft) {
  const state::Operation* operation = view.input().operation;
  if (operation == nullptr || !operation->request().has_upgrade()) return;
  const std::string& target = operation->request().upgrade().version();
  if (view.cluster().spec().version() == target) return;
  if (operation->paused()) return hold_paused(view, draft);
  // What nobody says can not be looked at: this one can not be put out of force.
  if (auto refusal = refuse_unknown_health(view)) return draft.hold(kHealthKnown, "", std::move(*refusal));
  std::optional<Refusal> red;
  if (!view.is_known_and_not_red()) red = Refusal{"The cluster is red.", health_basis(view)};
  if (!may_change(view, draft, "cluster_is_not_red", std::move(red))) return;
  if (!indices_can_be_opened(view, draft, *operation)) return;
  if (!has_snapshot(view, draft, *operation)) return;
  change_version(view, draft, target);
}

}  // namespace esaas::reconcile
