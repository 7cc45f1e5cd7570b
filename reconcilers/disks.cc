#include "reconcilers/disks.h"

#include <limits>
#include <tuple>

namespace esaas::reconcile {
namespace {

bool is_of_type(const OfferedDisk& disk, std::string_view type) {
  return disk.source.type() == type || disk.source.profile() == type;
}

auto order_of(const OfferedDisk& disk) {
  return std::tuple(disk.mib, std::string_view(disk.source.root()), std::string_view(disk.source.id()));
}

}  // namespace

bool equal(const model::DiskSource& a, const model::DiskSource& b) {
  return a.type() == b.type() && a.root() == b.root() && a.id() == b.id() && a.vendor() == b.vendor() &&
         a.profile() == b.profile();
}

std::optional<ChosenDisk> choose_disk(const Offer& offer, std::string_view type, std::int64_t least_mib) {
  if (type.empty()) {
    if (offer.unreserved.disk_mib < least_mib) return std::nullopt;
    return ChosenDisk{nullptr, least_mib, offer.unreserved.disk_mib - least_mib};
  }
  const OfferedDisk* best = nullptr;
  for (const OfferedDisk& disk : offer.disks) {
    // What is recorded of a place is 32 bits wide: four petabytes are no disk.
    if (!is_of_type(disk, type) || disk.mib < least_mib || disk.mib > std::numeric_limits<std::uint32_t>::max())
      continue;
    if (best == nullptr || order_of(disk) < order_of(*best)) best = &disk;
  }
  if (best == nullptr) return std::nullopt;
  const std::int64_t mib = best->source.type() == kMountDisk ? best->mib : least_mib;
  return ChosenDisk{best, mib, best->mib - least_mib};
}

std::optional<std::int64_t> largest_disk_mib(const Offer& offer, std::string_view type) {
  if (type.empty()) return offer.unreserved.disk_mib;
  std::optional<std::int64_t> largest;
  for (const OfferedDisk& disk : offer.disks) {
    if (is_of_type(disk, type) && (!largest || disk.mib > *largest)) largest = disk.mib;
  }
  return largest;
}

}  // namespace esaas::reconcile
