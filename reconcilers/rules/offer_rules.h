#pragma once
// Why an offer does not suit a node. The names are the reasons that are counted in the basis of a
// hold and of a choice.

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconcilers/observation.h"

namespace esaas::reconcile {

/// A node that looks for a place.
class PlacementAsk {
 public:
  /// `agents_in_use`: where the cluster has a node already; borrowed, as the resources and the
  /// group are.
  PlacementAsk(const model::Resources& resources, const model::NodeGroup* group,
               const std::vector<std::string_view>& agents_in_use);

  /// The name of the first rule that refuses the offer; nothing when it suits.
  [[nodiscard]] std::optional<std::string> refusal_of(const Offer& offer) const;

  [[nodiscard]] const model::Resources& resources() const { return resources_; }
  [[nodiscard]] bool uses(std::string_view agent_id) const;

 private:
  const model::Resources& resources_;
  const model::NodeGroup* group_;
  const std::vector<std::string_view>& agents_in_use_;
  std::vector<std::unique_ptr<re2::RE2>> patterns_;  ///< one for each constraint of the group
};

/// The two lowest free ports: for HTTP and for transport.
std::optional<std::pair<std::uint32_t, std::uint32_t>> two_ports(const Offer& offer);

}  // namespace esaas::reconcile
