#pragma once
// TemporaryFolder: a folder that everybody may enter, and that goes with the test.

#include <stdlib.h>

#include <filesystem>

namespace esaas::embedded::testing {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    char name[] = "/tmp/esaas-embedded-XXXXXX";
    path_ = ::mkdtemp(name);
    std::filesystem::permissions(path_, std::filesystem::perms(0755));
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace esaas::embedded::testing
