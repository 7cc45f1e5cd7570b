#include "reconcilers/embedded/model/resources.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/assert.h"

namespace esaas::embedded {
namespace {

constexpr double kScalarMax = 1e12;
constexpr std::uint64_t kRangeMax = 1ULL << 40U;

Result<std::int64_t> parse_scalar(const wire::Resource& resource) {
  if (!resource.has_scalar()) {
    return fail(ErrorCode::kInvalidArgument, "Invalid scalar resource '" + resource.name() + "': no value");
  }
  const double value = resource.scalar().value();
  if (!std::isfinite(value) || value < 0 || value > kScalarMax) {
    return fail(ErrorCode::kInvalidArgument,
                "Invalid scalar resource '" + resource.name() + "': the value is out of range");
  }
  return std::llround(value * 1000.0);
}

Result<PortRanges> parse_ranges(const wire::Resource& resource) {
  PortRanges ranges;
  for (const auto& range : resource.ranges().range()) {
    if (range.begin() > range.end() || range.end() > kRangeMax) {
      return fail(ErrorCode::kInvalidArgument, "Invalid ranges resource '" + resource.name() + "': begin " +
                                                   std::to_string(range.begin()) + ", end " +
                                                   std::to_string(range.end()));
    }
    ranges.add({range.begin(), range.end()});
  }
  return ranges;
}

// The old form of a reservation is only looked at to refuse it, and to drop a harmless "*".
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
bool uses_old_format(const wire::Resource& resource) {
  return resource.has_reservation() || (resource.has_role() && resource.role() != "*");
}
void clear_old_role(wire::Resource& resource) { resource.clear_role(); }
#pragma GCC diagnostic pop

Result<void> check_kind(const wire::Resource& resource) {
  if (resource.name().empty()) return fail(ErrorCode::kInvalidArgument, "Empty resource name");
  if (uses_old_format(resource)) {
    return fail(
        ErrorCode::kInvalidArgument,
        "Resource '" + resource.name() + "' uses 'role' or 'reservation': describe reservations by 'reservations'");
  }
  for (const auto& reservation : resource.reservations()) {
    if (reservation.role().empty() || reservation.role() == "*") {
      return fail(ErrorCode::kInvalidArgument, "Invalid reservation of '" + resource.name() + "': role is not set");
    }
    if (reservation.type() == wire::Resource::ReservationInfo::UNKNOWN) {
      return fail(ErrorCode::kInvalidArgument,
                  "Invalid reservation of '" + resource.name() + "': 'ReservationInfo.type' must be set");
    }
  }
  for (int layer = 1; layer < resource.reservations_size(); ++layer) {
    const std::string& outer = resource.reservations(layer - 1).role();
    const std::string& inner = resource.reservations(layer).role();
    if (inner != outer && covers_role(outer, inner)) continue;
    return fail(ErrorCode::kInvalidArgument,
                "Invalid refined reservation: role '" + inner + "' is not a refinement of '" + outer + "'");
  }
  if (resource.has_disk() && resource.name() != "disk") {
    return fail(ErrorCode::kInvalidArgument, "DiskInfo should not be set for " + resource.name() + " resource");
  }
  if (resource.disk().has_persistence() && resource.disk().persistence().id().empty()) {
    return fail(ErrorCode::kInvalidArgument, "Invalid DiskInfo: persistence id is empty");
  }
  return {};
}

}  // namespace

bool covers_role(std::string_view parent, std::string_view role) {
  return role == parent || (role.size() > parent.size() && role.starts_with(parent) && role[parent.size()] == '/');
}

std::string milli_to_text(std::int64_t milli) {
  std::string text = std::to_string(milli / 1000);
  if (std::int64_t rest = milli % 1000; rest != 0) {
    std::string digits = std::to_string(1000 + rest).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += "." + digits;
  }
  return text;
}

std::string_view ResourceItem::role() const {
  return is_reserved() ? std::string_view(kind->reservations(kind->reservations_size() - 1).role())
                       : std::string_view();
}

std::string key_of(const wire::Resource& kind) {
  wire::Resource key = kind;
  key.clear_scalar();
  key.clear_ranges();
  key.clear_allocation_info();
  if (key.disk().has_persistence()) {
    // How a volume is mounted and who made it say nothing about which volume it is.
    key.mutable_disk()->clear_volume();
    key.mutable_disk()->mutable_persistence()->clear_principal();
  }
  for (auto& reservation : *key.mutable_reservations()) {
    auto* labels = reservation.mutable_labels()->mutable_labels();
    std::sort(labels->pointer_begin(), labels->pointer_end(), [](const auto* left, const auto* right) {
      return std::pair(left->key(), left->value()) < std::pair(right->key(), right->value());
    });
    if (labels->empty()) reservation.clear_labels();
  }
  // Sorted by name first, so that offers read well.
  return key.name() + '\0' + key.SerializeAsString();
}

Result<ResourceItem> Resources::parse(const wire::Resource& resource) {
  ESAAS_CHECK(check_kind(resource));
  ResourceItem item;
  wire::Resource& kind = item.kind.edit();
  kind = resource;
  kind.clear_scalar();
  kind.clear_ranges();
  kind.clear_allocation_info();
  clear_old_role(kind);
  switch (resource.type()) {
    case wire::Value::SCALAR: {
      ESAAS_TRY(item.milli, parse_scalar(resource));
      break;
    }
    case wire::Value::RANGES: {
      ESAAS_TRY(item.ranges, parse_ranges(resource));
      break;
    }
    case wire::Value::SET:
    case wire::Value::TEXT:
      return fail(ErrorCode::kInvalidArgument, "Resource '" + resource.name() + "' is neither SCALAR nor RANGES");
  }
  return item;
}

Result<Resources> Resources::parse(const WireResources& wire) {
  Resources resources;
  for (const auto& each : wire) {
    ESAAS_TRY(ResourceItem item, parse(each));
    if (item.is_volume() && resources.items_.contains(key_of(*item.kind))) {
      return fail(ErrorCode::kInvalidArgument,
                  "Persistence ID '" + item.kind->disk().persistence().id() + "' is not unique");
    }
    resources.add(item);
  }
  return resources;
}

void Resources::add(const ResourceItem& item) {
  if (!item.empty()) add(key_of(*item.kind), item);
}

void Resources::add(const std::string& key, const ResourceItem& item) {
  const auto [place, is_new] = items_.try_emplace(key, item);
  if (is_new) return;
  place->second.milli += item.milli;
  place->second.ranges.add(item.ranges);
}

void Resources::add(const Resources& other) {
  for (const auto& [key, item] : other.items_) add(key, item);
}

void Resources::subtract(const ResourceItem& item) {
  if (!item.empty()) subtract(key_of(*item.kind), item);
}

void Resources::subtract(const std::string& key, const ResourceItem& item) {
  const auto place = items_.find(key);
  ESAAS_ASSERT(place != items_.end() && place->second.milli >= item.milli, "subtracting what is not there");
  place->second.milli -= item.milli;
  place->second.ranges.subtract(item.ranges);
  if (place->second.empty()) items_.erase(place);
}

void Resources::subtract(const Resources& other) {
  for (const auto& [key, item] : other.items_) subtract(key, item);
}

Resources Resources::left_after(const Resources& one, const Resources& other) const {
  Resources left;
  for (const auto& [key, item] : items_) {
    std::int64_t milli = item.milli;
    PortRanges ranges = item.ranges;
    for (const Resources* gone : {&one, &other}) {
      const auto place = gone->items_.find(key);
      if (place == gone->items_.end()) continue;
      milli -= place->second.milli;
      ranges.subtract(place->second.ranges);
    }
    ESAAS_ASSERT(milli >= 0, "subtracting what is not there");
    if (milli != 0 || !ranges.empty())
      left.items_.emplace_hint(left.items_.end(), key, ResourceItem{item.kind, milli, ranges});
  }
  return left;
}

bool Resources::contains(const ResourceItem& item) const { return item.empty() || contains(key_of(*item.kind), item); }

bool Resources::contains(const std::string& key, const ResourceItem& item) const {
  const auto place = items_.find(key);
  if (place == items_.end()) return false;
  const ResourceItem& have = place->second;
  if (item.is_volume() || item.is_mount()) return have.milli == item.milli;
  return have.milli >= item.milli && have.ranges.contains(item.ranges);
}

bool Resources::contains(const Resources& other) const {
  return std::all_of(other.items_.begin(), other.items_.end(),
                     [&](const auto& each) { return contains(each.first, each.second); });
}

Resources Resources::offerable_to(std::string_view role) const {
  Resources result;
  for (const auto& [key, item] : items_) {
    if (!item.is_reserved() || covers_role(item.role(), role)) result.items_.emplace(key, item);
  }
  return result;
}

Resources Resources::unreserved() const {
  Resources result;
  for (const auto& [key, item] : items_) {
    if (!item.is_reserved()) result.items_.emplace(key, item);
  }
  return result;
}

Resources Resources::revocable() const {
  Resources result;
  for (const auto& [key, item] : items_) {
    if (item.is_revocable()) result.items_.emplace(key, item);
  }
  return result;
}

Resources Resources::without_revocable() const {
  Resources result;
  for (const auto& [key, item] : items_) {
    if (!item.is_revocable()) result.items_.emplace(key, item);
  }
  return result;
}

Resources Resources::volumes() const {
  Resources result;
  for (const auto& [key, item] : items_) {
    if (item.is_volume()) result.items_.emplace(key, item);
  }
  return result;
}

std::map<std::string, std::int64_t> Resources::scalars() const {
  std::map<std::string, std::int64_t> sums;
  for (const auto& [key, item] : items_) {
    if (item.kind->type() == wire::Value::SCALAR && !item.is_revocable()) sums[item.kind->name()] += item.milli;
  }
  return sums;
}

void Resources::limit_unreserved(std::string_view name, std::int64_t milli) {
  std::int64_t left = std::max<std::int64_t>(milli, 0);
  for (auto each = items_.begin(); each != items_.end();) {
    ResourceItem& item = each->second;
    if (!item.is_reserved() && !item.is_revocable() && item.kind->name() == name) {
      item.milli = item.is_mount() && item.milli > left ? 0 : std::min(item.milli, left);
      left -= item.milli;
    }
    each = item.empty() ? items_.erase(each) : std::next(each);
  }
}

wire::Resource to_wire(const ResourceItem& item, std::string_view allocated_to) {
  wire::Resource resource = *item.kind;
  if (resource.type() == wire::Value::SCALAR) {
    resource.mutable_scalar()->set_value(static_cast<double>(item.milli) / 1000.0);
  } else {
    for (const auto& range : item.ranges.ranges()) {
      auto* written = resource.mutable_ranges()->add_range();
      written->set_begin(range.begin);
      written->set_end(range.end);
    }
  }
  if (!allocated_to.empty()) resource.mutable_allocation_info()->set_role(std::string(allocated_to));
  return resource;
}

WireResources Resources::to_wire(std::string_view allocated_to) const {
  WireResources wire;
  for (const auto& [key, item] : items_) *wire.Add() = embedded::to_wire(item, allocated_to);
  return wire;
}

namespace {

/// "[MOUNT:/mnt,v1:data]": the source, then the volume.
std::string to_text(const wire::Resource::DiskInfo& disk) {
  std::string text;
  if (disk.has_source()) {
    const auto& source = disk.source();
    text = wire::Resource::DiskInfo::Source::Type_Name(source.type());
    if (source.has_path()) text += ":" + source.path().root();
    if (source.has_mount()) text += ":" + source.mount().root();
  }
  if (disk.has_persistence()) {
    if (!text.empty()) text += ",";
    text += disk.persistence().id() + ":" + disk.volume().container_path();
  }
  return text.empty() ? text : "[" + text + "]";
}

}  // namespace

std::string to_text(const ResourceItem& item, std::string_view allocated_to) {
  std::string text = item.kind->name();
  if (!allocated_to.empty()) text += "(allocated: " + std::string(allocated_to) + ")";
  if (item.is_reserved()) {
    text += "(reservations: [";
    bool first = true;
    for (const auto& reservation : item.kind->reservations()) {
      if (!first) text += ",";
      first = false;
      text += "(" + wire::Resource::ReservationInfo::Type_Name(reservation.type()) + "," + reservation.role();
      if (reservation.has_principal()) text += "," + reservation.principal();
      if (reservation.has_labels()) {
        text += ",{";
        bool first_label = true;
        for (const auto& label : reservation.labels().labels()) {
          if (!first_label) text += ", ";
          first_label = false;
          text += label.key() + ": " + label.value();
        }
        text += "}";
      }
      text += ")";
    }
    text += "])";
  }
  text += to_text(item.kind->disk());
  if (item.kind->has_revocable()) text += "{REV}";
  text += ":";
  return text + (item.kind->type() == wire::Value::SCALAR ? milli_to_text(item.milli) : item.ranges.to_text());
}

std::string Resources::to_text(std::string_view allocated_to) const {
  std::string text;
  for (const auto& [key, item] : items_) {
    if (!text.empty()) text += "; ";
    text += embedded::to_text(item, allocated_to);
  }
  return text.empty() ? "{}" : text;
}

bool operator==(const Resources& left, const Resources& right) {
  return std::equal(left.items_.begin(), left.items_.end(), right.items_.begin(), right.items_.end(),
                    [](const auto& one, const auto& other) {
                      return one.first == other.first && one.second.milli == other.second.milli &&
                             one.second.ranges == other.second.ranges;
                    });
}

}  // namespace esaas::embedded
