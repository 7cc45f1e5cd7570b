#pragma once
// Which disk of an agent a volume is made of. A group without a disk type uses the root disk, which all nodes of the
// agent share; one with a type uses a disk that the agent announces as such: by the type of its source, "path" or
// "mount", or by its profile ("ssd"). Pure.
//
// A "path" disk is divided like the root disk. A "mount" disk can not be (Mesos takes one volume for all of it), so the
// size that a group asks for is the least that will do there, and what its place has is the whole disk.

#include <cstdint>
#include <optional>
#include <string_view>

#include "reconcilers/observation.h"

namespace esaas::reconcile {

/// DiskSource.type of the disks that can become a volume.
inline constexpr std::string_view kPathDisk = "path";
inline constexpr std::string_view kMountDisk = "mount";

/// The same disk of an agent.
bool equal(const model::DiskSource& a, const model::DiskSource& b);

struct ChosenDisk {
  const OfferedDisk* disk = nullptr;  ///< null: the root disk. Borrowed of the offer.
  std::int64_t mib = 0;               ///< to be reserved
  std::int64_t left_mib = 0;          ///< of the disk, beside what is reserved
};

/// Of the disks that are large enough the smallest, then the lowest root and id; nothing when there is none.
std::optional<ChosenDisk> choose_disk(const Offer& offer, std::string_view type, std::int64_t least_mib);

/// The size of the largest disk of this type; nothing when the agent has none free.
std::optional<std::int64_t> largest_disk_mib(const Offer& offer, std::string_view type);

}  // namespace esaas::reconcile
