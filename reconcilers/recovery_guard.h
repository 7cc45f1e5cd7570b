#pragma once
// Whether Elasticsearch 2.x may make a copy a primary that lacks the newest writes: index.recovery.initial_shards of
// each index. 2.x knows no copies in sync: a copy that was away for a restart and has not caught up becomes the primary
// when the node with the newer one is killed, and what was acknowledged meanwhile is lost. From 5.0 on Elasticsearch
// remembers which copies are in sync, and nothing of this is done.
//
// While a data node is on its way through a restart, or grows where it is, the indices that it has copies of have
// "all": a primary that is on no member is made only when all copies were found, and then of the newest. It is set
// while all copies of the index are started, for then the newest is among them, and seen before the node is stopped. It
// is taken away, with the default, once all copies are started again and no further node follows at once.
//
// An index that lacks a copy for good would stay red. So it is taken away, too, from an index
// - with a primary on no member, a minute after every data node became a member: no copy will come any more;
// - with a primary on no member for as long as Settings::assignment_patience;
// - when so long has passed since the last restart: as replicas are allocated elsewhere then (allocation.h).
//
// Elasticsearch alone remembers it. "all" is a synonym of "full", the value that its documentation names: "all" is ours
// wherever it is seen, whatever became of the controller, the operation, or a request that comes late. What is neither
// "all" nor the default is somebody else's and left alone, and where the nodes' own settings wait for all copies
// nothing is set. An index that Elasticsearch does not let be changed is told by a hold and not waited for.

#include "reconcilers/draft.h"

namespace esaas::reconcile {

/// What an index has while we guard it.
inline constexpr std::string_view kAllCopies = "all";

/// The controller's own requests by which it is set and taken away.
inline constexpr std::string_view kSetGuard = "policy_wait_for_all_copies";
inline constexpr std::string_view kTakeGuardAway = "policy_wait_for_quorum_of_copies";

/// Rule of a node that is not stopped before its indices are guarded, and of an operation that ends when they are not
/// any more.
inline constexpr std::string_view kWaitsForGuard = "waits_for_recovery_guard";
/// Rules of a cluster that is red because of it: not all data nodes are members, or they are.
inline constexpr std::string_view kWaitsForNewestCopy = "waits_for_newest_copy";
inline constexpr std::string_view kNewestCopyIsMissing = "newest_copy_is_missing";
/// Rule of indices that Elasticsearch does not let be guarded.
inline constexpr std::string_view kGuardIsRefused = "recovery_guard_is_refused";

void reconcile_recovery_guard(const View& view, Draft& draft);

/// The node may be stopped: its indices are guarded as far as they can be, or that was waited for long enough. Holds
/// otherwise.
bool wait_for_guard(const View& view, Draft& draft, const state::Node& node);

/// No index is seen to be guarded any more, as far as Elasticsearch does what it is asked.
bool is_guard_gone(const View& view);
/// The same, and holds otherwise: what ends then.
bool wait_for_guard_to_go(const View& view, Draft& draft, std::string_view what);

/// An index has a guard, or what would be one on 2.x.
bool shows_guard(const Observation& observation);

}  // namespace esaas::reconcile
