#include "store/digests/merkle.h"

#include <sodium.h>

#include <algorithm>
#include <string_view>

#include "core/base/assert.h"

namespace esaas::store {
namespace {

using Children = std::array<Hash, kMerkleChildren>;
static_assert(sizeof(Children) == kMerkleChildren * sizeof(Hash), "what is hashed are the children alone");

/// BLAKE2b's own separation of domains: no text, and so no record, has a node's hash.
constexpr std::string_view kPersonal("esaas tree node\0", crypto_generichash_blake2b_PERSONALBYTES);

/// One that stands alone goes up as it is. Precondition: there is one.
Hash node_over(const Children& children, std::size_t count) {
  if (count == 1) return children[0];
  Hash hash;
  crypto_generichash_blake2b_salt_personal(hash.data(), hash.size(), children[0].data(), count * sizeof(Hash), nullptr,
                                           0, nullptr, reinterpret_cast<const unsigned char*>(kPersonal.data()));
  return hash;
}

}  // namespace

void MerkleTree::add(const Hash& record) {
  if (levels_.empty()) levels_.emplace_back();
  levels_[0].waiting[levels_[0].count++] = record;
  ++size_;
  for (std::size_t i = 0; levels_[i].count == kMerkleChildren; ++i) {
    if (i + 1 == levels_.size()) levels_.emplace_back();
    Level& above = levels_[i + 1];
    above.waiting[above.count++] = node_over(levels_[i].waiting, kMerkleChildren);
    levels_[i].count = 0;
  }
}

Hash MerkleTree::root() const {
  if (size_ == 0) return blake2b_256({});
  // What waits at a level is its right end, and the end of the level below comes behind it.
  Hash end{};
  bool has_end = false;
  for (Level level : levels_) {
    if (has_end) level.waiting[level.count++] = end;
    if (level.count == 0) continue;
    end = node_over(level.waiting, level.count);
    has_end = true;
  }
  return end;
}

InclusionPath::InclusionPath(std::uint64_t index, std::uint64_t size) {
  ESAAS_ASSERT(index < size, "the record is one of them");
  // At each level a node is over `width` records, but the last one, which ends with them.
  std::uint64_t width = 1;
  for (std::uint64_t nodes = size, own = index; nodes > 1; nodes = (nodes - 1) / kMerkleChildren + 1) {
    const std::uint64_t first = own - own % kMerkleChildren;
    const std::uint64_t count = std::min<std::uint64_t>(kMerkleChildren, nodes - first);
    for (std::uint64_t node = first; node < first + count; ++node) {
      const std::uint64_t begin = node * width;
      if (node != own) siblings_.push_back({begin, begin + std::min(width, size - begin)});
    }
    own /= kMerkleChildren;
    width *= kMerkleChildren;
  }
}

void InclusionPath::add(const Hash& record) {
  // Most are below the last ones.
  for (auto sibling = siblings_.rbegin(); sibling != siblings_.rend(); ++sibling) {
    if (next_ < sibling->begin || next_ >= sibling->end) continue;
    sibling->tree.add(record);
    break;
  }
  ++next_;
}

std::vector<Hash> InclusionPath::path() const {
  std::vector<Hash> path;
  for (const Sibling& sibling : siblings_) path.push_back(sibling.tree.root());
  return path;
}

std::vector<Hash> inclusion_path(std::span<const Hash> records, std::uint64_t index) {
  InclusionPath found(index, records.size());
  for (const Hash& record : records) found.add(record);
  return found.path();
}

Hash root_of_path(const Hash& record, std::uint64_t index, std::uint64_t size, std::span<const Hash> path) {
  Hash hash = record;
  for (; size > 1; size = (size - 1) / kMerkleChildren + 1) {
    const std::uint64_t own = index % kMerkleChildren;
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(kMerkleChildren, size - (index - own)));
    if (path.size() + 1 < count) break;
    Children children;
    for (std::size_t i = 0, sibling = 0; i < count; ++i) children[i] = i == own ? hash : path[sibling++];
    path = path.subspan(count - 1);
    hash = node_over(children, count);
    index /= kMerkleChildren;
  }
  return size > 1 || !path.empty() ? blake2b_256("a path of another length") : hash;
}

}  // namespace esaas::store
