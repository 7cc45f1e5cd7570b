#pragma once
// What rules about stopping nodes ask of a table of shards. Pure, no allocation.

#include <cstdint>
#include <string_view>
#include <utility>

#include "reconcilers/observation.h"

namespace esaas::reconcile {

/// Index and number: the copies of one shard have the same. Borrows from the copy.
using ShardKey = std::pair<std::string_view, std::uint32_t>;

inline ShardKey key_of(const ShardCopy& copy) { return {copy.index, copy.shard}; }

/// The copy has all that was acknowledged. One that moves is in sync at its source until the move is done.
inline bool is_in_sync(const ShardCopy& copy) {
  return copy.state == ShardState::kStarted || copy.state == ShardState::kRelocating;
}

}  // namespace esaas::reconcile
