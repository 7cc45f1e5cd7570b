#pragma once
// The operator API of the master, as far as it is used. Pure.

#include "reconcilers/embedded/model/world.h"

namespace esaas::embedded {

/// See MesosModel::operate.
Result<wire::master::Response> operate(World& world, const wire::master::Call& call, Time now);

}  // namespace esaas::embedded
