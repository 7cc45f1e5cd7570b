#pragma once
// visit: calls a function object with the payload of an event. The only list of all payloads; what an event *means* is
// in overloads beside the aggregate that it changes.

#include <utility>

#include "core/events/event.pb.h"

namespace esaas::event {

/// Calls `visitor(payload)` with the payload's own type. Does nothing when no payload is set.
template <typename Visitor>
void visit(const Event& event, Visitor&& visitor) {
  switch (event.payload_case()) {
    case Event::kControllerStarted: return std::forward<Visitor>(visitor)(event.controller_started());
    case Event::kFrameworkRegistered: return std::forward<Visitor>(visitor)(event.framework_registered());
    case Event::kFrameworkStopped: return std::forward<Visitor>(visitor)(event.framework_stopped());
    case Event::kTenantCreated: return std::forward<Visitor>(visitor)(event.tenant_created());
    case Event::kTokenIssued: return std::forward<Visitor>(visitor)(event.token_issued());
    case Event::kTokenRevoked: return std::forward<Visitor>(visitor)(event.token_revoked());
    case Event::kTenantQuotaIntended: return std::forward<Visitor>(visitor)(event.tenant_quota_intended());
    case Event::kTenantQuotaApplied: return std::forward<Visitor>(visitor)(event.tenant_quota_applied());
    case Event::kTenantQuotaRefused: return std::forward<Visitor>(visitor)(event.tenant_quota_refused());
    case Event::kMaintenanceAnswered: return std::forward<Visitor>(visitor)(event.maintenance_answered());
    case Event::kOperationRequested: return std::forward<Visitor>(visitor)(event.operation_requested());
    case Event::kOperationStarted: return std::forward<Visitor>(visitor)(event.operation_started());
    case Event::kOperationStepChanged: return std::forward<Visitor>(visitor)(event.operation_step_changed());
    case Event::kOperationFinished: return std::forward<Visitor>(visitor)(event.operation_finished());
    case Event::kOperationPaused: return std::forward<Visitor>(visitor)(event.operation_paused());
    case Event::kOperationContinued: return std::forward<Visitor>(visitor)(event.operation_continued());
    case Event::kTenantQuotaFound: return std::forward<Visitor>(visitor)(event.tenant_quota_found());
    case Event::kClusterCreated: return std::forward<Visitor>(visitor)(event.cluster_created());
    case Event::kNodeGroupScaled: return std::forward<Visitor>(visitor)(event.node_group_scaled());
    case Event::kNodeGroupResized: return std::forward<Visitor>(visitor)(event.node_group_resized());
    case Event::kClusterSuspended: return std::forward<Visitor>(visitor)(event.cluster_suspended());
    case Event::kClusterResumed: return std::forward<Visitor>(visitor)(event.cluster_resumed());
    case Event::kClusterDeletionBegan: return std::forward<Visitor>(visitor)(event.cluster_deletion_began());
    case Event::kClusterDeleted: return std::forward<Visitor>(visitor)(event.cluster_deleted());
    case Event::kClusterHealthChanged: return std::forward<Visitor>(visitor)(event.cluster_health_changed());
    case Event::kClusterBootstrapped: return std::forward<Visitor>(visitor)(event.cluster_bootstrapped());
    case Event::kNodeAdded: return std::forward<Visitor>(visitor)(event.node_added());
    case Event::kNodeRemovalBegan: return std::forward<Visitor>(visitor)(event.node_removal_began());
    case Event::kNodeRemoved: return std::forward<Visitor>(visitor)(event.node_removed());
    case Event::kPlaceIntended: return std::forward<Visitor>(visitor)(event.place_intended());
    case Event::kPlaceReserved: return std::forward<Visitor>(visitor)(event.place_reserved());
    case Event::kPlaceFailed: return std::forward<Visitor>(visitor)(event.place_failed());
    case Event::kPlaceReleaseIntended: return std::forward<Visitor>(visitor)(event.place_release_intended());
    case Event::kPlaceReleased: return std::forward<Visitor>(visitor)(event.place_released());
    case Event::kTaskLaunchIntended: return std::forward<Visitor>(visitor)(event.task_launch_intended());
    case Event::kTaskStatusChanged: return std::forward<Visitor>(visitor)(event.task_status_changed());
    case Event::kTaskKillIntended: return std::forward<Visitor>(visitor)(event.task_kill_intended());
    case Event::kNodeJoined: return std::forward<Visitor>(visitor)(event.node_joined());
    case Event::kNodeLeft: return std::forward<Visitor>(visitor)(event.node_left());
    case Event::kDrainBegan: return std::forward<Visitor>(visitor)(event.drain_began());
    case Event::kDrainFinished: return std::forward<Visitor>(visitor)(event.drain_finished());
    case Event::kMesosOperationChanged: return std::forward<Visitor>(visitor)(event.mesos_operation_changed());
    case Event::kOrphanReleaseIntended: return std::forward<Visitor>(visitor)(event.orphan_release_intended());
    case Event::kUnknownTaskObserved: return std::forward<Visitor>(visitor)(event.unknown_task_observed());
    case Event::kPlaceReleaseFailed: return std::forward<Visitor>(visitor)(event.place_release_failed());
    case Event::kPlaceMoved: return std::forward<Visitor>(visitor)(event.place_moved());
    case Event::kPlaceGrowthIntended: return std::forward<Visitor>(visitor)(event.place_growth_intended());
    case Event::kPlaceGrowthReserved: return std::forward<Visitor>(visitor)(event.place_growth_reserved());
    case Event::kVolumeGrowthIntended: return std::forward<Visitor>(visitor)(event.volume_growth_intended());
    case Event::kPlaceGrown: return std::forward<Visitor>(visitor)(event.place_grown());
    case Event::kPlaceGrowthFailed: return std::forward<Visitor>(visitor)(event.place_growth_failed());
    case Event::kPlaceGrowthReleaseIntended:
      return std::forward<Visitor>(visitor)(event.place_growth_release_intended());
    case Event::kPlaceAdopted: return std::forward<Visitor>(visitor)(event.place_adopted());
    case Event::kTaskAdopted: return std::forward<Visitor>(visitor)(event.task_adopted());
    case Event::kUnknownTaskKillIntended: return std::forward<Visitor>(visitor)(event.unknown_task_kill_intended());
    case Event::kExclusionsIntended: return std::forward<Visitor>(visitor)(event.exclusions_intended());
    case Event::kExclusionsApplied: return std::forward<Visitor>(visitor)(event.exclusions_applied());
    case Event::kMinimumMasterNodesIntended:
      return std::forward<Visitor>(visitor)(event.minimum_master_nodes_intended());
    case Event::kMinimumMasterNodesApplied: return std::forward<Visitor>(visitor)(event.minimum_master_nodes_applied());
    case Event::kHoldBegan: return std::forward<Visitor>(visitor)(event.hold_began());
    case Event::kHoldEnded: return std::forward<Visitor>(visitor)(event.hold_ended());
    case Event::PAYLOAD_NOT_SET: return;
  }
}

}  // namespace esaas::event
