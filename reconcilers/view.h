#pragma once
// View: an Input and what follows from it, so that every reconciler and rule reads the same facts.
// Borrowed: it must not outlive its Input. Cheap to make: nothing is allocated, and what costs is
// worked out when it is asked for.

#include <cstdint>

#include "reconcilers/node_facts.h"
#include "reconcilers/reconcile.h"

namespace esaas::reconcile {

class View {
 public:
  explicit View(const Input& input);

  [[nodiscard]] const Input& input() const { return input_; }
  [[nodiscard]] const state::Cluster& cluster() const { return input_.cluster; }
  [[nodiscard]] Time now() const { return input_.now; }
  [[nodiscard]] const Settings& settings() const { return input_.settings; }

  /// The newest observation if the cluster answered and the answer is not too old; null: its health
  /// is unknown.
  [[nodiscard]] const Observation* fresh() const { return fresh_; }
  /// It answers, and every primary is active.
  [[nodiscard]] bool is_known_and_not_red() const;

  /// Of the node's group; false when the group is not in the specification.
  [[nodiscard]] bool is_master_eligible(const state::Node& node) const;
  [[nodiscard]] bool holds_data(const state::Node& node) const;
  /// A proxy or Kibana: no node of Elasticsearch, whose members say nothing about it.
  [[nodiscard]] bool is_companion(const state::Node& node) const;
  [[nodiscard]] bool is_proxy(const state::Node& node) const;
  /// Its group is neither: it may stop at any moment and start elsewhere. So its place is a transient one, but for that
  /// of a proxy, whose address is to last.
  [[nodiscard]] bool keeps_nothing(const state::Node& node) const;

  /// The cluster has existed as one: from then on masters come and go one at a time.
  [[nodiscard]] bool has_formed() const;
  /// The user paused the operation that is under way.
  [[nodiscard]] bool is_paused() const { return input_.operation != nullptr && input_.operation->paused(); }

  /// Copies (not unassigned) that the fresh observation shows on the node; moves to it count too. 0
  /// without one.
  [[nodiscard]] std::uint32_t copies_on(const state::Node& node) const;
  /// The fresh observation lists the node as a member.
  [[nodiscard]] bool is_listed(const state::Node& node) const;
  /// The cluster was asked after the node's task came to its present state, answered, and does not
  /// list the node. Of a stopped node: what the fresh observation says is so without it.
  [[nodiscard]] bool answers_without(const state::Node& node) const;
  /// The fresh observation was asked for after the last change of every task: what it says of the copies and votes
  /// elsewhere is not from before a node crashed.
  [[nodiscard]] bool knows_of_last_change() const;

 private:
  const Input& input_;
  const Observation* fresh_ = nullptr;
};

}  // namespace esaas::reconcile
