#pragma once
// The key by which this installation's proxies know its controller.

#include "core/base/result.h"
#include "reconcilers/effects/haproxy/identity.h"
#include "store/secrets/secret_store.h"

namespace esaas::api {

/// The one that is kept, or a new one that is kept from now on.
Result<haproxy::Identity> ensure_controller_identity(store::SecretStore& secrets);

/// True for a secret of the controller's own, which no event refers to.
bool is_of_the_controller(std::string_view secret_id);

}  // namespace esaas::api
