#pragma once
// Disks with a source of their own, between the wire and the model. Pure.

#include <optional>

#include "core/model/model.pb.h"
#include "reconcilers/disks.h"
#include "reconcilers/effects/mesos/wire/mesos.pb.h"

namespace esaas::loop {

using reconcile::equal;
using reconcile::kMountDisk;
using reconcile::kPathDisk;

/// Nothing for a source that can not become a persistent volume (BLOCK, RAW).
std::optional<model::DiskSource> to_disk_source(const mesos::wire::Resource::DiskInfo::Source& source);

/// The other way, without the metadata, which the model does not keep.
mesos::wire::Resource::DiskInfo::Source to_wire(const model::DiskSource& source);

}  // namespace esaas::loop
