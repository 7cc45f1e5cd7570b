#pragma once
// The one rollout: nodes that run otherwise than they are wanted (state::runs_as_wanted: another version, other
// settings or plugins, a restart that was asked for) are taken through a restart, one after the other, on their own
// data.
//
//   NodeRestartBegan       under all rules (rules/rollout_rules.h); the basis holds the figures
//   allocation held        "primaries" (allocation.h), as far as that can be had within half a minute
//   NodeShielded           when the cluster has proxies: they send the node nothing new
//   flush                  a synced one, so that copies need not be compared afterwards; any answer will do, or none
//   within
//                          half a minute
//   NodeRestartPrepared
//   drained                the proxies have no session with it any more, or half a minute has passed
//   guarded                on 2.x: no copy without the newest writes becomes a primary (recovery_guard.h), as far as that
//                          can be had within half a minute
//   TaskKillIntended       under the rules of a stop, by an observation from after the last change
//   launched again         launching.h, as always, with what is wanted now
//   NodeRestartEnded       it has joined again; NodeUnshielded with it, and the allocation is given back
//
// Then the rules keep the next one waiting until copies of shards are assigned again. Order: data nodes, coordinating
// nodes, masters that hold data, dedicated masters, and the elected master last of all: each election costs a moment.
//
// A pause holds the next beginning; what has begun is brought to its end. What is no longer wanted before its kill, or
// can not be done for too long, ends without a kill: nothing is left behind, and it begins anew when it may. A node
// that crashed needs no restart: it comes back with what is wanted. A node that runs and is no member is started anew
// at once, for nothing is lost with it. Proxies and Kibana are restarted one at a time, without the steps of
// Elasticsearch.

#include "reconcilers/draft.h"

namespace esaas::reconcile {

void reconcile_rollout(const View& view, Draft& draft);

/// What a flush before a restart is waited for at the most, and so each other step that only makes the restart
/// smoother.
inline constexpr Duration kPreparationPatience = std::chrono::seconds{30};

/// The request that flushes all that is on a node, or for an empty name everything.
event::Event flush_intended(const std::string& node);
/// The newest flush since `since_seq`; null when there is none.
const state::ElasticsearchRequest* find_flush(const state::Cluster& cluster, const std::string& node,
                                              std::uint64_t since_seq);

}  // namespace esaas::reconcile
