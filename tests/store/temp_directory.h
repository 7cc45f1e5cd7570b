#pragma once
// A directory of its own for a test, removed with all that is in it.

#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/base/assert.h"

namespace esaas::store::testing {

class TempDirectory {
 public:
  TempDirectory() {
    std::string pattern = "/tmp/esaas-store-XXXXXX";
    ESAAS_ASSERT(::mkdtemp(pattern.data()) != nullptr, "no temporary directory");
    path_ = pattern;
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace esaas::store::testing
