#include "reconcilers/refusal_tally.h"

#include <algorithm>

#include "reconcilers/draft.h"

namespace esaas::reconcile {

void RefusalTally::count(const OfferRefusals& refusals, const OfferSubject& subject) {
  if (refusals.none()) return;
  for (std::size_t i = 0; i < kOfferRules.size(); ++i) {
    if (!refusals.test(i)) continue;
    Shortage& shortage = by_rule_[i];
    ++shortage.offers;
    if (kOfferRules[i].offered == nullptr) continue;
    shortage.best = std::max(shortage.best, kOfferRules[i].offered(subject));
    shortage.needed = kOfferRules[i].needed(subject);
  }
}

void RefusalTally::count(std::string_view rule, std::uint64_t offers) {
  if (offers == 0) return;
  const auto known = others_.find(rule);
  if (known == others_.end()) {
    others_.emplace(rule, offers);
  } else {
    known->second += offers;
  }
}

void RefusalTally::add_to(std::vector<model::Figure>& figures) const {
  for (std::size_t i = 0; i < kOfferRules.size(); ++i) {
    const Shortage& shortage = by_rule_[i];
    if (shortage.offers == 0) continue;
    const std::string name(kOfferRules[i].name);
    figures.push_back(figure(name, shortage.offers));
    if (kOfferRules[i].offered == nullptr) continue;
    const std::string unit(kOfferRules[i].unit);
    figures.push_back(figure(name + "_best_" + unit, static_cast<std::uint64_t>(shortage.best)));
    figures.push_back(figure(name + "_needed_" + unit, static_cast<std::uint64_t>(shortage.needed)));
  }
  for (const auto& [name, offers] : others_) figures.push_back(figure(name, offers));
}

}  // namespace esaas::reconcile
