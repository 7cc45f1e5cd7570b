#pragma once
// Between a World and its durable State. Pure and deterministic.

#include <memory>

#include "reconcilers/embedded/model/world.h"

namespace esaas::embedded {

State to_state(const World& world);

/// See MesosModel::restore.
Result<std::unique_ptr<World>> to_world(ModelOptions options, const State& state, Time now);

}  // namespace esaas::embedded
