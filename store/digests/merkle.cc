#include "store/digests/merkle.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/base/assert.h"

namespace esaas::store {
namespace {

using LeafText = std::array<char, 1 + sizeof(Hash)>;
using InnerText = std::array<char, 1 + 2 * sizeof(Hash)>;

Hash inner(const Hash& left, const Hash& right) {
  InnerText text{'\1'};
  std::ranges::copy(left, text.begin() + 1);
  std::ranges::copy(right, text.begin() + 1 + sizeof(Hash));
  return blake2b_256({text.data(), text.size()});
}

/// How many leaves are on the left side. Precondition: `size` is 2 or more.
std::uint64_t left_size(std::uint64_t size) { return std::bit_floor(size - 1); }

}  // namespace

Hash merkle_leaf(const Hash& record) {
  LeafText text{'\0'};
  std::ranges::copy(record, text.begin() + 1);
  return blake2b_256({text.data(), text.size()});
}

/// Level by level, where one that is left over goes up as it is: the same tree as by halving at powers of two.
Hash root_of_leaves(std::vector<Hash> leaves) {
  if (leaves.empty()) return blake2b_256({});
  for (std::size_t size = leaves.size(); size > 1; size = (size + 1) / 2) {
    for (std::size_t i = 0; i + 1 < size; i += 2) leaves[i / 2] = inner(leaves[i], leaves[i + 1]);
    if (size % 2 != 0) leaves[size / 2] = leaves[size - 1];
  }
  return leaves.front();
}

void MerkleTree::add_leaf(const Hash& leaf) {
  Hash hash = leaf;
  // As in binary addition: each complete subtree of the same size is carried into the next.
  for (std::uint64_t carried = size_; (carried & 1U) != 0; carried >>= 1U) {
    hash = inner(complete_.back(), hash);
    complete_.pop_back();
  }
  complete_.push_back(hash);
  ++size_;
}

Hash MerkleTree::root() const {
  if (complete_.empty()) return blake2b_256({});
  Hash hash = complete_.back();
  for (std::size_t i = complete_.size() - 1; i > 0; --i) hash = inner(complete_[i - 1], hash);
  return hash;
}

InclusionPath::InclusionPath(std::uint64_t index, std::uint64_t size) {
  ESAAS_ASSERT(index < size, "the record is one of them");
  std::uint64_t begin = 0;
  while (size > 1) {
    const std::uint64_t left = left_size(size);
    if (index - begin < left) {
      siblings_.push_back({begin + left, begin + size});
      size = left;
    } else {
      siblings_.push_back({begin, begin + left});
      begin += left;
      size -= left;
    }
  }
}

void InclusionPath::add(const Hash& record) {
  for (Sibling& sibling : siblings_) {
    if (next_ < sibling.begin || next_ >= sibling.end) continue;
    sibling.tree.add(record);
    break;
  }
  ++next_;
}

std::vector<Hash> InclusionPath::path() const {
  std::vector<Hash> path;
  for (const Sibling& sibling : siblings_) path.push_back(sibling.tree.root());
  return {path.rbegin(), path.rend()};
}

std::vector<Hash> inclusion_path(std::span<const Hash> records, std::uint64_t index) {
  InclusionPath found(index, records.size());
  for (const Hash& record : records) found.add(record);
  return found.path();
}

Hash root_of_path(const Hash& record, std::uint64_t index, std::uint64_t size, std::span<const Hash> path) {
  // The way down says on which side each hash of the path stands.
  std::vector<bool> sides;
  while (size > 1) {
    const std::uint64_t left = left_size(size);
    sides.push_back(index < left);
    size = sides.back() ? left : size - left;
    if (!sides.back()) index -= left;
  }
  Hash hash = merkle_leaf(record);
  if (path.size() != sides.size()) return blake2b_256("a path of another length");
  for (const Hash& sibling : path) {
    hash = sides.back() ? inner(hash, sibling) : inner(sibling, hash);
    sides.pop_back();
  }
  return hash;
}

}  // namespace esaas::store
