#pragma once
// PortRanges: a set of whole numbers kept as sorted, disjoint, inclusive ranges. A value; thread-compatible.

#include <cstdint>
#include <string>
#include <vector>

namespace esaas::embedded {

class PortRanges {
 public:
  struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;  ///< inclusive
    friend bool operator==(const Range&, const Range&) = default;
  };

  /// Adds begin..end; what overlaps or touches is merged. Precondition: begin <= end < 2^64 - 1.
  void add(Range range);
  void add(const PortRanges& other);
  /// Takes away what is in `other`; what is not here is ignored.
  void subtract(const PortRanges& other);

  [[nodiscard]] bool contains(const PortRanges& other) const;
  [[nodiscard]] bool intersects(const PortRanges& other) const;
  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] const std::vector<Range>& ranges() const { return ranges_; }

  /// "[31000-31099, 31200-31200]", as Mesos writes it.
  [[nodiscard]] std::string to_text() const;

  friend bool operator==(const PortRanges&, const PortRanges&) = default;

 private:
  std::vector<Range> ranges_;
};

}  // namespace esaas::embedded
