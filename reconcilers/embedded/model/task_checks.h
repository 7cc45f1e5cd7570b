#pragma once
// Whether a task may be launched: the checks of a master, in its order and words. Pure.

#include "reconcilers/embedded/model/world.h"

namespace esaas::embedded {

/// The resources of the task, all of them within `available`; or the sentence for its TASK_ERROR.
Result<Resources> check_task(const World& world, const Framework& framework, const Agent& agent,
                             const std::string& role, const Resources& available, const wire::TaskInfo& task);

}  // namespace esaas::embedded
