#pragma once
// ACCEPT: what becomes of offers. Operations are carried out in order, each for itself; what is left over is declined.
// Pure.

#include "reconcilers/embedded/model/world.h"

namespace esaas::embedded {

void accept(World& world, Framework& framework, const wire::scheduler::Call::Accept& accept, Time now);

}  // namespace esaas::embedded
