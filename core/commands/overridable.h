#pragma once
// Which rules a user may put out of force for one operation, and why not the others. Pure.

#include <string_view>

namespace esaas::command {

/// Why this rule binds everybody; empty when an administrator may override it.
std::string_view why_never_overridden(std::string_view rule);

}  // namespace esaas::command
