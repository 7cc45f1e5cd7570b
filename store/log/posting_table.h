#pragma once
// PostingTable: collects index entries, one posting for each index value; an entry by the seq of an earlier event is a
// posting of its own, so that the postings of one value never overlap. Its buffers are used again and again, so that
// the append path does not allocate. Not thread-safe.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event.pb.h"
#include "store/log/event_log.h"
#include "store/log/index_entries.h"
#include "store/log/text_arena.h"

namespace esaas::store {

class PostingTable {
 public:
  struct Posting {
    IndexKind kind = IndexKind::kAudit;
    std::string_view value;  ///< lives in the table
    std::uint64_t first_seq = 0;
    std::uint64_t last_seq = 0;
    std::string distances;
    std::uint32_t next = 0;  ///< 1 + the position of another posting of this value; 0: there is none
  };

  /// Forgets what was collected.
  void clear();
  /// Adds the entries of these events, which follow those that were added before; `from`: of the kinds from this one
  /// on.
  void add(std::span<const event::Event> events, IndexKind from = IndexKind::kOperation);
  /// Replaces what was collected by the entries of these events.
  void collect(std::span<const event::Event> events, IndexKind from = IndexKind::kOperation);

  /// In the order in which they first occurred.
  [[nodiscard]] std::span<const Posting> postings() const { return {postings_.data(), used_}; }
  /// The first of the postings of a value, or null; `next` leads to the others.
  [[nodiscard]] const Posting* find(IndexKind kind, std::string_view value) const;
  /// What `next` of this one says; null at the end.
  [[nodiscard]] const Posting* after(const Posting& posting) const {
    return posting.next == 0 ? nullptr : &postings_[posting.next - 1];
  }

 private:
  /// One entry. `of_earlier`: by the seq of an event before the one that it comes from.
  void add(IndexKind kind, std::string_view value, std::uint64_t seq, bool of_earlier);
  /// Of the value's first posting, or a free one.
  [[nodiscard]] std::size_t slot_of(IndexKind kind, std::string_view value) const;
  Posting& append(IndexKind kind, std::string_view value, std::uint64_t seq);
  void grow();

  std::vector<Posting> postings_;  // the first used_ are live, the others keep their buffers
  std::size_t used_ = 0;
  TextArena values_;
  IndexTexts texts_;
  std::vector<std::uint32_t> slots_;  // open addressing; 1 + position in postings_, 0 for free
};

}  // namespace esaas::store
