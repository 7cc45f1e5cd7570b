#pragma once
// PostingTable: collects the index entries of one batch, one posting per index value; an entry by the seq of an earlier
// event is a posting of its own, so that the postings of one value never overlap. Reused from batch to batch so
// that the append path does not allocate. Not thread-safe.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event.pb.h"
#include "store/log/event_log.h"
#include "store/log/index_entries.h"

namespace esaas::store {

class PostingTable {
 public:
  struct Posting {
    IndexKind kind = IndexKind::kAudit;
    std::string_view value;  ///< lives in the events or in the table
    std::uint64_t first_seq = 0;
    std::uint64_t last_seq = 0;
    std::string distances;
  };

  /// Replaces what was collected by the entries of these events, which must outlive its use; `from`: of the kinds from
  /// this one on.
  void collect(std::span<const event::Event> events, IndexKind from = IndexKind::kOperation);

  /// In the order in which they first occurred.
  [[nodiscard]] std::span<const Posting> postings() const { return {postings_.data(), used_}; }

 private:
  void add(IndexKind kind, std::string_view value, std::uint64_t seq);
  Posting& append(IndexKind kind, std::string_view value, std::uint64_t seq);
  void grow();

  std::vector<Posting> postings_;  // the first used_ are live, the others keep their buffers
  std::size_t used_ = 0;
  IndexTexts texts_;
  std::vector<std::uint32_t> slots_;  // open addressing; 1 + position in postings_, 0 for free
};

}  // namespace esaas::store
