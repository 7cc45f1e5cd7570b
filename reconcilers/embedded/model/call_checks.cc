// invalid_call: what a master refuses with 400 before it looks at its own state.
#include "reconcilers/embedded/model/frameworks.h"

namespace esaas::embedded {
namespace {

using wire::scheduler::Call;

std::optional<std::string> invalid_subscribe(const Call& call, const std::optional<std::string>& principal) {
  if (!call.has_subscribe()) return "Expecting 'subscribe' to be present";
  const wire::FrameworkInfo& info = call.subscribe().framework_info();
  if (info.id().value() != call.framework_id().value()) {
    return "'framework_id' differs from 'subscribe.framework_info.id'";
  }
  if (principal && info.has_principal() && *principal != info.principal()) {
    return "Authenticated principal '" + *principal + "' does not match principal '" + info.principal() +
           "' set in `FrameworkInfo`";
  }
  return std::nullopt;
}

std::optional<std::string> missing(bool present, const char* field) {
  if (present) return std::nullopt;
  return std::string("Expecting '") + field + "' to be present";
}

std::optional<std::string> invalid_uuid(const std::string& bytes) {
  if (bytes.size() == 16) return std::nullopt;
  return "Not a valid UUID";
}

std::optional<std::string> invalid_content(const Call& call) {
  switch (call.type()) {
    case Call::ACCEPT: return missing(call.has_accept(), "accept");
    case Call::DECLINE: return missing(call.has_decline(), "decline");
    case Call::ACCEPT_INVERSE_OFFERS: return missing(call.has_accept_inverse_offers(), "accept_inverse_offers");
    case Call::DECLINE_INVERSE_OFFERS: return missing(call.has_decline_inverse_offers(), "decline_inverse_offers");
    case Call::KILL: return missing(call.has_kill(), "kill");
    case Call::SHUTDOWN: return missing(call.has_shutdown(), "shutdown");
    case Call::RECONCILE: return missing(call.has_reconcile(), "reconcile");
    case Call::RECONCILE_OPERATIONS: return missing(call.has_reconcile_operations(), "reconcile_operations");
    case Call::ACKNOWLEDGE:
      if (!call.has_acknowledge()) return missing(false, "acknowledge");
      return invalid_uuid(call.acknowledge().uuid());
    case Call::ACKNOWLEDGE_OPERATION_STATUS:
      if (!call.has_acknowledge_operation_status()) return missing(false, "acknowledge_operation_status");
      if (auto fault = invalid_uuid(call.acknowledge_operation_status().uuid())) return fault;
      return missing(call.acknowledge_operation_status().has_agent_id(), "agent_id");
    case Call::UPDATE_FRAMEWORK:
      if (!call.has_update_framework()) return missing(false, "update_framework");
      if (call.framework_id().value() != call.update_framework().framework_info().id().value()) {
        return "'framework_id' differs from 'update_framework.framework_info.id'";
      }
      return std::nullopt;
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<std::string> invalid_call(const Call& call, const std::optional<std::string>& principal) {
  if (!call.IsInitialized()) return "Not initialized: " + call.InitializationErrorString();
  if (!call.has_type()) return "Expecting 'type' to be present";
  if (call.type() == Call::SUBSCRIBE) return invalid_subscribe(call, principal);
  if (!call.has_framework_id()) return "Expecting 'framework_id' to be present";
  return invalid_content(call);
}

}  // namespace esaas::embedded
