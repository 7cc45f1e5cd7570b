#include "store/log/index_entries.h"

namespace esaas::store {

bool is_user_action(const event::Event& event) {
  switch (event.payload_case()) {
    case event::Event::kTenantCreated:
    case event::Event::kTenantQuotaIntended:
    case event::Event::kTenantPoliciesSet:
    case event::Event::kRuleOverridden:
    case event::Event::kTokenIssued:
    case event::Event::kTokenRevoked:
    case event::Event::kTokenUsed:
    case event::Event::kSinkConfigured:
    case event::Event::kSinkRemoved:
    case event::Event::kPriceListPublished:
    case event::Event::kInvoiceClosed:
    case event::Event::kBudgetSet:
    case event::Event::kOperationRequested:
    case event::Event::kOperationPaused:
    case event::Event::kOperationContinued: return true;
    case event::Event::kOperationFinished:
      // A cancel has no event of its own: it is the end that a user, and not the controller, wrote.
      return event.actor().kind() == event::ACTOR_KIND_USER &&
             event.operation_finished().status() == model::OPERATION_STATUS_CANCELLED;
    default: return false;
  }
}

bool is_usage_event(const event::Event& event) {
  switch (event.payload_case()) {
    case event::Event::kNodeAdded:
    case event::Event::kNodeRemoved:
    case event::Event::kPlaceIntended:
    case event::Event::kPlaceReserved:
    case event::Event::kPlaceFailed:
    case event::Event::kPlaceReleased:
    case event::Event::kPlaceMoved:
    case event::Event::kPlaceGrown:
    case event::Event::kPlaceAdopted:
    case event::Event::kTaskLaunchIntended:
    case event::Event::kTaskAdopted:
    case event::Event::kTaskStatusChanged:
    case event::Event::kClusterDeleted: return true;
    default: return false;
  }
}

}  // namespace esaas::store
