#pragma once
// Story: given events, when a command, then events or a refusal. Folds what it accepts, stamping seq and time as the
// sequencer does. Not thread-safe; one per test.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/commands/decide.h"
#include "core/events/event_kind.h"
#include "core/state/fleet_state.h"

namespace esaas::test {

inline constexpr Time kNoon = from_us(1'476'014'400'000'000);  // 2016-10-09T12:00:00Z

struct Story {
  state::FleetState state = {};
  Time now = kNoon;
  command::Caller caller = {"tok-root", "", model::TOKEN_ROLE_ADMIN, "127.0.0.1:5000"};

  /// Stamps and folds one event; answers its seq.
  std::uint64_t fold(event::Event event);

  /// The answer of `decide`, nothing folded.
  [[nodiscard]] Result<std::vector<event::Event>> when(const command::Command& command) const;

  /// The command must be accepted: folds its events and answers their kinds, in order.
  std::vector<std::string> accept(const command::Command& command);

  /// The command must be refused: its error.
  [[nodiscard]] Error refusal(const command::Command& command) const;

  /// Tenant `shop` with the running cluster `search` (three nodes `data`, both roles); its create has finished.
  void given_search();
  /// Finishes the active operation of a cluster and starts the next in its queue; the kinds of the events.
  std::vector<std::string> finish_active(const std::string& cluster);
  /// The same for any operation of the cluster.
  std::vector<std::string> finish(const std::string& cluster, std::string operation_id);

  [[nodiscard]] const state::Cluster& cluster(const std::string& name = "search") const;
  /// The open operation with this id, or a default one (status unspecified) when it is closed.
  [[nodiscard]] state::Operation operation(const std::string& id) const;
};

/// A group of `count` nodes with 1 cpu, 1 GiB of memory and 2 GiB of disk.
model::NodeGroup group(const std::string& name, std::vector<model::NodeRole> roles, std::uint32_t count);
/// A valid request to create cluster `search` of tenant `shop`.
model::CreateCluster create_search();

command::SubmitOperation submit(const model::CreateCluster& request);
command::SubmitOperation submit_scale(const std::string& group, std::uint32_t count);
command::SubmitOperation submit_resize(const std::string& group, std::uint32_t mem_mib);
command::SubmitOperation submit_delete(const std::string& confirm);
command::SubmitOperation submit_suspend();
command::SubmitOperation submit_resume();
command::SubmitOperation submit_label(const std::string& key, const std::string& value);

std::vector<std::string> kinds_of(const std::vector<event::Event>& events);

}  // namespace esaas::test
