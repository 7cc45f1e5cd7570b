#pragma once
// ControllerFixture: a controller over a log in memory, whose part becomes durable only when the test runs what was
// posted (`settle`), with one tenant "shop" and its cluster "search" of one node at hand. One thread.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reconcilers/loop/controller.h"
#include "store/log/memory_event_log.h"
#include "tests/reconcilers/loop/fake_ports.h"

namespace esaas::loop {

/// The command, asked by an administrator of all tenants.
Submission by_admin(command::Command command);
/// A cluster of tenant shop: one node, master and data, of 1 cpu, 512 MiB of memory and of disk.
Submission create(const std::string& name);

class ControllerFixture : public ::testing::Test {
 protected:
  using Event = mesos::wire::scheduler::Event;
  using Call = mesos::wire::scheduler::Call;

  ControllerFixture();

  /// A controller on what `state` says, as after a start, with `options_`.
  void begin(state::FleetState state);
  /// The same once more, on what the log says now.
  void restart();
  /// Turns, and lets all become durable, until nothing is left to do now.
  void settle();
  void give(const Event& event);

  Result<Accepted> submit(Submission submission);
  Result<Accepted> submit(command::Command command) { return submit(by_admin(std::move(command))); }
  void subscribe(const std::string& framework_id = "fw-1");

  /// What an agent has free. Amounts of 0 are left out.
  struct Free {
    double cpus = 4;
    double mem = 4096;
    bool ports = true;
  };
  static void add_offer(Event& event, const std::string& id, const Free& free);
  /// Of agent-1, for role es-shop.
  void offer(const std::string& id) { offer(id, Free{}); }
  void offer(const std::string& id, const Free& free);
  /// An offer of nothing but what is reserved for the place of search's node, its volume with it.
  void offer_reserved(const std::string& id, const std::string& agent, const model::Place& place);

  /// What is reserved for `place` of search's node, its volume with it.
  [[nodiscard]] std::vector<mesos::wire::Resource> reserved_for(const model::Place& place) const;

  /// Tenant, cluster, subscription: "search" has its node reserved and launched on agent-1.
  void place_search();
  [[nodiscard]] const state::Node& search_node() const { return controller_->state().find_cluster("search")->nodes(0); }
  /// What Mesos says of the task of search's node. Not settled.
  void report(mesos::wire::TaskState state, const std::string& message = {});
  /// Events of this kind in the log.
  [[nodiscard]] std::vector<event::Event> logged(event::Event::PayloadCase kind) const;

  ControllerOptions options_;
  Time now_ = from_us(1'475'000'000'000'000);
  store::MemoryEventLog log_;
  std::unique_ptr<store::LogWriter> writer_ = store::make_immediate_writer(log_);
  PublishedState published_;
  FakePorts ports_;
  std::optional<Controller> controller_;
};

}  // namespace esaas::loop
