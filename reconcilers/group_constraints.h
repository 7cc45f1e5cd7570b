#pragma once
// GroupConstraints: the constraints of one node group, held against the offers of a pass. Made once for the group; then
// for each node in turn `look_for` weighs every value of every constrained attribute by the rules
// (rules/constraint_rules.h), `allows` answers for an offer, and `add` tells of the place that was chosen.
// Lives within one call of `reconcile`; borrows everything.
//
// The values that are known are those of the offers and of the cluster's places, as far as the constraints that look at
// the agent alone (LIKE, UNLIKE) let the group go there: a zone that the group may not use is none that it lacks.

#include <re2/re2.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/state/state.pb.h"
#include "reconcilers/attribute_values.h"
#include "reconcilers/offer_set.h"
#include "reconcilers/rules/constraint_rules.h"

namespace esaas::reconcile {

/// The values of the attributes that a pass asks about, by name: of all offers and of all places of the cluster.
class ValuesByAttribute {
 public:
  ValuesByAttribute(const OfferSet& offers, const state::Cluster& cluster) : offers_(offers), cluster_(cluster) {}
  AttributeValues& of(std::string_view attribute);
  [[nodiscard]] const OfferSet& offers() const { return offers_; }

 private:
  const OfferSet& offers_;
  const state::Cluster& cluster_;
  std::map<std::string, AttributeValues, std::less<>> values_;
};

class GroupConstraints {
 public:
  /// `group` null (it is not in the specification any more): there are none.
  GroupConstraints(const model::NodeGroup* group, const state::Cluster& cluster, ValuesByAttribute& values);

  /// There are none.
  [[nodiscard]] bool empty() const { return attributes_.empty(); }
  /// Prepares `allows` for a node; `replaced`: the name of the node that it replaces, or empty.
  void look_for(std::string_view replaced);
  /// All constraints suit the offer.
  [[nodiscard]] bool allows(std::size_t offer) const;
  /// Those do that depend on the agent alone. Needs no look_for.
  [[nodiscard]] bool may_ever_use(std::size_t offer) const;
  /// As may_ever_use, for where a node is.
  [[nodiscard]] bool may_ever_use(const model::Place& place) const;
  /// Calls `count` with "constraint_ATTRIBUTE" for each attribute whose constraints refuse the offer, once.
  template <typename Count>
  void for_each_refusal(std::size_t offer, const Count& count) const {
    for (const Attribute& attribute : attributes_) {
      if (!attribute.allowed[attribute.values->of_offer(offer)]) count(attribute.figure);
    }
  }

  /// A node of the group was given a place on this offer.
  void add(const state::Node& node, std::size_t offer);

  /// Some constraint of the group is on this attribute.
  [[nodiscard]] bool asks_about(std::string_view attribute) const;
  /// Some constraint spreads or gathers the group's nodes by this attribute.
  [[nodiscard]] bool arranges_by(std::string_view attribute) const;

 private:
  struct One {
    const model::Constraint* constraint;
    const ConstraintRule* rule;
    std::unique_ptr<re2::RE2> pattern;
    std::optional<std::uint32_t> number;
  };
  struct Resident {
    std::string_view node;
    AttributeValues::Id value;
  };
  /// Constraints on one attribute: they see the same values and are one figure.
  struct Attribute {
    std::string name;
    std::string figure;
    AttributeValues* values;
    std::vector<One> constraints;
    std::vector<Resident> residents;  ///< the group's nodes, in the cluster's order, then as they were placed
    std::vector<bool> allowed;        ///< by value, for the node that look_for was called with
    std::vector<bool> allowed_ever;   ///< by value, by LIKE and UNLIKE alone
    std::vector<bool> known;          ///< by value
  };

  Attribute& attribute(const std::string& name, ValuesByAttribute& values);
  void learn(const state::Cluster& cluster, std::string_view group, std::size_t offers);
  static void weigh(Attribute& attribute, std::string_view replaced);
  static bool weigh_agent(const Attribute& attribute, AttributeValues::Id value);

  std::deque<Attribute> attributes_;
};

}  // namespace esaas::reconcile
