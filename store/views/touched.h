#pragma once
// What a change is about, by name: "count of group data", "persistent setting indices.recovery.max_bytes_per_sec". Two
// changes that touch the same thing cannot be taken back independently. Pure, thread-safe.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event.pb.h"
#include "core/model/model.pb.h"

namespace esaas::store {

/// One thing that an event changed, and what it was before: what is needed to give it back.
struct Change {
  std::string thing;
  std::string before;  ///< as bytes, only to be compared; empty: it was not there
  std::string after;
  // Of what it is about, what applies.
  std::string group;
  std::string scope;  ///< "persistent", "transient", or an index
  std::string key;    ///< a setting, a label
  std::optional<std::string> value_before;
  std::uint32_t count_before = 0;
  std::optional<model::Resources> size_before;
  std::optional<model::Plugin> plugin_before;
  std::optional<model::Policies> policies_before;
  bool had_policies = false;  ///< of its own; else those of its tenant counted
  std::optional<model::ProxyAccess> access_before;
};

/// None for an event that changes nothing of what users ask for.
std::vector<Change> changes_of(const event::Event& event);

/// The things that a request would change when it begins.
std::vector<std::string> things_of(const model::Request& request);

/// The same thing, or one that the other stands for ("replicas of indices by pattern").
bool is_same_thing(std::string_view left, std::string_view right);

}  // namespace esaas::store
