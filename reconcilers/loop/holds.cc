#include "reconcilers/loop/holds.h"

#include <algorithm>

namespace esaas::loop {
namespace {

bool same(const state::Hold& known, const reconcile::Hold& hold) {
  return known.rule() == hold.rule && known.node() == hold.node;
}

event::Event ended(const state::Hold& hold) {
  event::Event event;
  event.mutable_hold_ended()->set_rule(hold.rule());
  event.mutable_hold_ended()->set_node(hold.node());
  return event;
}

event::Event began(const reconcile::Hold& hold) {
  event::Event event;
  auto& payload = *event.mutable_hold_began();
  payload.set_rule(hold.rule);
  payload.set_node(hold.node);
  payload.set_why(hold.why);
  for (const model::Figure& figure : hold.basis) *payload.add_basis() = figure;
  payload.set_next_check_at_us(to_us(hold.next_check));
  return event;
}

}  // namespace

std::vector<event::Event> hold_changes(const state::Cluster& cluster, const std::vector<reconcile::Hold>& holds) {
  std::vector<event::Event> changes;
  for (const state::Hold& known : cluster.holds()) {
    const bool still = std::ranges::any_of(holds, [&](const reconcile::Hold& hold) { return same(known, hold); });
    if (!still) changes.push_back(ended(known));
  }
  for (const reconcile::Hold& hold : holds) {
    const auto known = std::ranges::find_if(cluster.holds(), [&](const state::Hold& one) { return same(one, hold); });
    if (known == cluster.holds().end() || known->why() != hold.why) changes.push_back(began(hold));
  }
  return changes;
}

}  // namespace esaas::loop
