#pragma once
// The words of a text, as they are stored in the index and looked up in it: runs of letters and digits, folded so that
// case does not matter. Scripts that put no space between words (Chinese, Japanese, Korean) are cut into bigrams.
// Pure, thread-safe.

#include <string>
#include <string_view>
#include <vector>

namespace esaas::store {

/// A longer word is known by so many of its first bytes.
inline constexpr std::size_t kWordBytesMax = 64;

/// Appends the words of `text`, UTF-8, as an index keeps them: of a run of ideographs each character, and each two that
/// stand beside each other. What is no UTF-8 divides words. Words may repeat.
void append_words(std::string_view text, std::vector<std::string>& words);

/// The words that all have to be there for `text` to be found: of a run of ideographs its bigrams, or the one character
/// that it is. Sorted, none twice.
std::vector<std::string> words_to_find(std::string_view text);

}  // namespace esaas::store
