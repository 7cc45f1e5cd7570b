// The tree over records: its roots, and that a path leads to them from its own record alone.
#include "store/digests/merkle.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
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

/// A node as store/digests/format.md has it.
Hash node_over(std::span<const Hash> children) {
  std::string text;
  for (const Hash& child : children) text += to_bytes(child);
  const std::string personal = "esaas tree node" + std::string(1, '\0');
  Hash hash{};
  EXPECT_EQ(crypto_generichash_blake2b_salt_personal(
                hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(), nullptr, 0,
                nullptr, reinterpret_cast<const unsigned char*>(personal.data())),
            0);
  return hash;
}

/// Level by level, as it is written there.
Hash by_definition(std::vector<Hash> level) {
  if (level.empty()) return blake2b_256({});
  while (level.size() > 1) {
    std::vector<Hash> above;
    for (std::size_t i = 0; i < level.size(); i += 4) {
      const auto children = std::span(level).subspan(i, std::min<std::size_t>(4, level.size() - i));
      above.push_back(children.size() == 1 ? children[0] : node_over(children));
    }
    level = above;
  }
  return level[0];
}

TEST(Merkle, HasTheRootOfTheDefinition) {
  for (std::size_t count = 0; count <= 300; ++count) {
    const auto hashes = records(count);
    EXPECT_EQ(root_of(hashes), by_definition(hashes)) << count;
  }
}

/// From Python: blake2b(b"".join(children), digest_size=32, person=b"esaas tree node") over blake2b(b"record %d").
TEST(Merkle, HasTheRootsThatPythonComputes) {
  EXPECT_EQ(to_hex(to_bytes(root_of(records(2)))), "d7cdbff3da12fa8d0f0f9b6761e6ba3f1479450ae043c8ec6ea745bcb3bcdea5");
  EXPECT_EQ(to_hex(to_bytes(root_of(records(5)))), "34ef22500f6f4b170e70d0c92135b1aa4046c31979a5ba6dc5660bb78a307a17");
  EXPECT_EQ(to_hex(to_bytes(root_of(records(70)))), "dd9eb43142111be66ca0ea680b17698841a1fd792c9119177260449bfe3f57e8");
}

TEST(Merkle, ANodeIsTheHashOfNoRecord) {
  const auto hashes = records(4);
  std::string text;
  for (const Hash& hash : hashes) text += to_bytes(hash);
  // A record with the bytes of a node's children.
  EXPECT_NE(root_of(hashes), blake2b_256(text));
  EXPECT_EQ(root_of({hashes[0]}), hashes[0]);
}

TEST(Merkle, APathLeadsFromEachRecordToTheRoot) {
  for (std::size_t count = 1; count <= 90; ++count) {
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
    for (std::size_t changed = 0; changed < inclusion_path(hashes, index).size(); ++changed) {
      path = inclusion_path(hashes, index);
      path[changed][0] ^= 1U;
      EXPECT_NE(root_of_path(hashes[index], index, hashes.size(), path), root);
    }
  }
}

}  // namespace
}  // namespace esaas::store
