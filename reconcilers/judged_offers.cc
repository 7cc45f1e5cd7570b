#include "reconcilers/judged_offers.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "reconcilers/disks.h"
#include "reconcilers/node_facts.h"
#include "reconcilers/revocable.h"

namespace esaas::reconcile {

bool operator==(const Demand& left, const Demand& right) {
  return equal(left.resources, right.resources) && left.disk_type == right.disk_type && left.region == right.region &&
         left.any_region == right.any_region && left.preemptible == right.preemptible && left.now == right.now;
}

JudgedOffers::JudgedOffers(Demand demand, std::span<const Offer> offers, const std::vector<bool>& taken)
    : demand_(std::move(demand)), offers_(offers), taken_(taken), refusals_(offers.size()) {
  /// The lowest is the best; what is compared last is compared in the offers themselves.
  struct Rank {
    std::tuple<int, std::int64_t, std::int64_t, std::int64_t> left_over;
    std::uint32_t offer;
  };
  std::vector<Rank> ranks;
  for (std::uint32_t i = 0; i < offers.size(); ++i) {
    if (taken[i]) continue;
    refusals_[i] = refusals_of(subject(i));
    if (refusals_[i].any()) continue;
    const Offer& offer = offers[i];
    const RevocableParts parts = demand_.preemptible ? revocable_parts(offer, demand_.resources) : RevocableParts{};
    ranks.push_back({{-parts.count(), parts.mem ? offer.revocable.mem_mib : offer.unreserved.mem_mib,
                      parts.cpus ? offer.revocable.cpus_milli : offer.unreserved.cpus_milli,
                      choose_disk(offer, demand_.disk_type, demand_.resources.disk_mib())->left_mib},
                     i});
  }
  std::ranges::sort(ranks, [&](const Rank& left, const Rank& right) {
    if (left.left_over != right.left_over) return left.left_over < right.left_over;
    return std::tie(offers[left.offer].agent_id, offers[left.offer].id) <
           std::tie(offers[right.offer].agent_id, offers[right.offer].id);
  });
  suitable_.reserve(ranks.size());
  for (const Rank& rank : ranks) suitable_.push_back(rank.offer);
}

OfferSubject JudgedOffers::subject(std::size_t offer) const {
  return {.resources = demand_.resources,
          .disk_type = demand_.disk_type,
          .region = demand_.region,
          .any_region = demand_.any_region,
          .preemptible = demand_.preemptible,
          .now = demand_.now,
          .agent_in_use = false,
          .offer = offers_[offer]};
}

int JudgedOffers::revocable_parts_of(std::size_t offer) const {
  return demand_.preemptible ? revocable_parts(offers_[offer], demand_.resources).count() : 0;
}

const RefusalTally& JudgedOffers::tally() const {
  if (std::exchange(tally_is_old_, false)) {
    tally_ = {};
    for (std::size_t i = 0; i < offers_.size(); ++i) {
      if (!taken_[i] && refusals_[i].any()) tally_.count(refusals_[i], subject(i));
    }
  }
  return tally_;
}

void JudgedOffers::take(std::size_t offer) {
  if (refusals_[offer].any()) tally_is_old_ = true;
}

}  // namespace esaas::reconcile
