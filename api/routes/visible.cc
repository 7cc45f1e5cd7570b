#include "api/routes/visible.h"

namespace esaas::api {

bool bind_tenant(const Call& call, std::string& tenant) {
  if (call.caller.tenant.empty()) return true;
  if (tenant.empty()) tenant = call.caller.tenant;
  return tenant == call.caller.tenant;
}

Result<std::shared_ptr<const state::Tenant>> find_visible_tenant(const Call& call, const std::string& name) {
  auto tenant = call.foundation.front.tenant(name);
  if (tenant == nullptr || !auth::may_see(call.caller, name)) {
    return fail(ErrorCode::kNotFound, "there is no tenant " + name);
  }
  return tenant;
}

}  // namespace esaas::api
