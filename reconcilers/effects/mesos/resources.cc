#include "reconcilers/effects/mesos/resources.h"

#include <utility>

namespace esaas::mesos {

using wire::FrameworkInfo;
using wire::Resource;

Resource scalar_resource(std::string_view name, double amount, const std::string& role) {
  Resource resource;
  resource.set_name(std::string(name));
  resource.set_type(wire::Value::SCALAR);
  resource.mutable_scalar()->set_value(amount);
  resource.mutable_allocation_info()->set_role(role);
  return resource;
}

Resource port_resource(std::uint64_t first, std::uint64_t last, const std::string& role) {
  Resource resource;
  resource.set_name("ports");
  resource.set_type(wire::Value::RANGES);
  auto& range = *resource.mutable_ranges()->add_range();
  range.set_begin(first);
  range.set_end(last);
  resource.mutable_allocation_info()->set_role(role);
  return resource;
}

Resource reserved(Resource resource, const Reservation& reservation) {
  auto& added = *resource.add_reservations();
  added.set_type(Resource::ReservationInfo::DYNAMIC);
  added.set_role(reservation.role);
  added.set_principal(reservation.principal);
  if (!reservation.labels.empty()) *added.mutable_labels() = labels(reservation.labels);
  return resource;
}

Resource persistent_volume(Resource reserved_disk, const std::string& persistence_id, const std::string& principal,
                           const std::string& container_path) {
  auto& disk = *reserved_disk.mutable_disk();
  disk.mutable_persistence()->set_id(persistence_id);
  disk.mutable_persistence()->set_principal(principal);
  disk.mutable_volume()->set_mode(wire::Volume::RW);
  disk.mutable_volume()->set_container_path(container_path);
  return reserved_disk;
}

std::string reservation_label(const Resource& resource, std::string_view key) {
  if (resource.reservations().empty()) return {};
  for (const auto& label : resource.reservations().rbegin()->labels().labels()) {
    if (label.key() == key) return label.value();
  }
  return {};
}

wire::Labels labels(const std::map<std::string, std::string>& values) {
  wire::Labels out;
  for (const auto& [key, value] : values) {
    auto& label = *out.add_labels();
    label.set_key(key);
    label.set_value(value);
  }
  return out;
}

std::map<std::string, std::string> label_map(const wire::Labels& labels) {
  std::map<std::string, std::string> out;
  for (const auto& label : labels.labels()) out[label.key()] = label.value();
  return out;
}

FrameworkInfo framework_info(const FrameworkSpec& spec) {
  using Capability = FrameworkInfo::Capability;
  FrameworkInfo info;
  info.set_name(spec.name);
  info.set_user(spec.user);
  if (!spec.principal.empty()) info.set_principal(spec.principal);
  if (!spec.id.empty()) info.mutable_id()->set_value(spec.id);
  if (!spec.hostname.empty()) info.set_hostname(spec.hostname);
  if (!spec.webui_url.empty()) info.set_webui_url(spec.webui_url);
  info.mutable_roles()->Assign(spec.roles.begin(), spec.roles.end());
  info.set_failover_timeout(static_cast<double>(spec.failover_timeout.count()));
  info.set_checkpoint(true);
  for (const auto type :
       {Capability::MULTI_ROLE, Capability::PARTITION_AWARE, Capability::TASK_KILLING_STATE,
        Capability::RESERVATION_REFINEMENT, Capability::REGION_AWARE, Capability::REVOCABLE_RESOURCES}) {
    info.add_capabilities()->set_type(type);
  }
  return info;
}

}  // namespace esaas::mesos
