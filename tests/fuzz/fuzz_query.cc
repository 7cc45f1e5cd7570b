// Fuzzes what callers put into the query of a read: the cursor of an export, and the words that the audit is searched
// for. The first byte chooses the reader, and for a cursor of which file it has to be.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/assert.h"
#include "core/base/hash.h"
#include "core/base/text.h"
#include "store/export/usage_file.h"
#include "store/log/words.h"

namespace {

using namespace esaas::store;

/// The hash at a cursor's end, which made-up ones never have, and which anybody can compute.
void append_check(const UsagePlace& place, std::string& cursor) {
  std::string checked = cursor;
  checked.append(1, '\0').append(name_of(place.format)).append(place.is_compressed ? ".zst" : "");
  checked.append(1, '\0').append(place.tenant).append(1, '\0').append(place.cluster);
  cursor += "." + esaas::to_hex(esaas::to_bytes(esaas::blake2b_256(checked))).substr(0, 16);
}

void check_cursor(std::uint8_t choice, std::string_view text) {
  constexpr UsageFileFormat kFormats[] = {UsageFileFormat::kCsv, UsageFileFormat::kJsonLines,
                                          UsageFileFormat::kCloudEvents, UsageFileFormat::kFocus};
  UsagePlace place;
  place.format = kFormats[choice % 4];
  place.is_compressed = (choice & 4U) != 0;
  if ((choice & 8U) != 0) place.tenant = "jin-nan";
  if ((choice & 16U) != 0) place.cluster = "logs";
  std::string cursor(text);
  if ((choice & 32U) != 0) append_check(place, cursor);
  if (!place.read(cursor)) return;
  ESAAS_ASSERT(place.from < place.to, "a cursor is of some time");
  ESAAS_ASSERT(place.to_text() == cursor, "and is what an export would give");
}

void check_words(std::string_view text) {
  std::vector<std::string> kept;
  append_words(text, kept);
  for (const std::string& word : kept) {
    ESAAS_ASSERT(!word.empty() && word.size() <= kWordBytesMax, "a word is one, and not too long");
    ESAAS_ASSERT(esaas::is_valid_utf8(word) && !word.contains('\0'), "and can be a value of the index");
  }
  const auto asked = words_to_find(text);
  ESAAS_ASSERT(std::ranges::is_sorted(asked), "in order");
  for (const std::string& word : asked) {
    ESAAS_ASSERT(std::ranges::find(kept, word) != kept.end(), "a text is found by its own words");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if ((data[0] & 128U) != 0) {
    check_words(text);
  } else {
    check_cursor(data[0], text);
  }
  return 0;
}
