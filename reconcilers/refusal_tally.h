#pragma once
// RefusalTally: how many offers were refused for which reason, and what the best of them had. These are the figures of
// the hold waits_for_offer, so it counts what its reader can act on: an offer is counted for every rule that refuses it
// (more memory alone will not help where the zone is wrong as well), and beside an amount that lacks stand the most
// that one of them has and what is needed: lacks_mem=3, lacks_mem_best_mib=1024, lacks_mem_needed_mib=2048. Pure.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "reconcilers/rules/offer_rules.h"

namespace esaas::reconcile {

class RefusalTally {
 public:
  void count(const OfferRefusals& refusals, const OfferSubject& subject);
  void count(std::string_view rule, std::uint64_t offers = 1);

  /// Adds the figures: of the offer rules in their order, then of the others by their names.
  void add_to(std::vector<model::Figure>& figures) const;

 private:
  struct Shortage {
    std::uint64_t offers = 0;
    std::int64_t best = 0;
    std::int64_t needed = 0;
  };
  std::array<Shortage, kOfferRulesMax> by_rule_;
  std::map<std::string, std::uint64_t, std::less<>> others_;
};

}  // namespace esaas::reconcile
