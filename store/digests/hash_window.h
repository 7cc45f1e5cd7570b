#pragma once
// HashWindow: the hashes of records that were read and wait for the digest over them. They stay where they were
// computed; a slice shares them with who takes it, also across threads. Not thread-safe.

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "core/base/hash.h"

namespace esaas::store {

class HashWindow {
 public:
  struct Part {
    std::shared_ptr<const std::vector<Hash>> kept;
    std::span<const Hash> hashes;  ///< of them
  };
  using Slice = std::vector<Part>;

  explicit HashWindow(std::uint64_t first_seq) : first_seq_(first_seq), end_seq_(first_seq) {}

  /// It holds [first_seq, end_seq).
  [[nodiscard]] std::uint64_t first_seq() const { return first_seq_; }
  [[nodiscard]] std::uint64_t end_seq() const { return end_seq_; }

  /// Of the events from end_seq() on.
  void append(std::vector<Hash> hashes);
  /// Precondition: `seq` is not beyond end_seq().
  void drop_before(std::uint64_t seq);
  /// Precondition: both are held, and in order.
  [[nodiscard]] Slice slice(std::uint64_t first_seq, std::uint64_t last_seq) const;

 private:
  struct Chunk {
    std::uint64_t first_seq = 0;
    std::shared_ptr<const std::vector<Hash>> hashes;

    [[nodiscard]] std::uint64_t end_seq() const { return first_seq + hashes->size(); }
  };
  std::deque<Chunk> chunks_;
  std::uint64_t first_seq_;
  std::uint64_t end_seq_;
};

}  // namespace esaas::store
