#include "reconcilers/loop/disk_source.h"

namespace esaas::loop {
namespace {

using Source = mesos::wire::Resource::DiskInfo::Source;

}  // namespace

std::optional<model::DiskSource> to_disk_source(const Source& source) {
  model::DiskSource made;
  if (source.type() == Source::PATH) {
    made.set_type(std::string(kPathDisk));
    made.set_root(source.path().root());
  } else if (source.type() == Source::MOUNT) {
    made.set_type(std::string(kMountDisk));
    made.set_root(source.mount().root());
  } else {
    return std::nullopt;
  }
  made.set_id(source.id());
  made.set_vendor(source.vendor());
  made.set_profile(source.profile());
  return made;
}

Source to_wire(const model::DiskSource& source) {
  Source made;
  const bool is_mount = source.type() == kMountDisk;
  made.set_type(is_mount ? Source::MOUNT : Source::PATH);
  if (!source.root().empty()) {
    if (is_mount) {
      made.mutable_mount()->set_root(source.root());
    } else {
      made.mutable_path()->set_root(source.root());
    }
  }
  if (!source.id().empty()) made.set_id(source.id());
  if (!source.vendor().empty()) made.set_vendor(source.vendor());
  if (!source.profile().empty()) made.set_profile(source.profile());
  return made;
}

}  // namespace esaas::loop
