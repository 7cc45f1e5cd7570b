#pragma once
// SettingAnswer: what Elasticsearch said last to a setting that follows from the nodes. Kept in memory only: it is
// asked again until it is in force.

#include <string>

#include "core/events/event.pb.h"

namespace esaas::reconcile {

struct SettingAnswer {
  event::Event::PayloadCase intent = event::Event::PAYLOAD_NOT_SET;  ///< of the effect: one answer for each is kept
  std::string setting;                                               ///< and its value, as `setting_of` tells it
  std::string refusal;  ///< the status and Elasticsearch's own words; empty: it was taken
};

/// "cluster.routing.allocation.enable = primaries": what an ExclusionsIntended, MinimumMasterNodesIntended,
/// AllocationIntended or VotingExclusionsIntended asks for. Empty for any other event.
std::string setting_of(const event::Event& intent);

}  // namespace esaas::reconcile
