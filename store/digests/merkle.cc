#include "store/digests/merkle.h"

#include <bit>
#include <string>

#include "core/base/assert.h"

namespace esaas::store {
namespace {

Hash leaf(const Hash& record) { return blake2b_256(std::string(1, '\0') + to_bytes(record)); }

Hash inner(const Hash& left, const Hash& right) {
  return blake2b_256(std::string(1, '\1') + to_bytes(left) + to_bytes(right));
}

/// How many leaves are on the left side. Precondition: `size` is 2 or more.
std::uint64_t left_size(std::uint64_t size) { return std::bit_floor(size - 1); }

Hash root_of(std::span<const Hash> records) {
  MerkleTree tree;
  for (const Hash& record : records) tree.add(record);
  return tree.root();
}

}  // namespace

void MerkleTree::add(const Hash& record) {
  Hash hash = leaf(record);
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

std::vector<Hash> inclusion_path(std::span<const Hash> records, std::uint64_t index) {
  ESAAS_ASSERT(index < records.size(), "the record is one of them");
  std::vector<Hash> path;
  while (records.size() > 1) {
    const std::uint64_t left = left_size(records.size());
    const bool on_the_left = index < left;
    path.push_back(root_of(on_the_left ? records.subspan(left) : records.first(left)));
    records = on_the_left ? records.first(left) : records.subspan(left);
    if (!on_the_left) index -= left;
  }
  return {path.rbegin(), path.rend()};
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
  Hash hash = leaf(record);
  if (path.size() != sides.size()) return blake2b_256("a path of another length");
  for (const Hash& sibling : path) {
    hash = sides.back() ? inner(hash, sibling) : inner(sibling, hash);
    sides.pop_back();
  }
  return hash;
}

}  // namespace esaas::store
