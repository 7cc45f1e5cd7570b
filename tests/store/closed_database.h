#pragma once
// Writes into a log's closed database what the log would not: as an older program, or a fault, leaves it.

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>
#include <string>
#include <vector>

namespace esaas::store::testing {

/// Calls `change(database, meta, index)` with the log in `directory`, which nobody has open; then all is in tables.
template <typename Change>
void change_closed_log(const std::filesystem::path& directory, Change&& change) {
  std::vector<std::string> names;
  const auto path = (directory / "db").string();
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, path, &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const auto& name : names) descriptors.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open({}, path, descriptors, &handles, &db).ok());
  rocksdb::ColumnFamilyHandle* index = nullptr;
  for (auto* handle : handles) index = handle->GetName() == "idx" ? handle : index;
  change(*db, handles[0], index);
  EXPECT_TRUE(db->Flush({}, handles).ok());
  for (auto* handle : handles) EXPECT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
  delete db;
}

}  // namespace esaas::store::testing
