#include "reconcilers/held.h"

#include <algorithm>

namespace esaas::reconcile {

namespace {

Duration held_for(const View& view, std::string_view rule, std::string_view node) {
  const auto& holds = view.cluster().holds();
  const auto found =
      std::ranges::find_if(holds, [&](const state::Hold& hold) { return hold.rule() == rule && hold.node() == node; });
  if (found == holds.end()) return Duration::zero();
  return std::max(view.now() - from_us(found->since_at_us()), Duration::zero());
}

}  // namespace

Duration held_for(const View& view, std::string_view rule, const state::Node& node) {
  return held_for(view, rule, std::string_view(node.name()));
}

Duration held_for(const View& view, std::string_view rule) { return held_for(view, rule, std::string_view{}); }

}  // namespace esaas::reconcile
