#pragma once
// The logs that programs before this one stored, by name: what folds and plans of old logs are tested on.

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace esaas::store::testing {

inline std::filesystem::path stored_logs_folder() {
  return std::filesystem::path(ESAAS_SOURCE_DIR) / "tests/store/fixtures";
}

/// "format-1-elasticsearch/upgrade", ...: relative to that folder, sorted.
inline std::vector<std::string> stored_logs() {
  std::vector<std::string> names;
  for (const auto& format : std::filesystem::directory_iterator(stored_logs_folder())) {
    for (const auto& log : std::filesystem::directory_iterator(format)) {
      names.push_back(std::filesystem::relative(log, stored_logs_folder()).string());
    }
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace esaas::store::testing
