#pragma once
// The operations that change what an agent's resources are: reserve, unreserve, create, destroy, grow a volume. Pure
// functions.

#include <optional>
#include <string>
#include <vector>

#include "reconcilers/embedded/model/resources.h"

namespace esaas::embedded {

/// On whose behalf, and where.
struct OperationContext {
  std::string role;                      ///< of the offer
  std::optional<std::string> principal;  ///< of the framework
  std::string agent_text;                ///< how errors name the agent
  const Resources& agent_total;          ///< for the uniqueness of persistence ids
  bool resizes_volumes = true;           ///< the agent can
};

/// What an operation takes away and what it puts there instead; the quantities are the same.
struct Conversion {
  Resources consumed;
  Resources converted;
  std::vector<ResourceItem> destroyed;  ///< volumes that are no more
};

/// Works out what `operation` does to `pool` (what the accepted offers still hold). The error is the master's sentence.
/// Precondition: the type is one of the five.
Result<Conversion> convert(const wire::Offer::Operation& operation, const OperationContext& context,
                           const Resources& pool);

}  // namespace esaas::embedded
