#pragma once
// A node of Elasticsearch that is no member has no name that is known, only its id. Where voters are told by name (in
// an observation, and in the list of voting exclusions) such a one is told by its id after this mark.

#include <string_view>

namespace esaas::reconcile {

/// No node's name begins with it.
inline constexpr std::string_view kById = "#";

}  // namespace esaas::reconcile
