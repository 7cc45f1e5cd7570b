#pragma once
// World: one cluster, perfect agents and a perfect Elasticsearch around the pure reconcilers, for
// their tests. A round is what the controller does in a second: observe, reconcile until nothing
// more is planned, note the holds, and hear at once what became of every intent. Faults are what a
// test does to it between rounds. After every step it checks what must always be true and collects
// what is not in `violations`.
//
// It is far simpler than the simulation (tests/simulation): no messages, no delays, no loss.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/commands/decide.h"
#include "core/state/fleet_state.h"
#include "reconcilers/reconcile.h"

namespace esaas::test {

struct WorldAgent {
  std::string id;
  std::string hostname;
  std::map<std::string, std::string, std::less<>> attributes;
  std::string zone;  ///< of the one region that there is; empty: none
  reconcile::Quantities free{8000, 16384, 100000};
  reconcile::Quantities lent = {};                                          ///< free as revocable resources
  std::vector<reconcile::OfferedDisk> disks = {};                           ///< free ones, beside the root disk
  bool is_up = true;                                                        ///< makes offers
  std::map<std::string, std::pair<std::string, model::Place>> places = {};  ///< by volume id: node and place
  std::map<std::string, reconcile::Quantities> additions = {};  ///< reserved beside a place, by its volume id
};

/// A copy of a shard, on a node's disk. `target` is where it moves to in the next round.
struct WorldCopy {
  std::string node;
  std::string target;
};

struct WorldIndex {
  std::uint32_t replicas = 1;
  std::vector<std::vector<WorldCopy>> shards;
  std::string initial_shards = {};  ///< index.recovery.initial_shards
};

class World {
 public:
  explicit World(int agents = 5);

  // ---- What a user does ----
  static model::NodeGroup group(std::string name, std::uint32_t count, std::vector<model::NodeRole> roles = {});
  void create(std::vector<model::NodeGroup> groups);
  void scale(const std::string& group, std::uint32_t count);
  void resize(const std::string& group, std::uint32_t mem_mib);
  void resize_disk(const std::string& group, std::uint32_t disk_mib);
  void remove();
  void suspend();
  void resume();
  /// Each node once more; an empty group is all.
  void restart(const std::string& group = "");
  void restart_all_at_once();
  void upgrade(const std::string& version, const std::string& repository = "");
  void configure(const std::string& group, const std::string& key, const std::string& value);
  void install_plugin(const std::string& name);
  void submit(model::Request request);
  void control(command::OperationVerb verb);
  /// An administrator puts a rule that holds now out of force for the active operation.
  void override_rule(const std::string& rule);
  /// The active operation ends as cancelled, and what it asked for stays wanted.
  void give_up_operation();
  /// A refusal of `decide` is an answer too, and not a mistake of the test.
  bool may_be_refused = false;
  void index(const std::string& name, std::uint32_t shards, std::uint32_t replicas);
  /// Of every index to none: what the hold too_few_nodes_for_replicas asks the user for.
  void lower_replicas();

  // ---- What happens to it ----
  void end_task(const std::string& node, model::TaskState state, const std::string& reason = {});
  /// The task is out of sight (and so is its node); the agent makes no offers.
  void lose_agent_of(const std::string& node);
  void see_agents_again();
  void declare_gone(const std::string& node);
  bool elasticsearch_is_silent = false;
  bool kills_are_lost = false;
  bool volumes_do_not_grow = false;
  std::vector<std::string> closed_indices;
  bool flushes_are_lost = false;
  bool index_settings_are_lost = false;       ///< no answer to PUT /INDEX/_settings
  std::set<std::string> unchangeable;         ///< indices whose settings Elasticsearch refuses to change
  std::set<std::string> strangers;            ///< nodes that run and do not find the others
  std::int64_t disk_available_mib = 90'000;   ///< of 100,000, on every node
  std::set<std::string> bad_plugins;          ///< that no node can install
  std::set<std::string> lost_archives;        ///< of plugins: no agent can fetch them, and does not start the task
  std::uint32_t created_version = 2'030'399;  ///< of the indices
  std::string snapshot_state = "SUCCESS";     ///< of every snapshot that was asked for

  // ---- Time ----
  void round();
  /// Rounds until no operation is open and nothing is planned; false when that takes more than
  /// `rounds_max`.
  bool settle(int rounds_max = 200);

  // ---- To look at ----
  [[nodiscard]] bool exists() const { return state.find_cluster(kName) != nullptr; }
  [[nodiscard]] const state::Cluster& cluster() const { return *state.find_cluster(kName); }
  [[nodiscard]] const state::Node& node(const std::string& name) const;
  [[nodiscard]] bool has_node(const std::string& name) const;
  [[nodiscard]] bool has_hold(const std::string& rule) const;
  [[nodiscard]] reconcile::Observation observe_now() const;
  [[nodiscard]] std::vector<reconcile::Offer> offers() const;
  [[nodiscard]] reconcile::Plan plan() const;
  [[nodiscard]] std::set<std::string> joined() const;
  /// Events of this kind, in their order.
  [[nodiscard]] std::vector<event::Event> events_of(event::Event::PayloadCase kind) const;
  /// The kinds of what `plan` would do, for failure messages.
  [[nodiscard]] std::string show() const;

  static constexpr const char* kName = "search";
  state::FleetState state;
  std::vector<event::Event> log;
  std::vector<WorldAgent> agents;
  std::map<std::string, WorldIndex> indices;
  std::vector<std::string> excluded;
  std::uint32_t minimum_master_nodes = 0;  ///< the persistent setting
  std::string allocation_enable;           ///< the transient setting
  std::vector<std::string> snapshots;      ///< that were asked for: "REPOSITORY/NAME"
  std::vector<std::string> violations;
  std::vector<std::string> outcomes;  ///< of operations, in the order they ended: "succeeded"
  reconcile::Settings settings;
  Time now;

 private:
  void append(event::Event event);
  void append_all(std::vector<event::Event> events);
  void plan_and_act();
  void note_holds(const reconcile::Plan& plan);
  void perform(const event::Event& intent);
  void move_shards();
  void move_shard(std::vector<WorldCopy>& copies, std::uint32_t replicas, const std::set<std::string>& members);
  void check_kill(const std::string& node);
  void check_kills(const reconcile::Plan& made);
  void check_volume(const std::string& node);
  void check();
  void check_quorum();
  void teach_quorum();
  WorldAgent& agent(const std::string& id);
  void perform_growth(const event::Event& intent);
  void perform_request(const event::Event& intent);
  void put_index_settings(const std::set<std::string>& names, const std::string& body);
  /// What was added is the place's from now on.
  void merge_grown(const event::Event& event);
  /// Takes what the place needs from the agent, or gives it back.
  void use(WorldAgent& agent, const model::Place& place, int sign);
  /// Its process is over, and with it its place if that was transient.
  void stop(const std::string& task_id);
  [[nodiscard]] bool is_excluded(const std::string& node) const;
  [[nodiscard]] bool is_up(const state::Node& node) const;
  [[nodiscard]] bool has_role(const state::Node& node, model::NodeRole role) const;
  [[nodiscard]] bool has_master() const;
  [[nodiscard]] reconcile::Input input(const reconcile::OfferSet& offers) const;

  std::set<std::string> alive_;                        ///< tasks by id
  std::map<std::string, model::Place> transient_;      ///< places of those that have no reserved one
  std::map<std::string, std::uint32_t> known_quorum_;  ///< by node: its configuration, then the setting
  std::optional<reconcile::Observation> observation_;
};

}  // namespace esaas::test
