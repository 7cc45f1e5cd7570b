#pragma once
// MerkleTree: one hash over many records, from which it can be shown with a few hashes that a record is among them.
// The leaves are the hashes of the records themselves; each node is over up to four that stand beside each other one
// level below (format.md). Pure; not thread-safe.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/hash.h"

namespace esaas::store {

inline constexpr std::size_t kMerkleChildren = 4;

/// Takes the hashes of records one after the other, and keeps a few for each level.
class MerkleTree {
 public:
  void add(const Hash& record);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Of all that was added. The root of nothing is the hash of nothing.
  [[nodiscard]] Hash root() const;

 private:
  /// Those that wait for the others under the same node: fewer than kMerkleChildren between calls.
  struct Level {
    std::array<Hash, kMerkleChildren> waiting{};
    std::size_t count = 0;
  };
  std::vector<Level> levels_;  // the records' first
  std::uint64_t size_ = 0;
};

/// Finds the hashes that lead from one record to the root while the records go by, and keeps few of them.
class InclusionPath {
 public:
  /// For record number `index` of `size`. Precondition: `index` is below `size`.
  InclusionPath(std::uint64_t index, std::uint64_t size);
  /// The next record, from number 0 on.
  void add(const Hash& record);
  /// Once all are added: level by level from the record on, those under the same node from left to right.
  [[nodiscard]] std::vector<Hash> path() const;

 private:
  /// The records under one node beside the way to the root.
  struct Sibling {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    MerkleTree tree = {};
  };
  std::vector<Sibling> siblings_;  // in the order of the path
  std::uint64_t next_ = 0;
};

/// InclusionPath of records that are all at hand. Precondition: `index` is below their number.
std::vector<Hash> inclusion_path(std::span<const Hash> records, std::uint64_t index);

/// The root that record number `index` of `size` leads to along that path. Compare it with the root that is known. A
/// path that is too long or too short leads to another root. Precondition: `index` is below `size`.
Hash root_of_path(const Hash& record, std::uint64_t index, std::uint64_t size, std::span<const Hash> path);

}  // namespace esaas::store
