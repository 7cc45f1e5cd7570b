#include "store/log/posting_table.h"

#include <algorithm>
#include <functional>

#include "store/log/index_codec.h"

namespace esaas::store {
namespace {

constexpr std::size_t kSlotsMin = 64;

std::size_t slot_hash(IndexKind kind, std::string_view value) {
  return std::hash<std::string_view>{}(value) * 31 + static_cast<std::size_t>(kind);
}

}  // namespace

void PostingTable::collect(std::span<const event::Event> events, IndexKind from) {
  used_ = 0;
  texts_.clear();
  if (slots_.empty()) slots_.resize(kSlotsMin);
  std::fill(slots_.begin(), slots_.end(), 0U);
  for (const auto& event : events) {
    for_each_index_entry(event, texts_, [&](IndexKind kind, std::string_view value, std::uint64_t seq) {
      if (kind < from) return;
      seq == event.seq() ? add(kind, value, seq) : static_cast<void>(append(kind, value, seq));
    });
  }
}

PostingTable::Posting& PostingTable::append(IndexKind kind, std::string_view value, std::uint64_t seq) {
  if (used_ == postings_.size()) postings_.emplace_back();
  Posting& posting = postings_[used_++];
  posting.kind = kind;
  posting.value = value;
  posting.first_seq = posting.last_seq = seq;
  posting.distances.clear();
  return posting;
}

void PostingTable::add(IndexKind kind, std::string_view value, std::uint64_t seq) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = slot_hash(kind, value) & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    Posting& posting = postings_[slots_[slot] - 1];
    if (posting.kind != kind || posting.value != value) continue;
    append_distance(posting.last_seq, seq, posting.distances);
    posting.last_seq = seq;
    return;
  }
  append(kind, value, seq);
  slots_[slot] = static_cast<std::uint32_t>(used_);
  if (used_ * 2 > slots_.size()) grow();
}

void PostingTable::grow() {
  std::size_t size = slots_.size();
  while (used_ * 2 > size) size *= 2;
  slots_.assign(size, 0U);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < used_; ++i) {
    std::size_t slot = slot_hash(postings_[i].kind, postings_[i].value) & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

}  // namespace esaas::store
