#pragma once
// "Did you mean": the known word that is nearest to a wrong one. Pure, thread-safe.

#include <string>
#include <string_view>
#include <vector>

namespace esaas::api::config {

/// ` (did you mean "embedded"?)` for a name that differs by at most two letters; empty when none is near.
std::string suggestion(std::string_view wrong, const std::vector<std::string>& names);

}  // namespace esaas::api::config
