#pragma once
// Where things are within a data directory.

#include <filesystem>

namespace esaas::api::config {

inline std::filesystem::path log_directory(const std::filesystem::path& data_dir) { return data_dir / "log"; }
inline std::filesystem::path snapshot_directory(const std::filesystem::path& data_dir) {
  return data_dir / "snapshots";
}
/// States of the past, each of which may be deleted at any time.
inline std::filesystem::path past_directory(const std::filesystem::path& data_dir) { return data_dir / "past"; }
inline std::filesystem::path secret_directory(const std::filesystem::path& data_dir) { return data_dir / "secrets"; }
inline std::filesystem::path admin_token_file(const std::filesystem::path& data_dir) {
  return data_dir / "admin-token";
}
inline std::filesystem::path embedded_mesos_directory(const std::filesystem::path& data_dir) {
  return data_dir / "embedded-mesos";
}

}  // namespace esaas::api::config
