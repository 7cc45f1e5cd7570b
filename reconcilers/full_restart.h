#pragma once
// A restart of all nodes of Elasticsearch at once: for versions that do not work together, or because a user asked for
// it. The cluster answers nobody meanwhile, and loses nothing:
//
//   FullRestartBegan      with the new version, or with the request; from here on no node is launched (the launch rule
//                         all_nodes_stop_first)
//   allocation held, flush of everything
//   FullRestartPrepared
//   all tasks killed      in one action, under rules (rules/rollout_rules.h): the log never holds half of it
//   FullRestartStopped    none of them may run any more, so none of the old version can meet one of the new
//   launched              launching.h
//   FullRestartEnded      all have joined again; allocation is given back
//
// A pause holds it until it is prepared; a cluster that is half stopped is worse than one that is restarted. Nothing
// but the stop itself is noted while the cluster is suspended.

#include "reconcilers/draft.h"

namespace esaas::reconcile {

void reconcile_full_restart(const View& view, Draft& draft);

/// The event that begins it, on the figures of now.
event::Event full_restart_began(const View& view, std::string why);

}  // namespace esaas::reconcile
