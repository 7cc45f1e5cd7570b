#include "reconcilers/embedded/model/port_ranges.h"

#include <algorithm>

#include "core/base/assert.h"

namespace esaas::embedded {

void PortRanges::add(Range range) {
  ESAAS_ASSERT(range.begin <= range.end, "a range must not be backwards");
  std::vector<Range> merged;
  merged.reserve(ranges_.size() + 1);
  for (const Range& each : ranges_) {
    const bool apart = each.end + 1 < range.begin || range.end + 1 < each.begin;
    if (apart) {
      merged.push_back(each);
    } else {
      range.begin = std::min(range.begin, each.begin);
      range.end = std::max(range.end, each.end);
    }
  }
  const auto place =
      std::find_if(merged.begin(), merged.end(), [&](const Range& each) { return each.begin > range.end; });
  merged.insert(place, range);
  ranges_ = std::move(merged);
}

void PortRanges::add(const PortRanges& other) {
  for (const Range& range : other.ranges_) add(range);
}

void PortRanges::subtract(const PortRanges& other) {
  for (const Range& cut : other.ranges_) {
    std::vector<Range> left;
    for (const Range& each : ranges_) {
      if (cut.end < each.begin || each.end < cut.begin) {
        left.push_back(each);
        continue;
      }
      if (each.begin < cut.begin) left.push_back({each.begin, cut.begin - 1});
      if (cut.end < each.end) left.push_back({cut.end + 1, each.end});
    }
    ranges_ = std::move(left);
  }
}

bool PortRanges::contains(const PortRanges& other) const {
  return std::all_of(other.ranges_.begin(), other.ranges_.end(), [&](const Range& wanted) {
    return std::any_of(ranges_.begin(), ranges_.end(),
                       [&](const Range& each) { return each.begin <= wanted.begin && wanted.end <= each.end; });
  });
}

bool PortRanges::intersects(const PortRanges& other) const {
  return std::any_of(other.ranges_.begin(), other.ranges_.end(), [&](const Range& wanted) {
    return std::any_of(ranges_.begin(), ranges_.end(),
                       [&](const Range& each) { return each.begin <= wanted.end && wanted.begin <= each.end; });
  });
}

std::uint64_t PortRanges::size() const {
  std::uint64_t count = 0;
  for (const Range& each : ranges_) count += each.end - each.begin + 1;
  return count;
}

std::string PortRanges::to_text() const {
  std::string text = "[";
  for (const Range& each : ranges_) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(each.begin) + "-" + std::to_string(each.end);
  }
  return text + "]";
}

}  // namespace esaas::embedded
