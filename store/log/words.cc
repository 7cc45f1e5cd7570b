#include "store/log/words.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace esaas::store {
namespace {

bool is_written_without_spaces(UChar32 c) {
  UErrorCode error = U_ZERO_ERROR;
  switch (uscript_getScript(c, &error)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_HANGUL: return true;
    default: return false;
  }
}

void append_utf8(UChar32 c, std::string& text) {
  std::array<char, U8_MAX_LENGTH> bytes{};
  std::int32_t size = 0;
  U8_APPEND_UNSAFE(bytes.data(), size, c);
  text.append(bytes.data(), static_cast<std::size_t>(size));
}

/// Takes one character after the other and gives out words as they end.
class WordCutter {
 public:
  /// `single`: every ideograph is a word too, and not only one that stands alone.
  WordCutter(std::vector<std::string>& words, bool single) : words_(words), single_(single) {}

  void take(UChar32 c) {
    if (c < 0) return end();
    if (c < 0x80) return take_ascii(static_cast<unsigned>(c));
    if (is_written_without_spaces(c) && u_isalpha(c) != 0) return take_ideograph(c);
    if (u_isalnum(c) == 0) return end();
    end_run();
    const UChar32 folded = u_foldCase(c, U_FOLD_CASE_DEFAULT);
    if (word_.size() + U8_LENGTH(folded) <= kWordBytesMax && !is_cut_) {
      append_utf8(folded, word_);
    } else {
      is_cut_ = true;
    }
  }

  void end() {
    end_word();
    end_run();
  }

 private:
  /// As ICU has it, which takes longer to say so: nearly all that is cut is ASCII.
  void take_ascii(unsigned c) {
    const bool is_upper = c - 'A' < 26U;
    if (!is_upper && c - 'a' >= 26U && c - '0' >= 10U) return end();
    end_run();
    if (word_.size() < kWordBytesMax && !is_cut_) {
      word_.push_back(static_cast<char>(is_upper ? c | 0x20U : c));
    } else {
      is_cut_ = true;
    }
  }
  void take_ideograph(UChar32 c) {
    end_word();
    std::string here;
    append_utf8(c, here);
    if (!before_.empty()) words_.push_back(before_ + here);
    if (single_) words_.push_back(here);
    is_alone_ = before_.empty();
    before_ = std::move(here);
  }
  void end_word() {
    if (!word_.empty()) words_.push_back(std::move(word_));
    word_.clear();
    is_cut_ = false;
  }
  void end_run() {
    if (!before_.empty() && is_alone_ && !single_) words_.push_back(before_);
    before_.clear();
  }

  std::vector<std::string>& words_;
  bool single_;
  std::string word_;
  bool is_cut_ = false;
  std::string before_;  // the ideograph before this one
  bool is_alone_ = false;
};

// ICU's macro takes bytes for numbers where it is expanded.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
/// The character at `at`, which is moved behind it; below zero for what is no UTF-8.
UChar32 next_character(std::string_view text, std::size_t& at) {
  UChar32 c = 0;
  U8_NEXT(text.data(), at, text.size(), c);
  return c;
}
#pragma GCC diagnostic pop

void cut(std::string_view text, WordCutter cutter) {
  for (std::size_t at = 0; at < text.size();) cutter.take(next_character(text, at));
  cutter.end();
}

}  // namespace

void append_words(std::string_view text, std::vector<std::string>& words) { cut(text, {words, true}); }

std::vector<std::string> words_to_find(std::string_view text) {
  std::vector<std::string> words;
  cut(text, {words, false});
  std::ranges::sort(words);
  const auto repeated = std::ranges::unique(words);
  words.erase(repeated.begin(), repeated.end());
  return words;
}

}  // namespace esaas::store
