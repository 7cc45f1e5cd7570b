#pragma once
// Which indices have how many replicas, and the requests that change it. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "reconcilers/requests.h"

namespace esaas::reconcile {

/// `pattern` is a name, or has '*' in it for any text; "_all" is every name.
bool matches(std::string_view pattern, std::string_view name);
/// One of the patterns does; none at all: every name.
bool matches_any(const google::protobuf::RepeatedPtrField<std::string>& patterns, std::string_view name);

/// The number of replicas follows the number of nodes by itself.
bool expands_by_itself(const IndexInfo& index);

/// "a, b, c and 4 more".
std::string listed(const std::vector<std::string>& names);

/// One request for each number of replicas that the indices have now, and for as many of them as fit into a path. The
/// subject is the indices' names.
std::vector<WantedRequest> replicas_requests(std::string_view purpose, const std::vector<const IndexInfo*>& indices,
                                             std::uint32_t replicas);

}  // namespace esaas::reconcile
