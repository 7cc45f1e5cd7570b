#include "store/export/usage_export.h"

#include <initializer_list>

#include "core/base/time.h"
#include "store/export/text_record.h"

namespace esaas::store {
namespace {

constexpr std::size_t kPageBytes = 64U << 10U;
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
         {"zone", interval.zone},
         {"open", interval.to_seq == 0 ? "true" : "false", true}});
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

using Fields = std::initializer_list<Field>;

template <typename Item>
void append_header(UsageFormat format, std::string& out) {
  if (format != UsageFormat::kCsv) return;
  with_fields(Item{}, [&](Fields fields) { append_csv_header(fields, out); });
}

template <typename Item>
void append_line(const Item& item, UsageFormat format, std::string& out) {
  with_fields(item,
              [&](Fields fields) { format == UsageFormat::kCsv ? append_csv(fields, out) : append_json(fields, out); });
}

}  // namespace

std::string to_decimal_seconds(UsageQuantity quantity) { return fixed_decimal(quantity, 6); }

void append_interval_header(UsageFormat format, std::string& out) { append_header<UsageInterval>(format, out); }

void append_interval(const UsageInterval& interval, UsageFormat format, std::string& out) {
  append_line(interval, format, out);
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
