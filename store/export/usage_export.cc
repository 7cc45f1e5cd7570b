#include "store/export/usage_export.h"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "core/base/time.h"

namespace esaas::store {
namespace {

constexpr std::size_t kPageBytes = 64U << 10U;
constexpr std::uint64_t kMicrosPerSecond = 1'000'000;

/// One value of a line. Numbers are given as their text and are never quoted.
struct Field {
  std::string_view name;
  std::string value;
  bool is_number = false;
};

void append_csv(std::initializer_list<Field> fields, std::string& out) {
  bool first = true;
  for (const auto& field : fields) {
    if (!first) out += ',';
    first = false;
    out += field.is_number ? field.value : csv_field(field.value);
  }
  out += "\r\n";
}

void append_csv_header(std::initializer_list<Field> fields, std::string& out) {
  bool first = true;
  for (const auto& field : fields) {
    if (!first) out += ',';
    first = false;
    out += field.name;
  }
  out += "\r\n";
}

void append_json(std::initializer_list<Field> fields, std::string& out) {
  out += '{';
  bool first = true;
  for (const auto& field : fields) {
    if (!first) out += ',';
    first = false;
    out += boost::json::serialize(boost::json::string_view(field.name.data(), field.name.size()));
    out += ':';
    out += field.is_number ? field.value : boost::json::serialize(boost::json::string_view(field.value));
  }
  out += "}\n";
}

/// Hands the fields of an interval to `write`, so that header, CSV and JSON cannot disagree about them.
template <typename Write>
void with_fields(const UsageInterval& interval, Write&& write) {
  const auto us = static_cast<std::uint64_t>(interval.to_us - interval.from_us);
  write({{"tenant", interval.tenant},
         {"cluster", interval.cluster},
         {"node", interval.node},
         {"kind", std::string(name_of(interval.kind))},
         {"unit", std::string(unit_of(interval.kind))},
         {"amount", std::to_string(interval.amount), true},
         {"from", to_rfc3339(from_us(interval.from_us))},
         {"to", to_rfc3339(from_us(interval.to_us))},
         {"seconds", to_decimal_seconds(us), true},
         {"quantity", to_decimal_seconds(UsageQuantity{interval.amount} * us), true},
         {"from_seq", std::to_string(interval.from_seq), true},
         {"to_seq", std::to_string(interval.to_seq), true},
         {"revocable", interval.revocable ? "true" : "false", true},
         {"disk_type", interval.disk_type},
         {"zone", interval.zone}});
}

template <typename Write>
void with_fields(const UsageTotal& total, Write&& write) {
  write({{"tenant", total.tenant},
         {"cluster", total.cluster},
         {"cpu_milli_seconds", to_decimal_seconds(total.cpu), true},
         {"mem_mib_seconds", to_decimal_seconds(total.memory), true},
         {"disk_mib_seconds", to_decimal_seconds(total.disk), true},
         {"node_seconds", to_decimal_seconds(total.node), true},
         {"cluster_seconds", to_decimal_seconds(total.existing), true}});
}

template <typename Item>
void append_header(UsageFormat format, std::string& out) {
  if (format != UsageFormat::kCsv) return;
  with_fields(Item{}, [&](std::initializer_list<Field> fields) { append_csv_header(fields, out); });
}

template <typename Item>
void append_line(const Item& item, UsageFormat format, std::string& out) {
  with_fields(item, [&](std::initializer_list<Field> fields) {
    format == UsageFormat::kCsv ? append_csv(fields, out) : append_json(fields, out);
  });
}

}  // namespace

std::string to_decimal_seconds(UsageQuantity quantity) {
  std::string fraction = std::to_string(static_cast<std::uint64_t>(quantity % kMicrosPerSecond));
  fraction.insert(0, 6 - fraction.size(), '0');
  UsageQuantity whole = quantity / kMicrosPerSecond;
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(whole % 10)));
    whole /= 10;
  } while (whole != 0);
  std::ranges::reverse(digits);
  return digits + "." + fraction;
}

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

Result<std::string> UsageIntervalExport::next_page() {
  std::string page;
  if (!began_) append_header<UsageInterval>(format_, page);
  began_ = true;
  while (page.size() < kPageBytes) {
    ESAAS_TRY(const UsageInterval* interval, cursor_.next());
    if (interval == nullptr) break;
    append_line(*interval, format_, page);
  }
  return page;
}

std::string export_totals(const std::vector<UsageTotal>& totals, UsageFormat format) {
  std::string out;
  append_header<UsageTotal>(format, out);
  for (const auto& total : totals) append_line(total, format, out);
  return out;
}

}  // namespace esaas::store
