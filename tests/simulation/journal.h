#pragma once
// Journal: what a simulation has to say: notes for a person who reads a failing seed, and violations of invariants, of
// which the first is what matters. Bounded. One thread.

#include <cstdio>
#include <deque>
#include <string>
#include <vector>

#include "tests/support/simulation_clock.h"

namespace esaas::simulation {

class Journal {
 public:
  explicit Journal(const test::SimulationClock& clock) : clock_(clock) {}

  /// Also prints each note at once.
  void set_verbose(bool verbose) { verbose_ = verbose; }
  [[nodiscard]] bool verbose() const { return verbose_; }

  void note(std::string text) {
    std::string line = to_rfc3339(clock_.now()).substr(11, 15) + "  " + std::move(text);
    if (verbose_) std::printf("%s\n", line.c_str());
    notes_.push_back(std::move(line));
    if (notes_.size() > kNotesMax) notes_.pop_front();
  }
  void violate(std::string text) {
    note("VIOLATION " + text);
    if (violations_.size() < kViolationsMax) violations_.push_back(std::move(text));
  }

  [[nodiscard]] const std::deque<std::string>& notes() const { return notes_; }
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }

 private:
  static constexpr std::size_t kNotesMax = 120;
  static constexpr std::size_t kViolationsMax = 20;

  const test::SimulationClock& clock_;
  bool verbose_ = false;
  std::deque<std::string> notes_;
  std::vector<std::string> violations_;
};

}  // namespace esaas::simulation
