#pragma once
// Why: what is wanted of a cluster, an operation or a node and by whom, what is being done, what holds it by which rule
// and since when, and what is tried next and when; in plain words. What it knows is what the log says: the state is its
// fold, and each hold is an event with its figures. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/state/state.pb.h"

namespace esaas::reconcile {

/// What the answers stand on. Pointers are borrowed.
struct WhyInput {
  const state::Cluster& cluster;
  std::vector<const state::Operation*> open;   ///< of this cluster
  const state::Operation* latest = nullptr;    ///< the newest one that is over; null: there is none
  std::map<std::string, std::string> reasons;  ///< why each operation was asked for, in the user's words
  Time now;
};

struct Wanted {
  std::string text;
  std::string operation = {};  ///< that wants it; empty: the specification as it is
  std::string by = {};         ///< the token's id
  std::int64_t at_us = 0;
  std::string reason = {};
};
struct Held {
  const state::Hold* hold = nullptr;
  std::string_view meaning;  ///< why there is such a rule; empty when it only tells what is waited for
  std::string operation;     ///< that it holds; empty: none in particular
  std::string remedy = {};   ///< what a person can do if the wait does not end by itself; empty: nothing is known
};
struct Next {
  std::string text;
  std::int64_t at_us = 0;  ///< 0: with the next news
};

struct Explanation {
  std::string subject;
  std::string answer;  ///< the one sentence
  std::vector<Wanted> wanted;
  std::vector<std::string> doing;
  std::vector<Held> held;
  std::vector<Next> next;
};

Explanation explain_cluster(const WhyInput& input);
/// `operation` may be over.
Explanation explain_operation(const WhyInput& input, const state::Operation& operation);
Explanation explain_node(const WhyInput& input, const state::Node& node);

/// The hold keeps this running operation waiting.
bool concerns(const state::Hold& hold, const state::Operation& operation, const state::Cluster& cluster);

/// Why there is a rule of this name; empty when it is in no table.
std::string_view meaning_of_rule(std::string_view rule);

/// For a terminal.
std::string to_text(const Explanation& explanation);

}  // namespace esaas::reconcile
