#pragma once
// Plan: what a reconciler wants done, what it holds back and by which rule, and when to look again.

#include <optional>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/events/event.pb.h"

namespace esaas::reconcile {

/// Something to do: its intents are appended together, and once they are durable the effect of each
/// is performed (effects are derived from intents, so an intent says everything that its effect
/// needs).
struct Action {
  std::string name;                  ///< "place_node", for metrics and dry runs
  std::vector<event::Event> events;  ///< payload set; node-level facts in the payload; never empty
};

/// Something that is wanted and waits. `rule` is the name of a rule that the user reads.
struct Hold {
  std::string rule;
  std::string node;  ///< empty: the whole cluster
  std::string why;   ///< a sentence; figures that change from poll to poll are in `basis` only
  std::vector<model::Figure> basis;
  Time next_check;
};

struct Plan {
  std::vector<Action> actions;
  std::vector<Hold> holds;
  /// Intents that are already in the log and whose effect is to be performed once more (a kill that
  /// was not answered, a setting that is not seen applied). Nothing is appended for them. They are
  /// level-triggered as all else: whoever performs them skips one that is under way or was sent
  /// less than a few seconds ago (Settings).
  std::vector<event::Event> repeats;
  std::optional<Time> next_check;  ///< look again by then even if nothing changes
};

}  // namespace esaas::reconcile
