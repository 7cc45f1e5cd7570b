#include "reconcilers/rules/offer_rules.h"

#include <algorithm>
#include <array>
#include <vector>

#include "reconcilers/disks.h"
#include "reconcilers/revocable.h"

namespace esaas::reconcile {
namespace {

/// Asked of every offer for every node: nothing is allocated.
bool has_two_ports(const Offer& offer) {
  std::optional<std::uint32_t> first;
  for (const PortRange& range : offer.ports) {
    if (range.end > range.begin) return true;
    if (range.end < range.begin) continue;
    if (first && *first != range.begin) return true;
    first = range.begin;
  }
  return false;
}

std::int64_t cpus_offered(const OfferSubject& subject) { return usable(subject.offer, subject.preemptible).cpus_milli; }

std::int64_t mem_offered(const OfferSubject& subject) { return usable(subject.offer, subject.preemptible).mem_mib; }

bool is_elsewhere(const OfferSubject& subject) {
  if (subject.any_region) return false;
  return subject.region.empty() ? subject.offer.is_remote : subject.offer.region != subject.region;
}

bool lacks_disk(const OfferSubject& subject) {
  return largest_disk_mib(subject.offer, subject.disk_type) &&
         !choose_disk(subject.offer, subject.disk_type, subject.resources.disk_mib());
}

bool is_under_maintenance(const OfferSubject& subject) {
  const auto& window = subject.offer.unavailability;
  if (!window || window->begins_at - subject.now > kMaintenanceNear) return false;
  return !window->lasts || window->begins_at + *window->lasts > subject.now;
}

constexpr std::array kRules{
    OfferRule{"agent_already_has_a_node_of_this_cluster", "One machine lost must be one node lost.",
              [](const OfferSubject& subject) { return subject.agent_in_use; }, nullptr, nullptr, ""},
    OfferRule{"lacks_cpus", "The node gets its processors whole, and all of one kind.",
              [](const OfferSubject& subject) {
                return cpus_offered(subject) < std::int64_t{subject.resources.cpus_milli()};
              },
              cpus_offered, [](const OfferSubject& subject) { return std::int64_t{subject.resources.cpus_milli()}; },
              "milli"},
    OfferRule{
        "lacks_mem", "The Java heap and the file cache live in it.",
        [](const OfferSubject& subject) { return mem_offered(subject) < std::int64_t{subject.resources.mem_mib()}; },
        mem_offered, [](const OfferSubject& subject) { return std::int64_t{subject.resources.mem_mib()}; }, "mib"},
    OfferRule{"lacks_disk_type", "The group wants its volumes on a kind of disk that the agent does not have free.",
              [](const OfferSubject& subject) { return !largest_disk_mib(subject.offer, subject.disk_type); }, nullptr,
              nullptr, ""},
    OfferRule{
        "lacks_disk", "The persistent volume, or the sandbox, is made of it.", lacks_disk,
        [](const OfferSubject& subject) { return largest_disk_mib(subject.offer, subject.disk_type).value_or(0); },
        [](const OfferSubject& subject) { return std::int64_t{subject.resources.disk_mib()}; }, "mib"},
    OfferRule{"lacks_ports", "HTTP and transport need a port each, for as long as the node lives.",
              [](const OfferSubject& subject) { return !has_two_ports(subject.offer); }, nullptr, nullptr, ""},
    OfferRule{"agent_in_another_region",
              "The nodes of a cluster wait for each other at every write; only a constraint on @region leads one into "
              "another region than the first node's, or the master's.",
              is_elsewhere, nullptr, nullptr, ""},
    OfferRule{"agent_under_maintenance",
              "A node that was just filled would have to be emptied, or missed, within a day.", is_under_maintenance,
              nullptr, nullptr, ""},
};
static_assert(kRules.size() <= kOfferRulesMax);

}  // namespace

const std::span<const OfferRule> kOfferRules = kRules;

OfferRefusals refusals_of(const OfferSubject& subject) {
  OfferRefusals refusals;
  if (subject.agent_in_use) return kAgentInUse;
  for (std::size_t i = 1; i < kRules.size(); ++i) {
    if (kRules[i].refuses(subject)) refusals.set(i);
  }
  return refusals;
}

std::optional<std::pair<std::uint32_t, std::uint32_t>> two_ports(const Offer& offer) {
  std::vector<PortRange> ranges = offer.ports;
  std::ranges::sort(ranges, {}, &PortRange::begin);
  std::optional<std::uint32_t> first;
  for (const PortRange& range : ranges) {
    for (std::uint32_t port = range.begin; port <= range.end && port - range.begin < 2; ++port) {
      if (first && *first != port) return std::pair(*first, port);
      first = port;
    }
  }
  return std::nullopt;
}

}  // namespace esaas::reconcile
