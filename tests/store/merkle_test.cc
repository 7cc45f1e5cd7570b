// The tree over records: its roots, and that a path leads to them from its own record alone.
#include "store/digests/merkle.h"

#include <gtest/gtest.h>

#include <string>

namespace esaas::store {
namespace {

std::vector<Hash> records(std::size_t count) {
  std::vector<Hash> hashes;
  for (std::size_t i = 0; i < count; ++i) hashes.push_back(blake2b_256("record " + std::to_string(i)));
  return hashes;
}

Hash root_of(const std::vector<Hash>& hashes) {
  MerkleTree tree;
  for (const Hash& hash : hashes) tree.add(hash);
  return tree.root();
}

/// The definition of RFC 9162 as it is written there.
Hash by_definition(std::span<const Hash> hashes) {
  if (hashes.empty()) return blake2b_256({});
  if (hashes.size() == 1) return blake2b_256(std::string(1, '\0') + to_bytes(hashes[0]));
  std::size_t left = 1;
  while (left * 2 < hashes.size()) left *= 2;
  return blake2b_256(std::string(1, '\1') + to_bytes(by_definition(hashes.first(left))) +
                     to_bytes(by_definition(hashes.subspan(left))));
}

TEST(Merkle, HasTheRootOfTheDefinition) {
  for (std::size_t count = 0; count <= 70; ++count) {
    const auto hashes = records(count);
    EXPECT_EQ(root_of(hashes), by_definition(hashes)) << count;
  }
}

TEST(Merkle, APathLeadsFromEachRecordToTheRoot) {
  for (std::size_t count = 1; count <= 40; ++count) {
    const auto hashes = records(count);
    const Hash root = root_of(hashes);
    for (std::size_t index = 0; index < count; ++index) {
      const auto path = inclusion_path(hashes, index);
      EXPECT_EQ(root_of_path(hashes[index], index, count, path), root) << index << " of " << count;
    }
  }
}

TEST(Merkle, APathLeadsNowhereFromAnythingElse) {
  const auto hashes = records(11);
  const Hash root = root_of(hashes);
  for (std::size_t index = 0; index < hashes.size(); ++index) {
    auto path = inclusion_path(hashes, index);
    EXPECT_NE(root_of_path(blake2b_256("another"), index, hashes.size(), path), root);
    EXPECT_NE(root_of_path(hashes[index], (index + 1) % hashes.size(), hashes.size(), path), root);
    path.pop_back();
    EXPECT_NE(root_of_path(hashes[index], index, hashes.size(), path), root);
    path = inclusion_path(hashes, index);
    path.push_back(root);
    EXPECT_NE(root_of_path(hashes[index], index, hashes.size(), path), root);
    path = inclusion_path(hashes, index);
    path[0][0] ^= 1U;
    EXPECT_NE(root_of_path(hashes[index], index, hashes.size(), path), root);
  }
}

}  // namespace
}  // namespace esaas::store
