#include "tests/simulation/voting_configuration.h"

#include <algorithm>
#include <tuple>

namespace esaas::simulation {
namespace {

std::size_t round_down_to_odd(std::size_t count) { return count % 2 == 0 && count > 0 ? count - 1 : count; }

}  // namespace

bool has_majority(const std::set<std::string>& voting, const std::set<std::string>& present) {
  const auto votes = std::ranges::count_if(voting, [&](const std::string& voter) { return present.contains(voter); });
  return static_cast<std::size_t>(votes) * 2 > voting.size();
}

std::set<std::string> reconfigured(const std::set<std::string>& voting, const std::set<std::string>& live,
                                   const std::set<std::string>& excluded, const std::string& master) {
  std::vector<std::string> candidates;
  for (const std::string& id : live) {
    if (!excluded.contains(id)) candidates.push_back(id);
  }
  const std::size_t live_count = candidates.size();
  for (const std::string& id : voting) {
    if (!live.contains(id) && !excluded.contains(id)) candidates.push_back(id);
  }
  // Smaller goes first.
  const auto rank = [&](const std::string& id) {
    return std::tuple(!live.contains(id), id != master, !voting.contains(id), id);
  };
  std::ranges::sort(candidates, {}, rank);
  constexpr std::size_t kFewest = 3;
  const std::size_t least = voting.size() < kFewest ? 1 : kFewest;
  const std::size_t size = std::min(std::max(round_down_to_odd(live_count), least), candidates.size());
  std::set<std::string> next(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(size));
  return has_majority(next, live) ? next : voting;
}

}  // namespace esaas::simulation
