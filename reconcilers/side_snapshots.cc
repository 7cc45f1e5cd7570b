// Snapshots: a repository, a snapshot, its end, and the way back. Elasticsearch answers at once and works on; whether
// it came true is then looked at.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "reconcilers/effects/elasticsearch/requests.h"
#include "reconcilers/index_replicas.h"
#include "reconcilers/side_operation.h"

namespace esaas::reconcile {
namespace {

/// What was accepted and does not show for so long is not there.
constexpr Duration kShowsWithin = std::chrono::minutes{1};
/// Clocks of machines differ.
constexpr Duration kClockSkew = std::chrono::seconds{10};
/// Elasticsearch looks at its clock a few times a second, and takes what it saw last.
constexpr Duration kClockStep = std::chrono::seconds{1};

bool may_have_been_sent_twice(const View& view, const state::ElasticsearchRequest& request) {
  return request.answered_at_us() - request.intended_at_us() >= view.settings().settings_repeat.count();
}

/// One of that name is there: ours, of a request whose answer was lost, or somebody's. A controller that was started
/// anew repeats a request at once, so one that was answered soon may be a repetition too: then only what began after
/// the intent is ours.
bool is_ours(const View& view, const state::ElasticsearchRequest& request, const SnapshotInfo& snapshot) {
  const Duration tolerance = may_have_been_sent_twice(view, request) ? kClockSkew : kClockStep;
  return snapshot.started_at_us + tolerance.count() >= request.intended_at_us();
}

void wait_for_snapshot(SideOperation& operation, const std::string& name, const SnapshotInfo* snapshot) {
  operation.hold(kSideOperationWaitsForSnapshot, "Elasticsearch is taking snapshot " + name + ".",
                 {figure("state", snapshot == nullptr ? std::string("not seen") : snapshot->state)});
}

void look_at_snapshot(SideOperation& operation, const std::string& name, const SnapshotInfo& snapshot,
                      const state::ElasticsearchRequest& request) {
  if (snapshot.state == "SUCCESS") return operation.succeed("Snapshot " + name + " is complete.");
  if (snapshot.state == "IN_PROGRESS") return wait_for_snapshot(operation, name, &snapshot);
  if (snapshot.state == "MISSING") {
    const bool is_due = operation.view().now() - from_us(request.answered_at_us()) > kShowsWithin;
    if (!is_due) return wait_for_snapshot(operation, name, &snapshot);
    return operation.fail("Elasticsearch took the request and does not know of snapshot " + name + ".");
  }
  operation.fail(
      fmt::format("Snapshot {} is {}{}", name, snapshot.state, snapshot.reason.empty() ? "." : ": " + snapshot.reason));
}

/// What is there of a name, by a look from before anything is asked.
struct Look {
  bool is_known = false;                   ///< else the operation is held
  const SnapshotInfo* snapshot = nullptr;  ///< null: the repository is not registered
};

Look look_before(SideOperation& operation, const std::string& repository, const std::string& snapshot) {
  const Observation* seen = operation.seen();
  if (seen != nullptr && std::ranges::find(seen->repositories, repository) == seen->repositories.end()) return {true};
  const SnapshotInfo* found = seen == nullptr ? nullptr : find_snapshot(*seen, repository, snapshot);
  if (found == nullptr) {
    operation.hold(kSideOperationWaitsForSnapshot,
                   "Elasticsearch has not told whether there is " + subject_of(repository, snapshot) + ".");
  }
  return {found != nullptr, found};
}

struct Primaries {
  std::size_t started = 0;
  std::size_t total = 0;
};

Primaries primaries_of(const Observation& seen, const model::RestoreSnapshot& wanted) {
  Primaries primaries;
  for (const ShardCopy& copy : seen.shards) {
    if (!copy.primary || !matches_any(wanted.indices(), copy.index)) continue;
    ++primaries.total;
    if (copy.state == ShardState::kStarted || copy.state == ShardState::kRelocating) ++primaries.started;
  }
  return primaries;
}

}  // namespace

std::string subject_of(std::string_view repository, std::string_view snapshot) {
  return fmt::format("{}/{}", repository, snapshot);
}

std::string snapshot_path(std::string_view repository, std::string_view snapshot) {
  return "/_snapshot/" + path_escaped(repository) + "/" + path_escaped(snapshot);
}

const SnapshotInfo* find_snapshot(const Observation& observation, std::string_view repository,
                                  std::string_view snapshot) {
  const auto found = std::ranges::find_if(observation.snapshots, [&](const SnapshotInfo& one) {
    return one.repository == repository && one.name == snapshot;
  });
  return found == observation.snapshots.end() ? nullptr : &*found;
}

bool is_name_taken(std::string_view why) {
  return why.find("already exists") != std::string_view::npos || why.find("same name") != std::string_view::npos;
}

void reconcile_repository(SideOperation& operation) {
  const model::RegisterRepository& wanted = operation.request().register_repository();
  const RequestAnswered answer =
      operation.ask({.purpose = "register_repository",
                     .subject = wanted.repository(),
                     .method = "PUT",
                     .path = "/_snapshot/" + path_escaped(wanted.repository()) + "?master_timeout=10s&timeout=20s",
                     .body = es::repository_body(wanted.location())});
  if (answer.progress == RequestProgress::kAccepted) {
    operation.succeed("Every node can write to repository " + wanted.repository() + ".");
  }
  if (answer.progress == RequestProgress::kRefused) operation.fail(std::string(answer.why));
}

void reconcile_take_snapshot(SideOperation& operation) {
  const model::TakeSnapshot& wanted = operation.request().take_snapshot();
  const std::string name = subject_of(wanted.repository(), wanted.snapshot());
  if (operation.find(kTakeSnapshot, name) == nullptr) {
    // One that is there already is somebody's: so that "there is one", later, means that ours was taken.
    const Look look = look_before(operation, wanted.repository(), wanted.snapshot());
    if (!look.is_known) return;
    if (look.snapshot != nullptr && look.snapshot->state != "MISSING") {
      return operation.fail(fmt::format("Snapshot {} already exists: {}.", name, look.snapshot->state));
    }
  }
  const RequestAnswered answer =
      operation.ask({.purpose = std::string(kTakeSnapshot),
                     .subject = name,
                     .method = "PUT",
                     .path = snapshot_path(wanted.repository(), wanted.snapshot()) + "?wait_for_completion=false",
                     .body = es::snapshot_body({wanted.indices().begin(), wanted.indices().end()}, true)});
  if (answer.progress == RequestProgress::kWaits) return;
  const bool is_taken = answer.progress == RequestProgress::kRefused && is_name_taken(answer.why);
  if (answer.progress == RequestProgress::kRefused && !is_taken) return operation.fail(std::string(answer.why));
  const Observation* seen = operation.seen_after(answer.request->answered_at_us());
  const SnapshotInfo* snapshot =
      seen == nullptr ? nullptr : find_snapshot(*seen, wanted.repository(), wanted.snapshot());
  if (snapshot == nullptr) return wait_for_snapshot(operation, name, nullptr);
  if (is_taken && !is_ours(operation.view(), *answer.request, *snapshot))
    return operation.fail(std::string(answer.why));
  look_at_snapshot(operation, name, *snapshot, *answer.request);
}

void reconcile_delete_snapshot(SideOperation& operation) {
  constexpr std::string_view kPurpose = "delete_snapshot";
  const model::DeleteSnapshot& wanted = operation.request().delete_snapshot();
  const std::string name = subject_of(wanted.repository(), wanted.snapshot());
  if (operation.find(kPurpose, name) == nullptr) {
    // Only what is seen is deleted: so that "there is none", later, means that it is gone.
    const Look look = look_before(operation, wanted.repository(), wanted.snapshot());
    if (!look.is_known) return;
    if (look.snapshot == nullptr) return operation.fail("There is no repository " + wanted.repository() + ".");
    if (look.snapshot->state == "MISSING") {
      const std::string& reason = look.snapshot->reason;
      return operation.fail(reason.empty() ? "There is no snapshot " + name + "." : reason);
    }
  }
  const RequestAnswered answer = operation.ask({.purpose = std::string(kPurpose),
                                                .subject = name,
                                                .method = "DELETE",
                                                .path = snapshot_path(wanted.repository(), wanted.snapshot())});
  if (answer.progress == RequestProgress::kWaits) return;
  const bool is_gone = answer.why.find("snapshot_missing_exception") != std::string_view::npos;
  if (answer.progress == RequestProgress::kAccepted || is_gone) {
    return operation.succeed("Snapshot " + name + " is deleted.");
  }
  operation.fail(std::string(answer.why));
}

void reconcile_restore(SideOperation& operation) {
  const model::RestoreSnapshot& wanted = operation.request().restore_snapshot();
  const std::string name = subject_of(wanted.repository(), wanted.snapshot());
  // The cluster's settings are its own: they are not restored.
  const RequestAnswered answer = operation.ask(
      {.purpose = "restore_snapshot",
       .subject = name,
       .method = "POST",
       .path = snapshot_path(wanted.repository(), wanted.snapshot()) + "/_restore?wait_for_completion=false",
       .body = es::snapshot_body({wanted.indices().begin(), wanted.indices().end()}, false)});
  if (answer.progress == RequestProgress::kWaits) return;
  if (answer.progress == RequestProgress::kRefused) {
    const bool is_doubtful = may_have_been_sent_twice(operation.view(), *answer.request);
    return operation.fail(
        std::string(answer.why) +
        (is_doubtful ? " The request was sent more than once: an earlier one may have been taken." : ""));
  }
  const Observation* seen = operation.seen_after(answer.request->answered_at_us());
  if (seen == nullptr) return;
  const Primaries primaries = primaries_of(*seen, wanted);
  operation.step("restore", primaries.started, primaries.total);
  if (primaries.total == 0 && !wanted.indices().empty()) {
    return operation.fail("Nothing is restored: " + name + " has none of these indices.");
  }
  if (primaries.started == primaries.total) {
    return operation.succeed(fmt::format("{} is restored: {} primary shards are started.", name, primaries.total));
  }
  std::vector<model::Figure> basis{figure("primaries", primaries.total), figure("started", primaries.started)};
  if (!seen->allocation_explanation.empty()) basis.push_back(figure("explanation", seen->allocation_explanation));
  operation.hold(kSideOperationWaitsForShards, "Not every primary shard is restored yet.", std::move(basis));
}

}  // namespace esaas::reconcile
