#include "store/log/user_actions.h"

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
    // The hourly ones are nobody's.
    case event::Event::kBackupIntended:
    case event::Event::kBackupTaken:
    case event::Event::kDigestSigned: return event.actor().kind() == event::ACTOR_KIND_USER;
    case event::Event::kOperationFinished:
      // A cancel has no event of its own: it is the end that a user, and not the controller, wrote.
      return event.actor().kind() == event::ACTOR_KIND_USER &&
             event.operation_finished().status() == model::OPERATION_STATUS_CANCELLED;
    default: return false;
  }
}

std::string_view action_of(const event::Event& event) {
  switch (event.payload_case()) {
    case event::Event::kTenantCreated: return "create_tenant";
    case event::Event::kTenantQuotaIntended: return "set_quota";
    case event::Event::kTenantPoliciesSet: return "set_policies";
    case event::Event::kRuleOverridden: return "override";
    case event::Event::kTokenIssued: return "issue_token";
    case event::Event::kTokenRevoked: return "revoke_token";
    case event::Event::kTokenUsed: return "use_token";
    case event::Event::kSinkConfigured: return "configure_sink";
    case event::Event::kSinkRemoved: return "remove_sink";
    case event::Event::kPriceListPublished: return "publish_price_list";
    case event::Event::kInvoiceClosed: return "close_invoice";
    case event::Event::kBudgetSet: return "set_budget";
    case event::Event::kBackupIntended:
    case event::Event::kBackupTaken: return "take_backup";
    case event::Event::kDigestSigned: return "sign_digest";
    case event::Event::kOperationPaused: return "pause";
    case event::Event::kOperationContinued: return "continue";
    case event::Event::kOperationFinished: return "cancel";
    case event::Event::kOperationRequested: {
      const auto& request = event.operation_requested().request();
      const auto number = static_cast<int>(request.kind_case());
      const auto* field = model::Request::descriptor()->FindFieldByNumber(number);
      return field == nullptr ? std::string_view("unknown") : std::string_view(field->name());
    }
    default: return {};
  }
}

std::string_view outcome_at_once(const event::Event& event) {
  if (!is_user_action(event)) return {};
  if (!event.has_operation_requested()) return "done";
  return event.operation_requested().has_fulfilment() ? outcome_of(model::OPERATION_STATUS_SUCCEEDED)
                                                      : std::string_view{};
}

std::string_view outcome_of(model::OperationStatus status) {
  switch (status) {
    case model::OPERATION_STATUS_SUCCEEDED: return "succeeded";
    case model::OPERATION_STATUS_FAILED: return "failed";
    case model::OPERATION_STATUS_CANCELLED: return "cancelled";
    default: return {};
  }
}

}  // namespace esaas::store
