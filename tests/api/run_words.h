#pragma once
// A command line as the terminal gives it, within the test: its exit code, and what it printed.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/cli/cli.h"

namespace esaas::api::cli {

struct Ran {
  int code = 0;
  std::string out;
  std::string err;
};

inline Ran run_words(std::vector<std::string> words, const Programs& programs = {}) {
  words.insert(words.begin(), "esaas");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Ran ran;
  ran.code = run(static_cast<int>(argv.size()), argv.data(), programs);
  ran.out = ::testing::internal::GetCapturedStdout();
  ran.err = ::testing::internal::GetCapturedStderr();
  return ran;
}

}  // namespace esaas::api::cli
