#include "store/views/seq_stream.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/base/assert.h"

namespace esaas::store {
namespace {

/// Small at first: of a frequent word only what the rarer filter asks for is read.
constexpr std::size_t kPageMin = 16;
constexpr std::size_t kPageMax = 512;

/// `left` comes before `right`.
bool is_before(std::uint64_t left, std::uint64_t right, Direction direction) {
  return direction == Direction::kOldestFirst ? left < right : left > right;
}

/// The first of `seqs`, which are in that direction, that does not come before `seq`.
std::vector<std::uint64_t>::const_iterator find(const std::vector<std::uint64_t>& seqs, std::size_t from,
                                                std::uint64_t seq, Direction direction) {
  return std::lower_bound(seqs.begin() + static_cast<std::ptrdiff_t>(from), seqs.end(), seq,
                          [&](std::uint64_t left, std::uint64_t right) { return is_before(left, right, direction); });
}

class PostingStream final : public SeqStream {
 public:
  PostingStream(const EventLog& log, IndexKind kind, std::string value, Direction direction)
      : log_(log), direction_(direction), query_{.kind = kind, .value = std::move(value), .limit = kPageMin} {
    query_.newest_first = direction == Direction::kNewestFirst;
  }

  Result<std::optional<std::uint64_t>> seek(std::uint64_t seq) override {
    if (const auto known = within_page(seq)) return known;
    if (is_last_) return std::nullopt;
    (query_.newest_first ? query_.to_seq : query_.from_seq) = seq;
    ESAAS_TRY(page_, log_.read_index(query_));
    is_last_ = page_.size() < query_.limit;
    query_.limit = std::min(2 * query_.limit, kPageMax);
    position_ = 0;
    return within_page(seq);
  }

 private:
  std::optional<std::uint64_t> within_page(std::uint64_t seq) {
    const auto found = find(page_, position_, seq, direction_);
    position_ = static_cast<std::size_t>(found - page_.begin());
    return found == page_.end() ? std::nullopt : std::optional(*found);
  }

  const EventLog& log_;
  Direction direction_;
  IndexQuery query_;
  std::vector<std::uint64_t> page_;
  std::size_t position_ = 0;
  bool is_last_ = false;
};

class FixedStream final : public SeqStream {
 public:
  FixedStream(std::vector<std::uint64_t> seqs, Direction direction) : seqs_(std::move(seqs)), direction_(direction) {
    direction == Direction::kOldestFirst ? std::ranges::sort(seqs_) : std::ranges::sort(seqs_, std::greater());
  }
  Result<std::optional<std::uint64_t>> seek(std::uint64_t seq) override {
    const auto found = find(seqs_, 0, seq, direction_);
    return found == seqs_.end() ? std::nullopt : std::optional(*found);
  }

 private:
  std::vector<std::uint64_t> seqs_;
  Direction direction_;
};

class AnyOf final : public SeqStream {
 public:
  AnyOf(std::vector<std::unique_ptr<SeqStream>> streams, Direction direction)
      : streams_(std::move(streams)), direction_(direction) {}

  Result<std::optional<std::uint64_t>> seek(std::uint64_t seq) override {
    std::optional<std::uint64_t> first;
    for (const auto& stream : streams_) {
      ESAAS_TRY(const auto found, stream->seek(seq));
      if (found && (!first || is_before(*found, *first, direction_))) first = found;
    }
    return first;
  }

 private:
  std::vector<std::unique_ptr<SeqStream>> streams_;
  Direction direction_;
};

}  // namespace

std::unique_ptr<SeqStream> posting_stream(const EventLog& log, IndexKind kind, std::string value, Direction direction) {
  return std::make_unique<PostingStream>(log, kind, std::move(value), direction);
}

std::unique_ptr<SeqStream> fixed_stream(std::vector<std::uint64_t> seqs, Direction direction) {
  return std::make_unique<FixedStream>(std::move(seqs), direction);
}

std::unique_ptr<SeqStream> any_of(std::vector<std::unique_ptr<SeqStream>> streams, Direction direction) {
  return std::make_unique<AnyOf>(std::move(streams), direction);
}

CommonSeqs::CommonSeqs(std::vector<std::unique_ptr<SeqStream>> streams, std::uint64_t first, std::uint64_t last,
                       Direction direction)
    : streams_(std::move(streams)),
      first_(std::max<std::uint64_t>(first, 1)),
      last_(last),
      direction_(direction),
      next_(direction == Direction::kOldestFirst ? first_ : last_) {
  ESAAS_ASSERT(!streams_.empty(), "seqs are common to something");
}

Result<std::optional<std::uint64_t>> CommonSeqs::next() {
  std::size_t agree = 0;
  for (std::size_t at = 0; is_within(next_); at = (at + 1) % streams_.size()) {
    ESAAS_TRY(const auto found, streams_[at]->seek(next_));
    if (!found || !is_within(*found)) break;
    agree = *found == next_ ? agree + 1 : 1;
    next_ = *found;
    if (agree < streams_.size()) continue;
    // Zero is below every seq: where the newest come first, it ends the walk.
    const std::uint64_t common = next_;
    next_ = direction_ == Direction::kOldestFirst ? common + 1 : common - 1;
    return common;
  }
  next_ = 0;
  return std::nullopt;
}

}  // namespace esaas::store
