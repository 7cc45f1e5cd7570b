#include "reconcilers/held.h"

#include <algorithm>

namespace esaas::reconcile {

Duration held_for(const View& view, std::string_view rule, const state::Node& node) {
  const auto& holds = view.cluster().holds();
  const auto found = std::ranges::find_if(
      holds, [&](const state::Hold& hold) { return hold.rule() == rule && hold.node() == node.name(); });
  if (found == holds.end()) return Duration::zero();
  return std::max(view.now() - from_us(found->since_at_us()), Duration::zero());
}

}  // namespace esaas::reconcile
