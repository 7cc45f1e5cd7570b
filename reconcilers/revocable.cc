#include "reconcilers/revocable.h"

#include <algorithm>

namespace esaas::reconcile {

RevocableParts revocable_parts(const Offer& offer, const model::Resources& resources) {
  return {.cpus = offer.revocable.cpus_milli >= std::int64_t{resources.cpus_milli()},
          .mem = offer.revocable.mem_mib >= std::int64_t{resources.mem_mib()}};
}

Quantities usable(const Offer& offer, bool preemptible) {
  Quantities most = offer.unreserved;
  if (!preemptible) return most;
  most.cpus_milli = std::max(most.cpus_milli, offer.revocable.cpus_milli);
  most.mem_mib = std::max(most.mem_mib, offer.revocable.mem_mib);
  return most;
}

model::Resources revocable_of(const model::Resources& resources, const RevocableParts& parts) {
  model::Resources revocable;
  if (parts.cpus) revocable.set_cpus_milli(resources.cpus_milli());
  if (parts.mem) revocable.set_mem_mib(resources.mem_mib());
  return revocable;
}

}  // namespace esaas::reconcile
