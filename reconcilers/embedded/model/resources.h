#pragma once
// Resources: what an agent has, an offer holds or a task uses, with exact arithmetic. A value; thread-compatible.
//
// Scalars are counted in thousandths (the precision of a Mesos master), ports as ranges. Two resources merge when they
// are the same but for their quantity: same name, same stack of reservations (labels in any order), same disk. A
// persistent volume never merges and is never divided. Which role something is allocated to (`allocation_info`) is not
// part of the value; it is written when the value leaves for the wire.

#include <google/protobuf/repeated_ptr_field.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "reconcilers/effects/mesos/wire/mesos.pb.h"
#include "reconcilers/embedded/model/port_ranges.h"
#include "reconcilers/embedded/model/shared_value.h"

namespace esaas::embedded {

namespace wire = esaas::mesos::wire;
using WireResources = google::protobuf::RepeatedPtrField<wire::Resource>;

/// One kind of resource and how much of it.
struct ResourceItem {
  SharedValue<wire::Resource> kind;  ///< without quantity and allocation
  std::int64_t milli = 0;            ///< of a scalar, in thousandths
  PortRanges ranges;                 ///< of a RANGES resource

  [[nodiscard]] bool is_volume() const { return kind->disk().has_persistence(); }
  /// A disk that can not be divided.
  [[nodiscard]] bool is_mount() const {
    return kind->disk().source().type() == wire::Resource::DiskInfo::Source::MOUNT;
  }
  [[nodiscard]] bool is_reserved() const { return kind->reservations_size() > 0; }
  /// Lent while nobody uses it: neither promised nor limited by any quota.
  [[nodiscard]] bool is_revocable() const { return kind->has_revocable(); }
  /// The innermost reservation's role, or empty.
  [[nodiscard]] std::string_view role() const;
  [[nodiscard]] bool empty() const { return milli == 0 && ranges.empty(); }
};

class Resources {
 public:
  Resources() = default;

  /// Reads what came over the wire. Refuses, with a sentence: unknown types, missing or negative quantities, backward
  /// ranges, the format before RESERVATION_REFINEMENT, reservations without a role, volumes that are no disk.
  static Result<Resources> parse(const WireResources& wire);
  static Result<ResourceItem> parse(const wire::Resource& wire);

  void add(const ResourceItem& item);
  void add(const Resources& other);
  /// Precondition: contains(what is subtracted).
  void subtract(const ResourceItem& item);
  void subtract(const Resources& other);

  /// Without both; only what is left is copied. Precondition: contains(one and other together).
  [[nodiscard]] Resources left_after(const Resources& one, const Resources& other) const;

  [[nodiscard]] bool contains(const ResourceItem& item) const;
  [[nodiscard]] bool contains(const Resources& other) const;
  [[nodiscard]] bool empty() const { return items_.empty(); }

  /// What a role may be offered: unreserved, or reserved for it or for one of its parents ("a" is a parent of "a/b").
  [[nodiscard]] Resources offerable_to(std::string_view role) const;
  [[nodiscard]] Resources unreserved() const;
  /// What is lent, and all else.
  [[nodiscard]] Resources revocable() const;
  [[nodiscard]] Resources without_revocable() const;
  /// The volumes, and nothing else.
  [[nodiscard]] Resources volumes() const;

  /// Thousandths by name, over all reservations. Only scalars, and nothing that is revocable.
  [[nodiscard]] std::map<std::string, std::int64_t> scalars() const;
  /// Makes the unreserved scalar `name` at most `milli`, beside what of it is revocable.
  void limit_unreserved(std::string_view name, std::int64_t milli);

  /// In a stable order. With a role, every resource says that it is allocated to it.
  [[nodiscard]] WireResources to_wire(std::string_view allocated_to = {}) const;
  /// "cpus(allocated: es):3.5; disk(allocated: es)(reservations: [(DYNAMIC,es,me)])[v1:data]:512".
  [[nodiscard]] std::string to_text(std::string_view allocated_to = {}) const;

  /// By kind, which is also the stable order.
  [[nodiscard]] const std::map<std::string, ResourceItem>& items() const { return items_; }
  friend bool operator==(const Resources& left, const Resources& right);

 private:
  // Where the key is known: making one costs as much as all else here.
  void add(const std::string& key, const ResourceItem& item);
  void subtract(const std::string& key, const ResourceItem& item);
  [[nodiscard]] bool contains(const std::string& key, const ResourceItem& item) const;

  std::map<std::string, ResourceItem> items_;  // none of them empty
};

/// The key under which an item's kind is kept: equal for what merges.
std::string key_of(const wire::Resource& kind);

/// As in Resources::to_text, for one.
std::string to_text(const ResourceItem& item, std::string_view allocated_to);

/// One resource for the wire, quantity and allocation set.
wire::Resource to_wire(const ResourceItem& item, std::string_view allocated_to);

/// "a" covers "a" and "a/b".
bool covers_role(std::string_view parent, std::string_view role);

/// Thousandths as Mesos prints a scalar: 3.5, 512.
std::string milli_to_text(std::int64_t milli);

}  // namespace esaas::embedded
