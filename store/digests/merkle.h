#pragma once
// MerkleTree: one hash over many records, from which it can be shown with a few hashes that a record is among them. The
// tree of RFC 9162 (section 2.1) with BLAKE2b-256 in place of SHA-256: a leaf is H(00, hash of the record), an inner
// node H(01, left, right), and the left side of an inner node is the largest power of two that is smaller than the
// whole. Pure; not thread-safe.

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/hash.h"

namespace esaas::store {

/// The leaf of a record with this hash.
Hash merkle_leaf(const Hash& record);
/// The root over these leaves. It makes the tree in their place.
Hash root_of_leaves(std::vector<Hash> leaves);

/// Takes records one after the other, and keeps one hash for each bit of their number.
class MerkleTree {
 public:
  void add(const Hash& record) { add_leaf(merkle_leaf(record)); }
  void add_leaf(const Hash& leaf);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Of all that was added. The root of nothing is the hash of nothing.
  [[nodiscard]] Hash root() const;

 private:
  std::vector<Hash> complete_;  // the roots of the complete subtrees, the largest first
  std::uint64_t size_ = 0;
};

/// Finds the hashes that lead from one record to the root while the records go by, and keeps few of them.
class InclusionPath {
 public:
  /// For record number `index` of `size`. Precondition: `index` is below `size`.
  InclusionPath(std::uint64_t index, std::uint64_t size);
  /// The next record, from number 0 on.
  void add(const Hash& record);
  /// Once all are added: the hashes, the nearest to the record first.
  [[nodiscard]] std::vector<Hash> path() const;

 private:
  /// The records beside the way to the root at one level.
  struct Sibling {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    MerkleTree tree = {};
  };
  std::vector<Sibling> siblings_;  // the farthest first
  std::uint64_t next_ = 0;
};

/// InclusionPath of records that are all at hand. Precondition: `index` is below their number.
std::vector<Hash> inclusion_path(std::span<const Hash> records, std::uint64_t index);

/// The root that record number `index` of `size` leads to along that path. Compare it with the root that is known. A
/// path that is too long or too short leads to another root.
Hash root_of_path(const Hash& record, std::uint64_t index, std::uint64_t size, std::span<const Hash> path);

}  // namespace esaas::store
