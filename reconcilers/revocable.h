#pragma once
// Revocable resources: what Mesos lends while nobody else uses it, and takes back by ending the task. Only nodes that
// are marked preemptible may have them, and of those only what a node can lose: processors and memory. Pure.
//
// Each resource of a node is wholly revocable or wholly not: a master takes no task that has both kinds of one. An
// estimator may lend processors alone, so a node's processors can be revocable and its memory not.
// Why it is so: core/decisions/0012-transient-places-and-revocable-resources.md.

#include "reconcilers/observation.h"

namespace esaas::reconcile {

struct RevocableParts {
  bool cpus = false;
  bool mem = false;

  [[nodiscard]] int count() const { return (cpus ? 1 : 0) + (mem ? 1 : 0); }
};

/// What of `resources` the offer lends whole.
RevocableParts revocable_parts(const Offer& offer, const model::Resources& resources);

/// What a node may have of the offer at the most: of processors and memory the larger of both kinds when it is
/// preemptible, else only what is not revocable.
Quantities usable(const Offer& offer, bool preemptible);

/// How much of `resources` is revocable when those parts are.
model::Resources revocable_of(const model::Resources& resources, const RevocableParts& parts);

}  // namespace esaas::reconcile
