#include "reconcilers/draft.h"

#include <algorithm>

#include "core/base/assert.h"

namespace esaas::reconcile {

model::Figure figure(std::string name, std::string value) {
  model::Figure made;
  made.set_name(std::move(name));
  made.set_value(std::move(value));
  return made;
}

model::Figure figure(std::string name, std::uint64_t value) { return figure(std::move(name), std::to_string(value)); }

void Draft::act(std::string name, std::vector<event::Event> events) {
  ESAAS_ASSERT(!events.empty(), name);
  next_seq_ += events.size();
  plan_.actions.push_back({std::move(name), std::move(events)});
}

void Draft::act(std::string name, event::Event event) {
  std::vector<event::Event> events;
  events.push_back(std::move(event));
  act(std::move(name), std::move(events));
}

void Draft::repeat(event::Event intent) { plan_.repeats.push_back(std::move(intent)); }

void Draft::hold(std::string_view rule, std::string_view node, Refusal refusal) {
  hold(rule, node, std::move(refusal), input_.now + input_.settings.poll_interval);
}

void Draft::hold(std::string_view rule, std::string_view node, Refusal refusal, Time next_check) {
  const auto same = [&](const Hold& hold) { return hold.rule == rule && hold.node == node; };
  if (std::ranges::any_of(plan_.holds, same)) return;
  plan_.holds.push_back(
      {std::string(rule), std::string(node), std::move(refusal.why), std::move(refusal.basis), next_check});
  check_at(next_check);
}

void Draft::hold_also(std::string_view rule, std::string_view node, Refusal refusal) {
  const auto same = [&](const Hold& hold) { return hold.rule == rule && hold.node == node; };
  const auto found = std::ranges::find_if(plan_.holds, same);
  if (found == plan_.holds.end()) return hold(rule, node, std::move(refusal));
  found->why += " " + refusal.why;
  for (model::Figure& one : refusal.basis) found->basis.push_back(std::move(one));
}

void Draft::check_at(Time moment) {
  if (!plan_.next_check || moment < *plan_.next_check) plan_.next_check = moment;
}

void Draft::use(std::size_t offer) {
  ESAAS_ASSERT(is_free(offer), "an offer is used twice in one plan");
  is_used_.resize(input_.offers.size());
  is_used_[offer] = true;
  used_.push_back(offer);
}

bool Draft::has_action(std::string_view name) const {
  return std::ranges::find(plan_.actions, name, &Action::name) != plan_.actions.end();
}

}  // namespace esaas::reconcile
