#pragma once
// Usage as files that other programs read: CSV (RFC 4180, CRLF, a header line) and JSON lines, written page by page.
// All figures are exact decimals: quantities in amount times seconds with six digits, made from integers.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/base/result.h"
#include "store/export/text_record.h"
#include "store/views/usage_view.h"

namespace esaas::store {

enum class UsageFormat : std::uint8_t { kCsv, kJsonLines };

/// The intervals of a query, one a line: tenant, cluster, node, kind, unit, amount, from, to, seconds, quantity (amount
/// times seconds), the seqs of the events that opened and closed it, whether it was revocable, a disk's type and the
/// zone. One thread at a time.
class UsageIntervalExport {
 public:
  /// Takes the cursor of UsageView::intervals.
  UsageIntervalExport(UsageCursor cursor, UsageFormat format) : cursor_(std::move(cursor)), format_(format) {}

  /// The next lines, about 64 KiB of them; empty at the end. The first page of a CSV begins with the header.
  Result<std::string> next_page();

 private:
  UsageCursor cursor_;
  UsageFormat format_;
  bool began_ = false;
};

/// Totals, one a line: tenant, cluster, and the quantities in milli-cpu, MiB, MiB, node and cluster seconds.
std::string export_totals(const std::vector<UsageTotal>& totals, UsageFormat format);

/// A quantity in amount times seconds: "1234.500000".
std::string to_decimal_seconds(UsageQuantity quantity);

/// The header line of a CSV (nothing for JSON lines), and one interval as a line.
void append_interval_header(UsageFormat format, std::string& out);
void append_interval(const UsageInterval& interval, UsageFormat format, std::string& out);

}  // namespace esaas::store
