#pragma once
// WhatIf: a stored log under the eyes of this program's reconcilers. Each time that a controller decided something in
// it (intents, holds, nodes that come or go), the reconcilers are asked again, on the state just before, at the same
// moment. No I/O of its own: events come in, findings go out.
//
// What Elasticsearch and Mesos had told is not in the log, only the figures that were the basis. So a decision is
//   the same      this program decides it too, of what the state alone says
//   different     it follows from the state alone (nodes that come or go), and this program decides otherwise
//   not judged    it depends on what was observed, and is not decided on the state alone; counted by what is missing
// and nothing is claimed of the last.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/state/fleet_state.h"
#include "reconcilers/plan.h"
#include "reconcilers/settings.h"

namespace esaas::reconcile {

class WhatIf {
 public:
  /// A decision that would differ.
  struct Finding {
    std::uint64_t seq = 0;  ///< of the decision, or of the first of those beside which another would have been made
    std::string cluster;
    bool is_besides = false;  ///< this program decides it besides; else it was decided, and this program does not
    event::Event decision;
  };
  using Report = std::function<void(const Finding&)>;

  /// Judges decisions of events from `since` to `until`; before them only the state is built. `settings` must outlive
  /// it.
  WhatIf(const Settings& settings, std::uint64_t since, std::uint64_t until, Report report);

  /// Takes the next event of the log.
  void take(const event::Event& event);
  /// After the last.
  void finish();

  [[nodiscard]] const state::FleetState& state() const { return state_; }
  [[nodiscard]] std::uint64_t decisions() const { return decisions_; }
  [[nodiscard]] std::uint64_t same() const { return same_; }
  [[nodiscard]] std::uint64_t different() const { return different_; }
  /// By what is not in the log: "offers", "the master's books", "shards, indices and settings".
  [[nodiscard]] const std::map<std::string_view, std::uint64_t>& not_judged() const { return not_judged_; }

 private:
  /// What was decided at one moment for one cluster, without anything in between.
  struct Turn {
    std::int64_t at_us = 0;
    std::string cluster;
    std::vector<event::Event> decided;
    Plan plan;
  };

  void begin_turn(const event::Event& event);
  void judge();

  const Settings& settings_;
  std::uint64_t since_;
  std::uint64_t until_;
  Report report_;
  state::FleetState state_;
  std::optional<Turn> turn_;
  std::uint64_t decisions_ = 0;
  std::uint64_t same_ = 0;
  std::uint64_t different_ = 0;
  std::map<std::string_view, std::uint64_t> not_judged_;
};

/// The controller decided it, by a reconciler: an intent, a hold that began, a node that is to come or go.
bool is_decision(const event::Event& event);

}  // namespace esaas::reconcile
