#include "api/cli/output.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <iostream>

namespace esaas::api::cli {
namespace {

namespace json = boost::json;

const json::value* find(const json::object& item, std::string_view path) {
  const auto dot = path.find('.');
  const auto* value = item.if_contains(path.substr(0, dot));
  if (value == nullptr || dot == std::string_view::npos) return value;
  const auto* object = value->if_object();
  return object == nullptr ? nullptr : find(*object, path.substr(dot + 1));
}

/// 0.644129, where JSON's text is 6.44129E-1; as many digits as tell the number apart from its neighbours.
std::string plain_decimal(double number) {
  std::array<char, 1100> digits;  // a double has at most 309 before the point and 767 after it that matter
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed);
  return written.ec == std::errc{} ? std::string(digits.data(), written.ptr) : json::serialize(json::value(number));
}

std::string to_cell(const json::value& value) {
  if (const auto* text = value.if_string()) return {text->data(), text->size()};
  if (const auto* list = value.if_array()) {
    std::string joined;
    for (const auto& member : *list) joined += (joined.empty() ? "" : ",") + to_cell(member);
    return joined;
  }
  if (const auto* object = value.if_object()) {
    // Labels are read as key=value.
    const auto* key = object->if_contains("key");
    const auto* member = object->if_contains("value");
    if (key != nullptr && member != nullptr && object->size() == 2) return to_cell(*key) + "=" + to_cell(*member);
  }
  if (const auto* number = value.if_double()) return plain_decimal(*number);
  return json::serialize(value);
}

/// Columns are counted in characters, not bytes.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

}  // namespace

std::string cell(const json::object& item, std::string_view path) {
  const auto* value = find(item, path);
  std::string text = value == nullptr || value->is_null() ? "" : to_cell(*value);
  // What a server sends must not move the terminal's cursor.
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text.empty() ? "-" : text;
}

std::string table(const json::array& items, const std::vector<Column>& columns) {
  if (items.empty()) return "none\n";
  std::vector<std::vector<std::string>> rows(1);
  for (const auto& column : columns) rows[0].emplace_back(column.head);
  for (const auto& item : items) {
    auto& row = rows.emplace_back();
    for (const auto& column : columns) {
      row.push_back(item.is_object() ? cell(item.get_object(), column.path) : to_cell(item));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      text += row[i];
      if (i + 1 == columns.size()) break;
      std::size_t width = 0;
      for (const auto& other : rows) width = std::max(width, width_of(other[i]));
      text.append(width - width_of(row[i]) + 2, ' ');
    }
    text += '\n';
  }
  return text;
}

std::string error_text(const Error& error) {
  std::string text = error.detail;
  std::string where;
  if (!error.field.empty()) where = "field " + error.field;
  if (!error.rule.empty()) where += (where.empty() ? "rule " : ", rule ") + error.rule;
  if (!where.empty()) text += " (" + where + ")";
  return text;
}

int print_error(const Error& error) {
  std::cerr << "esaas: " << error_text(error) << "\n";
  switch (error.code) {
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kInternal: return kNoServer;
    default: return kRefused;
  }
}

}  // namespace esaas::api::cli
