#pragma once
// Quota, as the allocator and the operator API count it. All amounts are thousandths by resource name; only scalars
// have a quota. Pure.
//
// A limit binds one role: what is reserved for it, and what is unreserved in its offers and tasks, stays below. A
// guarantee binds all others: as much of what is free stays free as roles have not yet of what they were promised,
// whether or not a framework is there to take it.

#include "reconcilers/embedded/model/world.h"

namespace esaas::embedded {

using Quantities = std::map<std::string, std::int64_t>;

/// 0 for what is not there.
std::int64_t quantity(const Quantities& quantities, const std::string& name);
/// "cpus:2; mem:512", as a master writes it.
std::string to_text(const Quantities& quantities);

/// What of `role` counts against its quota: reserved for it, and unreserved in tasks of it; with `offered`, in its
/// offers too.
Quantities consumption(const World& world, const std::string& role, bool offered = true);
/// What `role` was promised and has not; nothing of a resource that it has.
Quantities unsatisfied_guarantee(const World& world, const std::string& role);
/// What is free beyond all that is promised and not had, for each resource of which anything is.
Quantities surplus(const World& world);
/// What the registered agents have.
Quantities capacity(const World& world);

/// Cuts what is unreserved down to what the limit of the role leaves. Ports have no quota.
void cut_to_limit(const World& world, const std::string& role, Resources& resources);
/// Cuts what is unreserved down to `most`, where that names it.
void cut_to(const Quantities& most, Resources& resources);

}  // namespace esaas::embedded
