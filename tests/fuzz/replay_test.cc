// Runs the fuzz target that it is linked with over every file of its corpus: what once broke stays mended.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::vector<std::filesystem::path> corpus_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(ESAAS_CORPUS)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

TEST(FuzzCorpus, EveryInputIsTakenOrRefusedCleanly) {
  const auto files = corpus_files();
  ASSERT_FALSE(files.empty()) << "no corpus in " ESAAS_CORPUS;
  for (const auto& path : files) {
    SCOPED_TRACE(path.string());
    run(read(path));
  }
}

TEST(FuzzCorpus, EveryInputCutInHalfIsTakenOrRefusedCleanly) {
  for (const auto& path : corpus_files()) {
    SCOPED_TRACE(path.string());
    const std::string input = read(path);
    run(input.substr(0, input.size() / 2));
    run(input.substr(input.size() / 2));
  }
}

}  // namespace
