#include "reconcilers/loop/holds.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "reconcilers/zone_spread.h"

namespace esaas::loop {
namespace {

bool same(const state::Hold& known, const reconcile::Hold& hold) {
  return known.rule() == hold.rule && known.node() == hold.node;
}

/// Each of them is named, and something else.
bool names_more(const auto& basis, const auto& than) {
  const auto has = [](const auto& figures, const std::string& name) {
    return std::ranges::find(figures, name, &model::Figure::name) != figures.end();
  };
  return std::ranges::all_of(than, [&](const model::Figure& figure) { return has(basis, figure.name()); }) &&
         std::ranges::any_of(basis, [&](const model::Figure& figure) { return !has(than, figure.name()); });
}

/// Nothing: it does not say.
std::optional<std::uint64_t> offers_looked_at(const auto& basis) {
  for (const model::Figure& figure : basis) {
    std::uint64_t count = 0;
    const std::string& text = figure.value();
    if (figure.name() != "offers") continue;
    if (std::from_chars(text.data(), text.data() + text.size(), count).ec == std::errc()) return count;
  }
  return std::nullopt;
}

/// A node's first look for a place is at no offer at all, or at some. What more of them lack is told when they come.
/// The most that were ever looked at only grows, and so does what as many lacked: however offers come and go, this
/// ends.
bool tells_of_more_offers(const state::Hold& known, const reconcile::Hold& hold) {
  if (hold.rule != reconcile::kWaitsForOffer) return false;
  const auto before = offers_looked_at(known.basis());
  const auto now = offers_looked_at(hold.basis);
  if (!now) return false;
  if (before != now) return now > before;
  return names_more(hold.basis, known.basis());
}

/// A hold that tells whose it is belongs to that operation (the first, where it tells of more); else the caller
/// decides.
void attribute(event::Event& event, const auto& basis) {
  const auto found = std::ranges::find(basis, "operation", &model::Figure::name);
  if (found != basis.end()) event.set_operation_id(found->value());
}

event::Event ended(const state::Hold& hold) {
  event::Event event;
  attribute(event, hold.basis());
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
  attribute(event, hold.basis);
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
    const bool is_news =
        known == cluster.holds().end() || known->why() != hold.why || tells_of_more_offers(*known, hold);
    if (is_news) changes.push_back(began(hold));
  }
  return changes;
}

}  // namespace esaas::loop
