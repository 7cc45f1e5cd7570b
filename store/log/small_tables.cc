#include "store/log/small_tables.h"

#include <rocksdb/metadata.h>

#include <algorithm>
#include <string>
#include <vector>

namespace esaas::store {
namespace {

/// Where tables are compressed for good (rocksdb_open.cc).
constexpr int kLevel = 1;
constexpr std::uint64_t kSmallBytes = 512U << 10U;
constexpr std::size_t kManyTables = 16;

}  // namespace

Result<void> merge_small_tables(const RocksDbStore& store) {
  rocksdb::ColumnFamilyMetaData family;
  store.db().GetColumnFamilyMetaData(store.events(), &family);
  if (family.levels.size() <= kLevel) return {};
  std::vector<rocksdb::SstFileMetaData> tables = family.levels[kLevel].files;
  std::ranges::sort(tables, {}, &rocksdb::SstFileMetaData::smallestkey);
  // Only those behind the last large one: with what lies between them they would be written anew as well.
  std::vector<std::string> small;
  for (auto table = tables.rbegin(); table != tables.rend() && table->size < kSmallBytes; ++table) {
    small.push_back(table->name);
  }
  if (small.size() < kManyTables) return {};
  rocksdb::CompactionOptions options;
  options.compression = rocksdb::kDisableCompressionOption;  // that of the level
  const auto status = store.db().CompactFiles(options, store.events(), small, kLevel);
  // Anything else is that RocksDB is at some of them itself, or has been: then it is for the next time.
  if (!status.IsCorruption() && !status.IsIOError()) return {};
  return std::unexpected(to_error(status, "cannot put small tables together"));
}

}  // namespace esaas::store
