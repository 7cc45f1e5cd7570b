#pragma once
// Secrets that a request brought and that were kept before its command was decided: forgotten when nothing came of it.

#include <boost/asio/awaitable.hpp>

#include <memory>

#include "api/routes/call.h"
#include "store/secrets/references.h"

namespace esaas::api {

/// True when the request changed nothing: refused, or one that was answered before. Of one that was not answered in
/// time nobody knows.
bool came_to_nothing(const Result<http::Response>& answer);

/// Erases these. What cannot be erased now is erased at the next start.
boost::asio::awaitable<void> forget(const Call& call, std::shared_ptr<store::SecretReferences> kept);

}  // namespace esaas::api
