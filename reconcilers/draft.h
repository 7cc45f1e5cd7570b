#pragma once
// Draft: a plan while it is being made. It hands out the seq that the next event will get and keeps
// each offer from being used twice. Lives within one call of `reconcile`.

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconcilers/view.h"

namespace esaas::reconcile {

/// What a rule says when it refuses: a sentence that stays the same while the situation does, and
/// the figures.
struct Refusal {
  std::string why;
  std::vector<model::Figure> basis;
};

/// Short form of a figure.
model::Figure figure(std::string name, std::string value);
model::Figure figure(std::string name, std::uint64_t value);

class Draft {
 public:
  explicit Draft(const Input& input) : input_(input), next_seq_(input.next_seq) {}

  /// The seq that the next event added by `act` will get.
  [[nodiscard]] std::uint64_t next_seq() const { return next_seq_; }

  void act(std::string name, std::vector<event::Event> events);
  void act(std::string name, event::Event event);
  void repeat(event::Event intent);
  /// `node` empty: the whole cluster. Looks again after the poll interval unless `next_check` says
  /// otherwise.
  void hold(std::string_view rule, std::string_view node, Refusal refusal);
  void hold(std::string_view rule, std::string_view node, Refusal refusal, Time next_check);
  /// The same, but said beside what the rule holds back already: its sentence and figures are added to that hold.
  void hold_also(std::string_view rule, std::string_view node, Refusal refusal);
  /// Look again by then.
  void check_at(Time moment);
  void check_soon() { check_at(input_.now + input_.settings.poll_interval); }

  /// Offers that are still free in this plan.
  [[nodiscard]] bool is_free(std::size_t offer) const {
    return !input_.offers.is_taken(offer) && (is_used_.empty() || !is_used_[offer]);
  }
  /// Those that this plan uses.
  [[nodiscard]] const std::vector<std::size_t>& used() const { return used_; }
  void use(std::size_t offer);

  /// What is to be performed once more, so far.
  [[nodiscard]] const std::vector<event::Event>& repeats() const { return plan_.repeats; }

  /// The plan holds an action of this name.
  [[nodiscard]] bool has_action(std::string_view name) const;

  [[nodiscard]] Plan take() { return std::move(plan_); }

 private:
  const Input& input_;
  Plan plan_;
  std::uint64_t next_seq_;
  std::vector<std::size_t> used_;
  std::vector<bool> is_used_;  // empty until one is
};

}  // namespace esaas::reconcile
