#include "core/commands/fulfil.h"

#include <string>

#include "core/commands/validate.h"
#include "core/model/labels.h"

namespace esaas::command {

bool is_fulfilled_at_once(const model::Request& request) { return request.has_label(); }

Result<event::Fulfilment> fulfil(const state::Cluster& cluster, const model::Request& request) {
  const model::Labels& change = request.label().labels();
  // Only a request for many labels can exceed the limit, or one on a cluster that is at it: else no copy is made.
  if (static_cast<std::size_t>(cluster.labels_size() + change.size()) > kLabelsMax) {
    model::Labels after = cluster.labels();
    model::merge(after, change);
    if (static_cast<std::size_t>(after.size()) > kLabelsMax) {
      return fail(ErrorCode::kInvalidArgument, "labels: the cluster would have more than " + std::to_string(kLabelsMax),
                  "labels", "labels_max");
    }
  }
  event::Fulfilment fulfilment;
  *fulfilment.mutable_labels_before() = model::named_by(cluster.labels(), change);
  return fulfilment;
}

}  // namespace esaas::command
