#include "store/digests/hash_window.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"

namespace esaas::store {

void HashWindow::append(std::vector<Hash> hashes) {
  if (hashes.empty()) return;
  const std::uint64_t first = end_seq_;
  end_seq_ += hashes.size();
  chunks_.push_back({first, std::make_shared<const std::vector<Hash>>(std::move(hashes))});
}

void HashWindow::drop_before(std::uint64_t seq) {
  ESAAS_ASSERT(seq <= end_seq_, "what goes is held");
  first_seq_ = std::max(first_seq_, seq);
  while (!chunks_.empty() && chunks_.front().end_seq() <= first_seq_) chunks_.pop_front();
}

HashWindow::Slice HashWindow::slice(std::uint64_t first_seq, std::uint64_t last_seq) const {
  ESAAS_ASSERT(first_seq_ <= first_seq && first_seq <= last_seq && last_seq < end_seq_, "what is asked for is held");
  Slice slice;
  for (const Chunk& chunk : chunks_) {
    const std::uint64_t from = std::max(first_seq, chunk.first_seq);
    const std::uint64_t end = std::min(last_seq + 1, chunk.end_seq());
    if (from >= end) continue;
    slice.push_back({chunk.hashes, std::span(*chunk.hashes).subspan(from - chunk.first_seq, end - from)});
  }
  return slice;
}

}  // namespace esaas::store
