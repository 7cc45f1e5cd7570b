#pragma once
// The pure reconcilers' door: what is wanted and known in, a plan out. Nothing here reads a clock,
// logs, or keeps anything between calls: the same input gives the same plan, byte by byte.
//
// The controller calls, on its own thread, for one cluster at a time:
//   observe(...)   after each answer of Elasticsearch: the facts that changed, to be appended as events
//   reconcile(...) whenever the cluster's state, its observation or its role's offers changed, or `next_check` has come
//
// A plan's actions are appended in their order, each action's events together; the k-th event of
// all actions gets `next_seq + k`, because the ids within the events carry their own seq. A plan
// uses each offer at most once and says which in its events (`offer_id`). An event without an
// operation is of the active one, unless it is of a policy: those of policies are known by names
// that begin with "policy_" (purposes, rules), and are of no operation. The effect of each intent:
//   PlaceIntended, TaskLaunchIntended after it   one ACCEPT: RESERVE + CREATE + LAUNCH
//   PlaceIntended alone                          one ACCEPT: RESERVE + CREATE
//   both, of a transient place                   one ACCEPT: LAUNCH on what the offer has free, or lends
//   PlaceGrowthIntended                          one ACCEPT: RESERVE of what the place lacks
//   VolumeGrowthIntended                         one ACCEPT: GROW_VOLUME by what is reserved beside it
//   PlaceGrowthReleaseIntended                   one ACCEPT: UNRESERVE of what was reserved beside it
//   TaskLaunchIntended alone                     one ACCEPT: LAUNCH on what the offer shows as reserved for the node
//   PlaceReleaseIntended                         one ACCEPT: DESTROY + UNRESERVE
//   TaskKillIntended                             KILL
//   ExclusionsIntended, MinimumMasterNodesIntended, AllocationIntended, VotingExclusionsIntended
//                                                one request to Elasticsearch (es::setting_request)
//   ElasticsearchRequestIntended                 that request to Elasticsearch
//   ServersIntended                              each proxy that runs is told, by its control port
// Their outcomes come back as PlaceReserved, PlaceFailed, PlaceReleased, PlaceGrowthReserved,
// PlaceGrown, PlaceGrowthFailed, TaskStatusChanged, MesosOperationChanged, ExclusionsApplied,
// MinimumMasterNodesApplied, AllocationApplied, VotingExclusionsApplied, ElasticsearchRequestAnswered
// and ServersApplied. What failed without an answer needs no event: the plan repeats it.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/events/event.pb.h"
#include "core/state/state.pb.h"
#include "reconcilers/ledger.h"
#include "reconcilers/observation.h"
#include "reconcilers/offer_set.h"
#include "reconcilers/plan.h"
#include "reconcilers/proxy_observation.h"
#include "reconcilers/setting_answer.h"
#include "reconcilers/settings.h"

namespace esaas::reconcile {

struct Input {
  const state::Cluster& cluster;
  const state::Operation* operation = nullptr;  ///< the active one, or null
  /// Those that run beside it, in the order of their start.
  std::vector<const state::Operation*> side_operations = {};
  const state::Tenant* tenant = nullptr;       ///< of the cluster; null: it has no policies
  const Observation* observation = nullptr;    ///< the newest, or null before the first answer
  const ProxyObservations* proxies = nullptr;  ///< the newest of each proxy; null: none has answered
  const OfferSet& offers;                      ///< on hand, of the tenant's role
  std::span<const LedgerLine> ledger = {};     ///< of the cluster, as the master's books were last compared
  /// What Elasticsearch said last to each of the settings that follow from the nodes.
  std::span<const SettingAnswer> setting_answers = {};
  /// How the active operation changed the plugins, as the log has it; null: it did not, or that was not looked up.
  const event::PluginsChanged* plugins_changed = nullptr;
  const Settings& settings;
  Time now;
  std::uint64_t next_seq = 1;
  std::string_view incarnation = {};  ///< of the controller: part of each id that Mesos is given
};

/// What to do next for the cluster. Idempotent: intents that the state already holds are not
/// planned again.
Plan reconcile(const Input& input);

/// The facts in `observation` that `cluster` does not know yet: joined and left nodes, a changed
/// health, the first time that the cluster is complete. Payloads only. Empty when nothing changed,
/// which is the usual case.
std::vector<event::Event> observe(const state::Cluster& cluster, const Observation& observation, Time now);

/// True while a node waits for an offer (to be placed, launched again, to grow, or to give its place back):
/// decides whether the tenant's role is revived or suppressed.
bool wants_offers(const state::Cluster& cluster, Time now);

/// True while Elasticsearch's answers decide what happens next (a node joins, drains or leaves):
/// poll it often.
bool wants_observation(const state::Cluster& cluster);

}  // namespace esaas::reconcile
