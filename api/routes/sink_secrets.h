#pragma once
// The secret of a sink: the key that a webhook's bodies are signed with, or the password of a Kafka user. The sink says
// only where it is kept.

#include <boost/json/object.hpp>

#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/model/sink.pb.h"
#include "store/secrets/references.h"
#include "store/secrets/secret_store.h"

namespace esaas::api {

/// Takes webhook.secret or kafka.sasl_password out of a request's body; nothing when it says none. kInvalidArgument: it
/// is none, or the body says where one is kept, which is not for clients to say.
Result<std::optional<std::string>> take_sink_secret(boost::json::object& body);

/// The sink with its secret: the given one (empty: none), else the one that it had `before`. The same one is not kept
/// twice, so that a request that is repeated changes nothing, unless it now goes another way than before. With
/// `only_looks` nothing is kept. What is kept newly is added to `kept`. Reads and writes the disk.
Result<model::Sink> refer_to_secret(model::Sink sink, const model::Sink& before,
                                    const std::optional<std::string>& secret, store::SecretStore& secrets,
                                    bool only_looks, store::SecretReferences& kept);

}  // namespace esaas::api
