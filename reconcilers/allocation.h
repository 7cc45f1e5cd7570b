#pragma once
// Whether Elasticsearch may allocate replicas: cluster.routing.allocation.enable, as a transient setting. While a data
// node is away for a restart it is "primaries", so that nobody copies its shards to other nodes only to throw the
// copies away when it is back. It follows from what is so: a data node between the beginning of its restart and its
// end, or a restart of all nodes. One that lasts longer than settings.assignment_patience (a node that does not come
// back, a restart that is held) does not keep shards without their copies: they are allocated elsewhere then. When none
// is left (the operation was cancelled, the node was removed, the cluster
// suspended) it is taken away, and until Elasticsearch has confirmed that, it is asked for again: an intent in the log
// is not forgotten.
//
// A value that somebody else has set is theirs: it is neither replaced nor taken away, and a restart does not wait for
// ours then. "primaries" that nobody wants any more is not taken for theirs: a request of ours that was long on its way
// may have come last. It is noted as in force (observe.cc) and taken away again; who holds allocation by hand has
// "none" and "new_primaries". "all" is what Elasticsearch does by itself, and on 2.x what taking the setting away
// leaves behind.

#include <cstdint>

#include "reconcilers/draft.h"

namespace esaas::reconcile {

/// The value of the setting while a restart is under way.
inline constexpr std::string_view kPrimariesOnly = "primaries";

void reconcile_allocation(const View& view, Draft& draft);

/// Settings::assignment_patience has not passed since. What takes longer may never come back: then copies elsewhere are
/// worth more than the work that they cost.
bool is_recent(const View& view, std::int64_t since_at_us);

/// Replicas are kept where they are, as far as we know: by our value, or by whatever somebody else has set.
bool holds_allocation(const View& view);

}  // namespace esaas::reconcile
