#include "store/views/index_walk.h"

#include <utility>

namespace esaas::store {
namespace {

constexpr std::size_t kPage = 512;

}  // namespace

IndexWalk::IndexWalk(const EventLog& log, IndexQuery query) : log_(log), query_(std::move(query)) {
  query_.limit = kPage;
}

Result<void> IndexWalk::fetch() {
  ESAAS_TRY(page_, log_.read_index(query_));
  position_ = 0;
  last_page_ = page_.size() < kPage;
  if (page_.empty()) return {};
  if (query_.newest_first) {
    query_.to_seq = page_.back() - 1;
    last_page_ = last_page_ || query_.to_seq < query_.from_seq;
  } else {
    query_.from_seq = page_.back() + 1;
  }
  return {};
}

Result<const event::Event*> IndexWalk::next() {
  if (position_ == page_.size()) {
    if (last_page_) return nullptr;
    ESAAS_CHECK(fetch());
    if (page_.empty()) return nullptr;
  }
  ESAAS_TRY(event_, log_.read_one(page_[position_]));
  ++position_;
  return &event_;
}

}  // namespace esaas::store
