#include "reconcilers/offer_set.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"

namespace esaas::reconcile {
namespace {

/// Clusters ask for nodes of a few sizes; each judgement is a few bytes an offer.
constexpr std::size_t kJudgedMax = 32;

}  // namespace

OfferSet::OfferSet(std::vector<Offer> offers)
    : offers_(std::move(offers)), taken_(offers_.size(), false), on_hand_(offers_.size()) {}

std::size_t OfferSet::add(Offer offer) {
  forget();
  offers_.push_back(std::move(offer));
  taken_.push_back(false);
  ++on_hand_;
  return offers_.size() - 1;
}

void OfferSet::take(std::size_t offer) {
  ESAAS_ASSERT(!taken_[offer], "an offer is taken once");
  taken_[offer] = true;
  --on_hand_;
  for (auto& [attribute, values] : values_) values.take(offer);
  for (JudgedOffers& judged : judged_) judged.take(offer);
}

void OfferSet::clear() {
  forget();
  offers_.clear();
  taken_.clear();
  on_hand_ = 0;
}

void OfferSet::forget() {
  of_agents_.clear();
  values_.clear();
  judged_.clear();
}

std::span<const std::uint32_t> OfferSet::of_agent(std::string_view agent_id) const {
  if (of_agents_.empty()) {
    for (std::uint32_t i = 0; i < offers_.size(); ++i) of_agents_[offers_[i].agent_id].push_back(i);
  }
  const auto found = of_agents_.find(agent_id);
  if (found == of_agents_.end()) return {};
  return found->second;
}

const OfferedValues& OfferSet::values_of(std::string_view attribute) const {
  const auto known = values_.find(attribute);
  if (known != values_.end()) return known->second;
  return values_.try_emplace(std::string(attribute), attribute, offers_, taken_).first->second;
}

const JudgedOffers& OfferSet::judged_by(const Demand& demand) const {
  const auto known = std::ranges::find(judged_, demand, &JudgedOffers::demand);
  if (known != judged_.end()) return *known;
  if (judged_.size() == kJudgedMax) judged_.pop_front();
  return judged_.emplace_back(demand, offers_, taken_);
}

}  // namespace esaas::reconcile
