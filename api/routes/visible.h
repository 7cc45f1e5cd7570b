#pragma once
// What a caller of one tenant may see of the others: nothing, not even that they are there.

#include <memory>
#include <string>

#include "api/routes/call.h"

namespace esaas::api {

/// Holds a caller of one tenant to it: an empty `tenant` becomes the caller's. False when it asks for another one: it
/// then finds nothing.
bool bind_tenant(const Call& call, std::string& tenant);

/// kNotFound when there is none of that name that the caller may see.
Result<std::shared_ptr<const state::Tenant>> find_visible_tenant(const Call& call, const std::string& name);

}  // namespace esaas::api
