#pragma once
// Companions: proxies and Kibana, which are no nodes of Elasticsearch and are seen by asking them. One is joined when
// it answered for the first time in its task's life: a proxy, when it follows the list of servers too. They are asked
// often while something waits for them, now and then otherwise; one that stays silent has left
// (loop/controller_elasticsearch.cc).

#include <optional>
#include <span>

#include "core/base/result.h"
#include "reconcilers/draft.h"
#include "reconcilers/rules/launch_rules.h"

namespace esaas::reconcile {

/// What the companion is started with. Errors: kUnavailable while what it needs is not there (Kibana: a node that
/// answers), and those of the renderers.
Result<model::LaunchSpec> render_companion(const View& view, const state::Node& node, const model::LaunchInputs& inputs,
                                           std::span<const PlannedPlace> planned);

/// Asks those that run, and starts Kibana anew when the node that it was told of is gone.
void reconcile_companions(const View& view, Draft& draft);

}  // namespace esaas::reconcile
