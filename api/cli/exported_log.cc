#include "api/cli/exported_log.h"

#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include "store/backup/log_export.h"

namespace esaas::api::cli {

namespace fs = std::filesystem;

struct ExportedLog::Folder {
  explicit Folder(fs::path place) : path(std::move(place)) {}
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const fs::path path;
};

Result<ExportedLog> ExportedLog::open(const std::vector<fs::path>& files) {
  std::error_code failed;
  std::string pattern = (fs::temp_directory_path(failed) / "esaas-log-XXXXXX").string();
  if (failed || ::mkdtemp(pattern.data()) == nullptr) {
    return fail(ErrorCode::kInternal, "cannot make a folder like " + pattern);
  }
  ExportedLog exported;
  exported.folder_ = std::make_shared<const Folder>(pattern);
  ESAAS_TRY(exported.log_, store::open_rocksdb_log({.directory = exported.folder_->path / "log"}));
  for (const fs::path& file : files) {
    ESAAS_CHECK(store::append_export(file, *exported.log_));
  }
  return exported;
}

}  // namespace esaas::api::cli
