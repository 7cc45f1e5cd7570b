// Replays the corpus of the fuzz target for the event stream, so that a build without libFuzzer
// sees it too.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

TEST(FuzzCorpus, EventStreamInputsKeepTheInvariants) {
  const std::filesystem::path corpus =
      std::string(ESAAS_SOURCE_DIR) + "/tests/fuzz/corpus/recordio";
  int replayed = 0;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file),
                                  std::istreambuf_iterator<char>()};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    ++replayed;
  }
  EXPECT_GE(replayed, 10) << "the corpus in " << corpus << " is gone";
}

}  // namespace
