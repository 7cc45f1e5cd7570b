#include "store/backup/backup_room.h"

#include <rocksdb/db.h>
#include <rocksdb/metadata.h>
#include <sys/stat.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/log/rocksdb_store.h"

namespace esaas::store {
namespace {

namespace fs = std::filesystem;

/// Of a table: its number, and its size. A backup keeps "000123.sst" as "000123_sSESSION_SIZE.sst".
using TableKey = std::pair<std::string, std::string>;

std::set<TableKey> shared_tables(const fs::path& folder) {
  std::set<TableKey> tables;
  std::error_code error;
  for (fs::directory_iterator file(folder / "log" / "shared_checksum", error), end; !error && file != end;
       file.increment(error)) {
    const std::string name = file->path().stem().string();
    const auto number_end = name.find('_');
    const auto size_begin = name.rfind('_');
    if (number_end == std::string::npos) continue;
    tables.emplace(name.substr(0, number_end), name.substr(size_begin + 1));
  }
  return tables;
}

}  // namespace

Result<std::uint64_t> bytes_to_back_up(const DurableLog& log, const fs::path& folder) {
  rocksdb::LiveFilesStorageInfoOptions options;
  options.wal_size_for_flush = UINT64_MAX;  // the write-ahead log is copied as it is
  std::vector<rocksdb::LiveFileStorageInfo> files;
  const auto status = log.database().GetLiveFilesStorageInfo(options, &files);
  if (!status.ok()) return std::unexpected(to_error(status, "cannot tell what there is to back up"));
  const auto shared = shared_tables(folder);
  std::uint64_t bytes = 0;
  for (const auto& file : files) {
    const TableKey key{fs::path(file.relative_filename).stem().string(), std::to_string(file.size)};
    if (file.file_type != rocksdb::kTableFile || !shared.contains(key)) bytes += file.size;
  }
  return bytes;
}

Result<void> check_backup_room(const DurableLog& log, const fs::path& folder, const SpaceProbe& probe,
                               std::uint64_t reserve_bytes) {
  ESAAS_TRY(const std::uint64_t needed, bytes_to_back_up(log, folder));
  ESAAS_TRY(const std::uint64_t free_bytes, probe());
  if (free_bytes >= needed + reserve_bytes) return {};
  return fail(ErrorCode::kResourceExhausted,
              "a backup takes about " + std::to_string(needed) + " bytes more, and only " + std::to_string(free_bytes) +
                  " are free in " + folder.string() +
                  (reserve_bytes == 0 ? "" : ", of which " + std::to_string(reserve_bytes) + " are kept in reserve"),
              {}, "backup_free_space");
}

bool are_on_one_file_system(const fs::path& directory, const fs::path& folder) {
  struct stat one{};
  struct stat other{};
  return ::stat(existing_part_of(directory).c_str(), &one) == 0 &&
         ::stat(existing_part_of(folder).c_str(), &other) == 0 && one.st_dev == other.st_dev;
}

fs::path existing_part_of(fs::path folder) {
  std::error_code error;
  while (!fs::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

}  // namespace esaas::store
