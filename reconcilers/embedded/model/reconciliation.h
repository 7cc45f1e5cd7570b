#pragma once
// RECONCILE and RECONCILE_OPERATIONS: what the master knows, without uuids. Pure.

#include "reconcilers/embedded/model/world.h"

namespace esaas::embedded {

/// A master knows the tasks of agents that it has not given up on and does not wait for.
bool is_known_to_master(const World& world, const Task& task);

/// No tasks named: all of the framework that agents in reach have.
void reconcile(World& world, Framework& framework, const wire::scheduler::Call::Reconcile& call, Time now);

void reconcile_operations(World& world, Framework& framework, const wire::scheduler::Call::ReconcileOperations& call);

}  // namespace esaas::embedded
