#include <cmath>

#include "reconcilers/effects/mesos/resources.h"
#include "reconcilers/loop/disk_source.h"
#include "reconcilers/loop/offer_pool.h"

namespace esaas::loop {
namespace {

namespace wire = mesos::wire;
using reconcile::Offer;
using reconcile::Quantities;
using reconcile::ReservedPart;

/// Mesos keeps three decimals of a scalar and does its arithmetic on whole thousandths.
std::int64_t to_milli(double value) { return std::llround(value * 1000.0); }

void add(Quantities& quantities, std::vector<reconcile::PortRange>& ports, const wire::Resource& resource) {
  const std::int64_t milli = to_milli(resource.scalar().value());
  if (resource.name() == "cpus") quantities.cpus_milli += milli;
  if (resource.name() == "mem") quantities.mem_mib += milli / 1000;
  if (resource.name() == "disk") quantities.disk_mib += milli / 1000;
  if (resource.name() != "ports") return;
  for (const auto& range : resource.ranges().range()) {
    ports.push_back({static_cast<std::uint32_t>(range.begin()), static_cast<std::uint32_t>(range.end())});
  }
}

ReservedPart& part_of(Offer& offer, const wire::Resource& resource) {
  const std::string place = mesos::reservation_label(resource, "place");
  for (ReservedPart& part : offer.reserved) {
    if (part.place == place) return part;
  }
  return offer.reserved.emplace_back(ReservedPart{.cluster = mesos::reservation_label(resource, "cluster"),
                                                  .node = mesos::reservation_label(resource, "node"),
                                                  .place = place,
                                                  .role = resource.reservations().rbegin()->role(),
                                                  .quantities = {},
                                                  .ports = {},
                                                  .has_volume = false});
}

bool is_ours(const wire::Resource& resource, std::string_view principal) {
  const auto& innermost = resource.reservations(resource.reservations_size() - 1);
  return innermost.principal() == principal && !mesos::reservation_label(resource, "place").empty();
}

std::string text_of(const wire::Attribute& attribute) {
  if (attribute.has_text()) return attribute.text().value();
  if (!attribute.has_scalar()) return {};
  const std::int64_t milli = to_milli(attribute.scalar().value());
  const std::string whole = std::to_string(milli / 1000);
  return milli % 1000 == 0 ? whole : whole + "." + std::to_string(milli % 1000 + 1000).substr(1);
}

void locate(Offer& offer, const wire::DomainInfo& of_agent, const wire::DomainInfo& of_master) {
  const wire::DomainInfo& domain = of_agent.has_fault_domain() ? of_agent : of_master;
  offer.zone = domain.fault_domain().zone().name();
  offer.region = domain.fault_domain().region().name();
  offer.is_remote = of_master.has_fault_domain() && offer.region != of_master.fault_domain().region().name();
}

/// Pieces of one "path" disk are one disk. Block devices and raw storage can not be a volume, and what a resource
/// provider has needs operations of its own.
void add_disk(Offer& offer, const wire::Resource& resource) {
  const auto source = to_disk_source(resource.disk().source());
  if (!source || resource.has_provider_id()) return;
  const std::int64_t mib = to_milli(resource.scalar().value()) / 1000;
  if (source->type() == kPathDisk) {
    for (reconcile::OfferedDisk& disk : offer.disks) {
      if (!equal(disk.source, *source)) continue;
      disk.mib += mib;
      return;
    }
  }
  offer.disks.push_back({*source, mib});
}

/// Its ports, its disks with a source and what is reserved of it, if there ever were any, are of no use to us.
void add_revocable(Offer& offer, const wire::Resource& resource) {
  std::vector<reconcile::PortRange> no_ports;
  if (resource.reservations().empty() && !resource.has_disk()) add(offer.revocable, no_ports, resource);
}

}  // namespace

reconcile::Unavailability to_view(const wire::Unavailability& unavailability) {
  reconcile::Unavailability view{.begins_at = from_us(unavailability.start().nanoseconds() / 1000), .lasts = {}};
  if (unavailability.has_duration()) {
    view.lasts = std::chrono::microseconds{unavailability.duration().nanoseconds() / 1000};
  }
  return view;
}

Offer to_view(const wire::Offer& wire_offer, std::string_view principal, const wire::DomainInfo& of_master) {
  Offer offer;
  offer.id = wire_offer.id().value();
  offer.agent_id = wire_offer.agent_id().value();
  offer.hostname = wire_offer.hostname();
  offer.role = wire_offer.allocation_info().role();
  for (const auto& attribute : wire_offer.attributes()) offer.attributes[attribute.name()] = text_of(attribute);
  locate(offer, wire_offer.domain(), of_master);
  if (wire_offer.has_unavailability()) offer.unavailability = to_view(wire_offer.unavailability());
  for (const auto& resource : wire_offer.resources()) {
    if (resource.has_revocable()) {
      add_revocable(offer, resource);
    } else if (resource.reservations().empty() && resource.disk().has_source()) {
      add_disk(offer, resource);
    } else if (resource.reservations().empty()) {
      add(offer.unreserved, offer.ports, resource);
    } else if (is_ours(resource, principal)) {
      ReservedPart& part = part_of(offer, resource);
      add(part.quantities, part.ports, resource);
      if (resource.disk().persistence().id() != part.place) continue;
      part.has_volume = true;
      part.volume_mib = to_milli(resource.scalar().value()) / 1000;
    }
  }
  return offer;
}

}  // namespace esaas::loop
