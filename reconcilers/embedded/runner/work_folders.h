#pragma once
// WorkFolders: where in the work directory things lie. Names that come from outside are escaped, so that none can leave
// its folder. It only makes paths and touches no file.

#include <filesystem>
#include <string>
#include <string_view>

#include "reconcilers/embedded/model/mesos_model.h"

namespace esaas::embedded {

/// A name as one path component: what is not a letter, digit, '-', '_' or an inner '.' becomes %XX. Invertible.
std::string escape_component(std::string_view name);
std::string unescape_component(std::string_view component);

class WorkFolders {
 public:
  explicit WorkFolders(std::filesystem::path root) : root_(std::move(root)) {}

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] std::filesystem::path cache() const { return root_ / "cache"; }
  [[nodiscard]] std::filesystem::path trash() const { return root_ / "trash"; }
  /// One folder per framework, one per task in it.
  [[nodiscard]] std::filesystem::path tasks() const { return root_ / "tasks"; }
  [[nodiscard]] std::filesystem::path task(const TaskKey& key) const {
    return tasks() / escape_component(key.framework_id) / escape_component(key.task_id);
  }
  [[nodiscard]] std::filesystem::path volumes(std::string_view agent_name) const {
    return root_ / "agents" / escape_component(agent_name) / "volumes";
  }

 private:
  std::filesystem::path root_;
};

/// The folder of one volume within WorkFolders::volumes.
std::filesystem::path volume_folder(const std::filesystem::path& volumes, std::string_view role, std::string_view id);

}  // namespace esaas::embedded
