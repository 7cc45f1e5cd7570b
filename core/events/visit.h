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
    case Event::kRuleOverridden: return std::forward<Visitor>(visitor)(event.rule_overridden());
    case Event::kTenantPoliciesSet: return std::forward<Visitor>(visitor)(event.tenant_policies_set());
    case Event::kClusterCreated: return std::forward<Visitor>(visitor)(event.cluster_created());
    case Event::kNodeGroupScaled: return std::forward<Visitor>(visitor)(event.node_group_scaled());
    case Event::kNodeGroupResized: return std::forward<Visitor>(visitor)(event.node_group_resized());
    case Event::kClusterSuspended: return std::forward<Visitor>(visitor)(event.cluster_suspended());
    case Event::kClusterResumed: return std::forward<Visitor>(visitor)(event.cluster_resumed());
    case Event::kClusterDeletionBegan: return std::forward<Visitor>(visitor)(event.cluster_deletion_began());
    case Event::kClusterDeleted: return std::forward<Visitor>(visitor)(event.cluster_deleted());
    case Event::kClusterHealthChanged: return std::forward<Visitor>(visitor)(event.cluster_health_changed());
    case Event::kClusterBootstrapped: return std::forward<Visitor>(visitor)(event.cluster_bootstrapped());
    case Event::kNodeGroupConfigured: return std::forward<Visitor>(visitor)(event.node_group_configured());
    case Event::kNodeGroupAdded: return std::forward<Visitor>(visitor)(event.node_group_added());
    case Event::kRestartRequested: return std::forward<Visitor>(visitor)(event.restart_requested());
    case Event::kFullRestartBegan: return std::forward<Visitor>(visitor)(event.full_restart_began());
    case Event::kFullRestartPrepared: return std::forward<Visitor>(visitor)(event.full_restart_prepared());
    case Event::kFullRestartStopped: return std::forward<Visitor>(visitor)(event.full_restart_stopped());
    case Event::kFullRestartEnded: return std::forward<Visitor>(visitor)(event.full_restart_ended());
    case Event::kClusterVersionChanged: return std::forward<Visitor>(visitor)(event.cluster_version_changed());
    case Event::kPluginsChanged: return std::forward<Visitor>(visitor)(event.plugins_changed());
    case Event::kPoliciesChanged: return std::forward<Visitor>(visitor)(event.policies_changed());
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
    case Event::kNodeRestartBegan: return std::forward<Visitor>(visitor)(event.node_restart_began());
    case Event::kNodeRestartPrepared: return std::forward<Visitor>(visitor)(event.node_restart_prepared());
    case Event::kNodeRestartEnded: return std::forward<Visitor>(visitor)(event.node_restart_ended());
    case Event::kNodeShielded: return std::forward<Visitor>(visitor)(event.node_shielded());
    case Event::kNodeUnshielded: return std::forward<Visitor>(visitor)(event.node_unshielded());
    case Event::kAllocationIntended: return std::forward<Visitor>(visitor)(event.allocation_intended());
    case Event::kAllocationApplied: return std::forward<Visitor>(visitor)(event.allocation_applied());
    case Event::kVotingExclusionsIntended: return std::forward<Visitor>(visitor)(event.voting_exclusions_intended());
    case Event::kVotingExclusionsApplied: return std::forward<Visitor>(visitor)(event.voting_exclusions_applied());
    case Event::kElasticsearchRequestIntended:
      return std::forward<Visitor>(visitor)(event.elasticsearch_request_intended());
    case Event::kElasticsearchRequestAnswered:
      return std::forward<Visitor>(visitor)(event.elasticsearch_request_answered());
    case Event::kProxyAccessChanged: return std::forward<Visitor>(visitor)(event.proxy_access_changed());
    case Event::kServersIntended: return std::forward<Visitor>(visitor)(event.servers_intended());
    case Event::kServersApplied: return std::forward<Visitor>(visitor)(event.servers_applied());
    case Event::kPolicyRunBegan: return std::forward<Visitor>(visitor)(event.policy_run_began());
    case Event::kPolicyRunFinished: return std::forward<Visitor>(visitor)(event.policy_run_finished());
    case Event::kTokenUsed: return std::forward<Visitor>(visitor)(event.token_used());
    case Event::kDigestSigned: return std::forward<Visitor>(visitor)(event.digest_signed());
    case Event::kSigningKeyCreated: return std::forward<Visitor>(visitor)(event.signing_key_created());
    case Event::kLogRestored: return std::forward<Visitor>(visitor)(event.log_restored());
    case Event::kBackupIntended: return std::forward<Visitor>(visitor)(event.backup_intended());
    case Event::kBackupFailed: return std::forward<Visitor>(visitor)(event.backup_failed());
    case Event::kBackupTaken: return std::forward<Visitor>(visitor)(event.backup_taken());
    case Event::kSinkConfigured: return std::forward<Visitor>(visitor)(event.sink_configured());
    case Event::kSinkRemoved: return std::forward<Visitor>(visitor)(event.sink_removed());
    case Event::kSinkAdvanced: return std::forward<Visitor>(visitor)(event.sink_advanced());
    case Event::kSinkStalled: return std::forward<Visitor>(visitor)(event.sink_stalled());
    case Event::kPriceListPublished: return std::forward<Visitor>(visitor)(event.price_list_published());
    case Event::kInvoiceClosed: return std::forward<Visitor>(visitor)(event.invoice_closed());
    case Event::kBudgetSet: return std::forward<Visitor>(visitor)(event.budget_set());
    case Event::kBudgetAlerted: return std::forward<Visitor>(visitor)(event.budget_alerted());
    case Event::PAYLOAD_NOT_SET: return;
  }
}

}  // namespace esaas::event
