#include "api/config/table_reader.h"

#include "api/config/suggestion.h"

namespace esaas::api::config {

const toml::node* TableReader::find(std::string_view key) {
  known_.emplace(key);
  return table_ == nullptr ? nullptr : table_->get(key);
}

void TableReader::mistake(std::string_view key, std::string detail) {
  if (!wrong_.emplace(key).second) return;
  const auto* node = table_ == nullptr ? nullptr : table_->get(key);
  std::uint32_t line = 0;
  if (node != nullptr) {
    line = static_cast<std::uint32_t>(node->source().begin.line);
  } else if (table_ != nullptr && !prefix_.empty()) {
    line = static_cast<std::uint32_t>(table_->source().begin.line);
  }
  mistakes_.push_back({line, prefix_ + unmask(key), std::move(detail)});
}

void TableReader::text(std::string_view key, std::string& value) {
  const auto* node = find(key);
  if (node == nullptr) return;
  if (const auto* string = node->as_string()) {
    value = unmask(string->get());
  } else {
    mistake(key, "is not a string");
  }
}

void TableReader::path(std::string_view key, std::filesystem::path& value, const std::filesystem::path& directory) {
  std::string text_value;
  text(key, text_value);
  if (!text_value.empty()) value = (directory / text_value).lexically_normal();
}

void TableReader::flag(std::string_view key, bool& value) {
  const auto* node = find(key);
  if (node == nullptr) return;
  if (const auto* boolean = node->as_boolean()) {
    value = boolean->get();
  } else {
    mistake(key, "is neither true nor false");
  }
}

std::uint64_t TableReader::number(std::string_view key, std::uint64_t otherwise, std::uint64_t least,
                                  std::uint64_t most) {
  const auto* node = find(key);
  if (node == nullptr) return otherwise;
  const auto* integer = node->as_integer();
  if (integer == nullptr || integer->get() < 0 || static_cast<std::uint64_t>(integer->get()) < least ||
      static_cast<std::uint64_t>(integer->get()) > most) {
    mistake(key, "is not a whole number between " + std::to_string(least) + " and " + std::to_string(most));
    return otherwise;
  }
  return static_cast<std::uint64_t>(integer->get());
}

const toml::table* TableReader::table(std::string_view key) {
  const auto* node = find(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) mistake(key, "is not a table: write [" + prefix_ + std::string(key) + "]");
  return node->as_table();
}

const toml::array* TableReader::tables(std::string_view key) {
  const auto* node = find(key);
  if (node == nullptr) return nullptr;
  const auto* array = node->as_array();
  const bool fits = array != nullptr && (array->empty() || array->is_homogeneous(toml::node_type::table));
  if (!fits) mistake(key, "is not a list of tables: write [[" + prefix_ + std::string(key) + "]]");
  return fits ? array : nullptr;
}

void TableReader::done() {
  if (table_ == nullptr) return;
  for (const auto& [key, node] : *table_) {
    if (known_.contains(key.str())) continue;
    const std::vector<std::string> names(known_.begin(), known_.end());
    const std::string name = unmask(key.str());
    mistake(key.str(), "is not known here" + suggestion(name, names));
  }
}

}  // namespace esaas::api::config
