#pragma once
// What a master refuses about a framework's description, in its words. Pure.

#include <optional>
#include <set>
#include <string>

#include "reconcilers/effects/mesos/wire/mesos.pb.h"

namespace esaas::embedded {

namespace wire = esaas::mesos::wire;

/// The fault of a role's name, or nothing.
std::optional<std::string> invalid_role(const std::string& role);

/// The fault of a description by itself, or nothing.
std::optional<std::string> invalid_framework(const wire::FrameworkInfo& info);

/// The first of `suppressed` that is no role of the framework, as a sentence.
std::optional<std::string> invalid_suppression(const wire::FrameworkInfo& info,
                                               const std::set<std::string>& suppressed);

/// Why `after` may not take the place of `before`, or nothing.
std::optional<std::string> invalid_update(const wire::FrameworkInfo& before, const wire::FrameworkInfo& after);

}  // namespace esaas::embedded
