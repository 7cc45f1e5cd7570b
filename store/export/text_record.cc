#include "store/export/text_record.h"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace esaas::store {
namespace {

std::string json_text(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

}  // namespace

std::string csv_field(std::string_view text) {
  std::string field;
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) field = "'";
  field += text;
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

void append_csv_header(std::span<const Field> fields, std::string& out) {
  bool is_first = true;
  for (const Field& field : fields) {
    if (!is_first) out += ',';
    is_first = false;
    out += field.name;
  }
  out += "\r\n";
}

void append_csv(std::span<const Field> fields, std::string& out) {
  bool is_first = true;
  for (const Field& field : fields) {
    if (!is_first) out += ',';
    is_first = false;
    out += field.is_number ? field.value : csv_field(field.value);
  }
  out += "\r\n";
}

void append_json_object(std::span<const Field> fields, std::string& out) {
  out += '{';
  bool is_first = true;
  for (const Field& field : fields) {
    if (field.is_number && field.value.empty()) continue;
    if (!is_first) out += ',';
    is_first = false;
    out += json_text(field.name);
    out += ':';
    out += field.is_number ? field.value : json_text(field.value);
  }
  out += '}';
}

void append_json(std::span<const Field> fields, std::string& out) {
  append_json_object(fields, out);
  out += '\n';
}

std::string fixed_decimal(unsigned __int128 value, unsigned decimals) {
  std::string digits;
  for (unsigned i = 0; value != 0 || i <= decimals; ++i) {
    if (i == decimals && decimals > 0) digits.push_back('.');
    digits.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  }
  std::ranges::reverse(digits);
  return digits;
}

}  // namespace esaas::store
