#include "store/log/posting_table.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "store/log/index_codec.h"

namespace esaas::store {
namespace {

constexpr std::size_t kSlotsMin = 64;
/// A posting's buffer that has grown larger is not kept for the next one.
constexpr std::size_t kKeptBytesMax = 256;

std::size_t slot_hash(IndexKind kind, std::string_view value) {
  return std::hash<std::string_view>{}(value) * 31 + static_cast<std::size_t>(kind);
}

}  // namespace

void PostingTable::clear() {
  used_ = 0;
  values_.clear();
  std::fill(slots_.begin(), slots_.end(), 0U);
}

void PostingTable::collect(std::span<const event::Event> events, IndexKind from) {
  clear();
  add(events, from);
}

void PostingTable::add(std::span<const event::Event> events, IndexKind from) {
  for (const auto& event : events) {
    texts_.clear();
    for_each_index_entry(event, texts_, [&](IndexKind kind, std::string_view value, std::uint64_t seq) {
      if (kind >= from) add(kind, value, seq, seq != event.seq());
    });
  }
}

std::size_t PostingTable::slot_of(IndexKind kind, std::string_view value) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = slot_hash(kind, value) & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const Posting& posting = postings_[slots_[slot] - 1];
    if (posting.kind == kind && posting.value == value) break;
  }
  return slot;
}

const PostingTable::Posting* PostingTable::find(IndexKind kind, std::string_view value) const {
  if (slots_.empty()) return nullptr;
  const std::uint32_t position = slots_[slot_of(kind, value)];
  return position == 0 ? nullptr : &postings_[position - 1];
}

PostingTable::Posting& PostingTable::append(IndexKind kind, std::string_view value, std::uint64_t seq) {
  if (used_ == postings_.size()) postings_.emplace_back();
  Posting& posting = postings_[used_++];
  posting.kind = kind;
  posting.value = value;
  posting.first_seq = posting.last_seq = seq;
  if (posting.distances.capacity() > kKeptBytesMax) std::string().swap(posting.distances);
  posting.distances.clear();
  posting.next = 0;
  return posting;
}

void PostingTable::add(IndexKind kind, std::string_view value, std::uint64_t seq, bool of_earlier) {
  if (slots_.empty()) slots_.resize(kSlotsMin);
  const std::size_t slot = slot_of(kind, value);
  if (slots_[slot] == 0) {
    append(kind, values_.keep(value), seq);
    slots_[slot] = static_cast<std::uint32_t>(used_);
    if (used_ * 2 > slots_.size()) grow();
    return;
  }
  const std::size_t first = slots_[slot] - 1;
  if (of_earlier) {
    Posting& own = append(kind, postings_[first].value, seq);
    own.next = std::exchange(postings_[first].next, static_cast<std::uint32_t>(used_));
    if (used_ * 2 > slots_.size()) grow();
    return;
  }
  Posting& posting = postings_[first];
  append_distance(posting.last_seq, seq, posting.distances);
  posting.last_seq = seq;
}

void PostingTable::grow() {
  std::size_t size = slots_.size();
  while (used_ * 2 > size) size *= 2;
  slots_.assign(size, 0U);
  for (std::size_t i = 0; i < used_; ++i) {
    // One that another leads to comes after that one, and finds it there.
    const std::size_t slot = slot_of(postings_[i].kind, postings_[i].value);
    if (slots_[slot] == 0) slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

}  // namespace esaas::store
