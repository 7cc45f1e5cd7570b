#include "reconcilers/embedded/model/operations.h"

#include "core/base/assert.h"

namespace esaas::embedded {
namespace {

using Type = wire::Offer::Operation;

std::unexpected<Error> refuse(const std::string& text, const OperationContext& context) {
  return fail(ErrorCode::kInvalidArgument, text + "; on agent " + context.agent_text);
}

Result<Resources> parse_resources(const WireResources& wire, const OperationContext& context) {
  auto parsed = Resources::parse(wire);
  if (!parsed) return refuse("Invalid resources: " + parsed.error().detail, context);
  for (const auto& each : wire) {
    if (each.has_allocation_info() && each.allocation_info().role() != context.role) {
      return refuse("The resources are allocated to role '" + each.allocation_info().role() +
                        "', while the offer is allocated to role '" + context.role + "'",
                    context);
    }
  }
  return parsed;
}

Result<void> check_reserve(const ResourceItem& item, const OperationContext& context) {
  if (!item.is_reserved()) return refuse("Resource " + to_text(item, context.role) + " is not reserved", context);
  const auto& reservation = item.kind->reservations(item.kind->reservations_size() - 1);
  if (reservation.type() != wire::Resource::ReservationInfo::DYNAMIC) {
    return refuse("Resource " + to_text(item, context.role) + " is not dynamically reserved", context);
  }
  if (item.is_volume()) {
    return refuse("A persistent volume " + to_text(item, context.role) + " must already be reserved", context);
  }
  if (reservation.role() != context.role) {
    return refuse("A reserve operation was attempted for a resource with role '" + reservation.role() +
                      "', but the resource was allocated to role '" + context.role + "'",
                  context);
  }
  if (item.is_revocable()) {
    return refuse("Invalid resources: Dynamically reserved resource " + to_text(item, context.role) +
                      " cannot be created from revocable resources",
                  context);
  }
  if (!context.principal) return {};
  if (!reservation.has_principal()) {
    return refuse("A reserve operation was attempted by principal '" + *context.principal +
                      "', but there is a reserved resource in the request with no principal set",
                  context);
  }
  if (reservation.principal() != *context.principal) {
    return refuse("A reserve operation was attempted by authenticated principal '" + *context.principal +
                      "', which does not match a reserved resource in the request with principal '" +
                      reservation.principal() + "'",
                  context);
  }
  return {};
}

ResourceItem without_innermost_reservation(ResourceItem item) {
  item.kind.edit().mutable_reservations()->RemoveLast();
  return item;
}

ResourceItem without_volume(ResourceItem item) {
  // The source of a MOUNT or PATH disk stays: it is the disk, not what was made on it.
  auto* disk = item.kind.edit().mutable_disk();
  disk->clear_persistence();
  disk->clear_volume();
  if (!disk->has_source()) item.kind.edit().clear_disk();
  return item;
}

Result<Conversion> reserve(const WireResources& wire, const OperationContext& context) {
  ESAAS_TRY(const Resources wanted, parse_resources(wire, context));
  Conversion conversion;
  for (const auto& [key, item] : wanted.items()) {
    ESAAS_CHECK(check_reserve(item, context));
    conversion.consumed.add(without_innermost_reservation(item));
    conversion.converted.add(item);
  }
  return conversion;
}

Result<Conversion> unreserve(const WireResources& wire, const OperationContext& context) {
  ESAAS_TRY(const Resources wanted, parse_resources(wire, context));
  Conversion conversion;
  for (const auto& [key, item] : wanted.items()) {
    const int depth = item.kind->reservations_size();
    if (depth == 0 || item.kind->reservations(depth - 1).type() != wire::Resource::ReservationInfo::DYNAMIC) {
      return refuse("Resource " + to_text(item, context.role) + " is not dynamically reserved", context);
    }
    if (item.is_volume()) {
      return refuse("A dynamically reserved persistent volume " + to_text(item, context.role) +
                        " cannot be unreserved directly. Please destroy the persistent volume first then "
                        "unreserve the resource",
                    context);
    }
    conversion.consumed.add(item);
    conversion.converted.add(without_innermost_reservation(item));
  }
  return conversion;
}

Result<void> check_create(const ResourceItem& item, const OperationContext& context) {
  const auto& disk = item.kind->disk();
  if (!disk.has_persistence()) {
    return refuse("Resource " + to_text(item, context.role) + " does not have DiskInfo.Persistence", context);
  }
  if (!item.is_reserved()) {
    return refuse("Invalid resources: Invalid DiskInfo: Persistent volumes cannot be created from unreserved resources",
                  context);
  }
  if (!disk.has_volume() || disk.volume().container_path().empty()) {
    return refuse("Invalid resources: Invalid DiskInfo: Expecting 'volume' to be set for persistent volume", context);
  }
  if (disk.volume().mode() == wire::Volume::RO) {
    return refuse("Invalid resources: Invalid DiskInfo: Read-only persistent volume not supported", context);
  }
  if (disk.volume().has_host_path()) {
    return refuse("Invalid resources: Invalid DiskInfo: Expecting 'host_path' to be unset for persistent volume",
                  context);
  }
  if (!context.principal) return {};
  if (!disk.persistence().has_principal()) {
    return refuse("Create volume operation attempted by principal '" + *context.principal +
                      "', but there is a volume in the operation with no principal set in 'disk.persistence'",
                  context);
  }
  if (disk.persistence().principal() != *context.principal) {
    return refuse("Create volume operation attempted by authenticated principal '" + *context.principal +
                      "', which does not match a volume in the operation with principal '" +
                      disk.persistence().principal() + "' set in 'disk.persistence'",
                  context);
  }
  return {};
}

bool has_volume(const Resources& resources, std::string_view role, const std::string& id) {
  for (const auto& [key, item] : resources.items()) {
    if (item.is_volume() && item.role() == role && item.kind->disk().persistence().id() == id) return true;
  }
  return false;
}

Result<Conversion> create(const WireResources& wire, const OperationContext& context) {
  ESAAS_TRY(const Resources wanted, parse_resources(wire, context));
  Conversion conversion;
  for (const auto& [key, item] : wanted.items()) {
    ESAAS_CHECK(check_create(item, context));
    const std::string& id = item.kind->disk().persistence().id();
    if (has_volume(context.agent_total, item.role(), id) || has_volume(conversion.converted, item.role(), id)) {
      return refuse("Persistence ID '" + id + "' is not unique", context);
    }
    conversion.consumed.add(without_volume(item));
    conversion.converted.add(item);
  }
  return conversion;
}

Result<Conversion> destroy(const WireResources& wire, const OperationContext& context) {
  ESAAS_TRY(const Resources wanted, parse_resources(wire, context));
  Conversion conversion;
  for (const auto& [key, item] : wanted.items()) {
    if (!item.is_volume()) {
      return refuse("Resource " + to_text(item, context.role) + " is not a persistent volume", context);
    }
    conversion.consumed.add(item);
    conversion.converted.add(without_volume(item));
    conversion.destroyed.push_back(item);
  }
  return conversion;
}

/// One resource of GROW_VOLUME.
Result<ResourceItem> parse_part(const wire::Resource& wire, std::string_view field, const OperationContext& context) {
  auto parsed = Resources::parse(wire);
  if (!parsed) {
    return refuse("Invalid resource in the 'GrowVolume." + std::string(field) + "' field: " + parsed.error().detail,
                  context);
  }
  if (wire.has_allocation_info() && wire.allocation_info().role() != context.role) {
    return refuse("The resources are allocated to role '" + wire.allocation_info().role() +
                      "', while the offer is allocated to role '" + context.role + "'",
                  context);
  }
  return parsed;
}

Result<Conversion> grow_volume(const wire::Offer::Operation::GrowVolume& grow, const OperationContext& context) {
  ESAAS_TRY(const ResourceItem volume, parse_part(grow.volume(), "volume", context));
  ESAAS_TRY(const ResourceItem addition, parse_part(grow.addition(), "addition", context));
  if (addition.milli <= 0) {
    return refuse("The size of 'GrowVolume.addition' field must be greater than zero", context);
  }
  if (!volume.is_volume()) {
    return refuse("Invalid persistent volume in the 'GrowVolume.volume' field: Resource " +
                      to_text(volume, context.role) + " does not have DiskInfo.Persistence",
                  context);
  }
  // A disk that is taken whole never is one with another.
  if (volume.is_mount() || key_of(*without_volume(volume).kind) != key_of(*addition.kind)) {
    return refuse("Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields", context);
  }
  if (!context.resizes_volumes) {
    return refuse(
        "Volume " + to_text(volume, context.role) + " cannot be grown on an agent without RESIZE_VOLUME capability",
        context);
  }
  Conversion conversion;
  conversion.consumed.add(volume);
  conversion.consumed.add(addition);
  ResourceItem grown = volume;
  grown.milli += addition.milli;
  conversion.converted.add(grown);
  return conversion;
}

Result<Conversion> dispatch(const wire::Offer::Operation& operation, const OperationContext& context) {
  switch (operation.type()) {
    case Type::RESERVE: return reserve(operation.reserve().resources(), context);
    case Type::UNRESERVE: return unreserve(operation.unreserve().resources(), context);
    case Type::CREATE: return create(operation.create().volumes(), context);
    case Type::DESTROY: return destroy(operation.destroy().volumes(), context);
    case Type::GROW_VOLUME: return grow_volume(operation.grow_volume(), context);
    default: break;
  }
  ESAAS_ASSERT(false, "convert() is called for the five conversions only");
}

}  // namespace

Result<Conversion> convert(const wire::Offer::Operation& operation, const OperationContext& context,
                           const Resources& pool) {
  ESAAS_TRY(Conversion conversion, dispatch(operation, context));
  if (conversion.consumed.empty()) return refuse("Invalid resources: no resources", context);
  if (!pool.contains(conversion.consumed)) {
    const bool grows = operation.type() == Type::GROW_VOLUME;
    return fail(ErrorCode::kInvalidArgument, (grows ? "Invalid GROW_VOLUME operation: " : "") +
                                                 pool.to_text(context.role) + " does not contain " +
                                                 conversion.consumed.to_text(context.role));
  }
  return conversion;
}

}  // namespace esaas::embedded
