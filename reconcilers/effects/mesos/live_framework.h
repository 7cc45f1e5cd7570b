#pragma once
// What the frameworks that a master lists say against the first subscription of a log (ADR 0013). To begin as a new
// framework would be to begin beside the live tasks of an earlier one: the data directory was lost, or another one was
// named by mistake, and nobody would ever again speak for those tasks. An id that a person names may be mistyped: a
// master takes any, and would begin a framework of that id. Pure.

#include <optional>
#include <string>

#include "reconcilers/effects/mesos/wire/master.pb.h"
#include "reconcilers/effects/mesos/wire/mesos.pb.h"

namespace esaas::mesos {

/// The id of a framework of the same name and principal as `ours` that is not completed and has tasks, or may have
/// some: a master that has failed over knows it from its agents alone, and they name it for its tasks. Tasks that are
/// out of the master's sight use nothing that it counts, and are not found.
std::optional<std::string> live_framework_like(const wire::FrameworkInfo& ours,
                                               const wire::master::Response::GetFrameworks& frameworks);

/// For a person: which one it is, and the two ways out.
std::string why_not_beside(const std::string& framework_id, const wire::FrameworkInfo& ours);

/// Why the framework of the id in `ours` is not taken over, for a person: the master lists none of that id, or one of
/// another name or principal. Says what it lists under our name. Null: it is ours, whether it has tasks or not.
std::optional<std::string> why_not_taken_over(const wire::FrameworkInfo& ours,
                                              const wire::master::Response::GetFrameworks& frameworks);

}  // namespace esaas::mesos
