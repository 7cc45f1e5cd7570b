#pragma once
// What rules about stopping nodes ask of a table of shards. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "reconcilers/draft.h"
#include "reconcilers/observation.h"

namespace esaas::reconcile {

/// Index and number: the copies of one shard have the same. Borrows from the copy.
using ShardKey = std::pair<std::string_view, std::uint32_t>;

inline ShardKey key_of(const ShardCopy& copy) { return {copy.index, copy.shard}; }

/// "3 of logs": how a sentence names it. A rule that names the first of many puts it into the figure "shard" too: which
/// one is first may change while the hold goes on (state: HoldBegan).
inline std::string name_of(const ShardKey& key) { return std::to_string(key.second) + " of " + std::string(key.first); }
inline model::Figure shard_figure(const ShardKey& key) { return figure("shard", name_of(key)); }

/// The copy has all that was acknowledged. One that moves is in sync at its source until the move is done.
inline bool is_in_sync(const ShardCopy& copy) {
  return copy.state == ShardState::kStarted || copy.state == ShardState::kRelocating;
}

}  // namespace esaas::reconcile
