#pragma once
// Passwords of those who use a cluster through its proxies: they come in the body of a request, go to the secret store,
// and nothing of them goes on (design law 12).

#include <string>

#include <boost/json/object.hpp>

#include "core/base/result.h"
#include "core/model/model.pb.h"
#include "store/secrets/references.h"
#include "store/secrets/secret_store.h"

namespace esaas::api {

/// Takes `password` out of each object of `access.users` and puts what refers to it there instead: `secret_id` and
/// `secret_version`. A user without one keeps the password that he has in `before`. With `only_looks` nothing is kept,
/// and the version is one that none will ever have. May wait for the disk. kInvalidArgument: a password that is none,
/// or a new user without one; kUnavailable: there is no secret store.
/// What was kept is added to `kept`, also before an error.
Result<void> keep_passwords(boost::json::object& body, const std::string& cluster, const model::ProxyAccess& before,
                            store::SecretStore* secrets, bool only_looks, store::SecretReferences& kept);

/// A user of `access.users` is named without a password: he keeps the one that he has.
bool keeps_a_password(const boost::json::object& body);

}  // namespace esaas::api
