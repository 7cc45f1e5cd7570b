#pragma once
// TableReader: takes typed values out of one TOML table and notes what is wrong, with lines. What nobody has asked for
// by the end is a mistake too. Used by load.cc alone.

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/config/load.h"
#include "api/config/toml_text.h"

namespace esaas::api::config {

class TableReader {
 public:
  /// `table` may be null: then all keys are absent. `prefix` ends in a dot unless it is empty.
  TableReader(const toml::table* table, std::string prefix, std::vector<Mistake>& mistakes)
      : table_(table), prefix_(std::move(prefix)), mistakes_(mistakes) {}

  void text(std::string_view key, std::string& value);
  void path(std::string_view key, std::filesystem::path& value, const std::filesystem::path& directory);
  void flag(std::string_view key, bool& value);
  std::uint64_t number(std::string_view key, std::uint64_t otherwise, std::uint64_t least, std::uint64_t most);
  /// The sub-table, or null when it is absent (or wrong).
  const toml::table* table(std::string_view key);
  /// The array of tables, or null.
  const toml::array* tables(std::string_view key);

  /// A mistake at this key, or at the table's begin when the key is absent. Only the first of a key counts: what is
  /// wrong in itself is not also missing.
  void mistake(std::string_view key, std::string detail);
  [[nodiscard]] bool has_mistake(std::string_view key) const { return wrong_.contains(key); }
  /// Notes the keys that nobody has asked for.
  void done();

 private:
  const toml::node* find(std::string_view key);

  const toml::table* table_;
  std::string prefix_;
  std::vector<Mistake>& mistakes_;
  std::set<std::string, std::less<>> known_;
  std::set<std::string, std::less<>> wrong_;
};

}  // namespace esaas::api::config
