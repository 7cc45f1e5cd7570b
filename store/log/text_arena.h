#pragma once
// TextArena: keeps many short texts in few blocks, which are used again after `clear`. Not thread-safe.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace esaas::store {

class TextArena {
 public:
  /// A copy that lives until `clear`.
  std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    while (at_ < blocks_.size() && blocks_[at_].size - used_ < text.size()) {
      ++at_;
      used_ = 0;
    }
    if (at_ == blocks_.size()) {
      const std::size_t size = std::max(kBlockBytes, text.size());
      blocks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
    }
    char* copy = blocks_[at_].bytes.get() + used_;
    std::ranges::copy(text, copy);
    used_ += text.size();
    return {copy, text.size()};
  }

  void clear() {
    at_ = 0;
    used_ = 0;
  }

 private:
  static constexpr std::size_t kBlockBytes = 64U << 10U;
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };

  std::vector<Block> blocks_;
  std::size_t at_ = 0;    // the block that is being filled
  std::size_t used_ = 0;  // of it
};

}  // namespace esaas::store
