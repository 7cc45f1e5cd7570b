#include "reconcilers/side_operations.h"

#include "reconcilers/side_operation.h"

namespace esaas::reconcile {
namespace {

/// The operation can do nothing now, and says why.
bool waits(const View& view, SideOperation& operation) {
  if (operation.record().paused()) {
    operation.hold(kSideOperationPaused, "It is paused: its next step waits until it is continued.");
    return true;
  }
  if (view.cluster().phase() != state::CLUSTER_PHASE_RUNNING) {
    operation.hold(kSideOperationWaitsForResume, "The cluster is suspended; this goes on when it is resumed.");
    return true;
  }
  if (view.fresh() != nullptr) return false;
  operation.hold(kSideOperationWaitsForHealth, "The cluster does not answer; this goes on when it does.");
  return true;
}

void reconcile_one(const View& view, SideOperation& operation) {
  // What is wanted from now on is in the state already: nobody has to be asked.
  if (operation.request().has_policies()) return operation.succeed("The policies are set.");
  if (waits(view, operation)) return;
  switch (operation.request().kind_case()) {
    case model::Request::kSettings: return reconcile_settings(operation);
    case model::Request::kReplicas: return reconcile_replicas(operation);
    case model::Request::kOpenIndices: return reconcile_open(operation);
    case model::Request::kCloseIndices: return reconcile_close(operation);
    case model::Request::kRegisterRepository: return reconcile_repository(operation);
    case model::Request::kTakeSnapshot: return reconcile_take_snapshot(operation);
    case model::Request::kDeleteSnapshot: return reconcile_delete_snapshot(operation);
    case model::Request::kRestoreSnapshot: return reconcile_restore(operation);
    default: return;
  }
}

}  // namespace

void reconcile_side_operations(const View& view, Draft& draft) {
  for (const state::Operation* record : view.input().side_operations) {
    SideOperation operation(view, draft, *record);
    reconcile_one(view, operation);
  }
}

}  // namespace esaas::reconcile
