#pragma once
// Records as lines of text: CSV (RFC 4180, CRLF) and JSON lines. Pure.

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace esaas::store {

/// One value of a record. Numbers (and true and false) are given as their text and never quoted.
struct Field {
  std::string_view name;
  std::string value;
  bool is_number = false;
};

/// A field of RFC 4180. What a spreadsheet would run as a formula is kept from it by a leading apostrophe.
std::string csv_field(std::string_view text);

/// Each appends a line. An empty value is an empty field of a CSV, and left out of JSON only where it is a number.
void append_csv_header(std::span<const Field> fields, std::string& out);
void append_csv(std::span<const Field> fields, std::string& out);
void append_json(std::span<const Field> fields, std::string& out);
/// The object alone, without the end of a line.
void append_json_object(std::span<const Field> fields, std::string& out);

/// An integer of that many decimals: 1234500 with six is "1.234500".
std::string fixed_decimal(unsigned __int128 value, unsigned decimals);

}  // namespace esaas::store
