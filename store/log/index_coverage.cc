#include "store/log/index_coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "core/base/assert.h"

namespace esaas::store {
namespace {

/// Takes a number from the front.
bool take_number(std::string_view& text, auto& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

Result<IndexCoverage> IndexCoverage::decode(std::string_view text) {
  const auto broken =
      fail(ErrorCode::kDataLoss, "the record of what is indexed is broken: \"" + std::string(text) + '"');
  IndexCoverage coverage(0);
  if (!take_number(text, coverage.version_)) return broken;
  std::uint64_t before = 0;
  while (!text.empty()) {
    SeqRange range;
    const bool is_read =
        take(text, ' ') && take_number(text, range.first) && take(text, '-') && take_number(text, range.last);
    if (!is_read || range.first <= before || range.last < range.first) return broken;
    before = range.last;
    coverage.missing_.push_back(range);
  }
  return coverage;
}

std::string IndexCoverage::encode() const {
  std::string text = std::to_string(version_);
  for (const SeqRange& range : missing_) text += fmt::format(" {}-{}", range.first, range.last);
  return text;
}

std::uint64_t IndexCoverage::events_missing() const {
  return std::accumulate(missing_.begin(), missing_.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const SeqRange& range) { return sum + range.last - range.first + 1; });
}

SeqRange IndexCoverage::next(std::uint64_t limit) const {
  if (missing_.empty()) return {1, 0};
  const SeqRange& newest = missing_.back();
  const std::uint64_t size = std::min(limit, newest.last - newest.first + 1);
  return {newest.last - size + 1, newest.last};
}

void IndexCoverage::done(SeqRange range) {
  ESAAS_ASSERT(!missing_.empty() && missing_.back().last == range.last && missing_.back().first <= range.first,
               "an index is built from its newest gap downwards");
  if (missing_.back().first == range.first) return missing_.pop_back();
  missing_.back().last = range.first - 1;
}

}  // namespace esaas::store
