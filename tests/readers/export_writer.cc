// export_writer --log DIRECTORY: writes a log for a server, with a month that is closed for one tenant.
// export_writer FOLDER: writes exports for readers of others, and what has to be in them by the views that the exports
// are not made with (expected.json). Of a fleet of samples with prices, and of a log that a real run once stored.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "core/billing/money.h"
#include "store/billing/invoice.h"
#include "store/export/usage_export.h"
#include "store/export/usage_file.h"
#include "store/log/memory_event_log.h"
#include "store/log/record_codec.h"
#include "store/log/rocksdb_event_log.h"
#include "store/views/usage_view.h"
#include "tests/store/log_fixture.h"
#include "tests/store/stretched_log.h"

namespace esaas::store {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uint64_t kPage = 997;  // so that pages end within frames

Result<void> write_file(const EventLog& log, UsagePlace place, const fs::path& path) {
  std::ofstream file(path, std::ios::binary);
  for (bool is_whole = false; !is_whole;) {
    ESAAS_TRY(UsageFile page, UsageFile::open(log, place));
    const std::uint64_t end = place.record + kPage;
    do {
      std::string bytes;
      ESAAS_CHECK(page.next_piece(end - page.place().record, bytes));
      file << bytes;
    } while (!page.at_end() && page.place().record < end);
    is_whole = page.at_end();
    place = page.place();
  }
  file.close();
  if (!file) return fail(ErrorCode::kInternal, "cannot write " + path.string());
  return {};
}

Result<json::object> expected(const EventLog& log, Time from, Time to) {
  json::array totals;
  ESAAS_TRY(const auto sums, UsageView(log).totals({.from = from, .to = to, .now = to}));
  for (UsageTotal sum : sums) {
    for (const auto kind :
         {UsageKind::kCpu, UsageKind::kMemory, UsageKind::kDisk, UsageKind::kNode, UsageKind::kCluster}) {
      if (sum.of(kind) == 0) continue;
      totals.push_back(json::object{{"tenant", sum.tenant},
                                    {"cluster", sum.cluster},
                                    {"kind", std::string(name_of(kind))},
                                    {"quantity", to_decimal_seconds(sum.of(kind))}});
    }
  }
  json::array lines;
  ESAAS_TRY(const auto prices, price_book_at(log, log.last_seq()));
  ESAAS_TRY(const auto invoices, bills(log, prices, {.tenant = {}, .from = from, .to = to, .now = to}));
  for (const auto& invoice : invoices) {
    for (const auto& line : invoice.lines()) {
      lines.push_back(
          json::object{{"tenant", invoice.tenant()},
                       {"cluster", line.cluster()},
                       {"sku_price", line.kind() + "/" + (line.price_list().empty() ? "none" : line.price_list()) +
                                         "/" + std::to_string(line.factor_permille())},
                       {"amount", billing::to_decimal(line.amount_minor(), invoice.minor_digits())}});
    }
  }
  return json::object{{"totals", std::move(totals)}, {"lines", std::move(lines)}};
}

Result<void> write_all(const EventLog& log, Time from, Time to, const fs::path& folder) {
  fs::create_directories(folder);
  for (const auto format :
       {UsageFileFormat::kCsv, UsageFileFormat::kJsonLines, UsageFileFormat::kCloudEvents, UsageFileFormat::kFocus}) {
    UsagePlace place{.format = format, .is_compressed = false, .from = from, .to = to};
    place.as_of_seq = log.last_seq();
    const bool is_csv = format == UsageFileFormat::kCsv || format == UsageFileFormat::kFocus;
    const fs::path path = folder / (std::string(name_of(format)) + (is_csv ? ".csv" : ".jsonl"));
    ESAAS_CHECK(write_file(log, place, path));
    place.is_compressed = true;
    ESAAS_CHECK(write_file(log, place, path.string() + ".zst"));
  }
  ESAAS_TRY(const json::object object, expected(log, from, to));
  std::ofstream(folder / "expected.json") << json::serialize(object);
  return {};
}

Result<void> write_samples(const fs::path& folder) {
  MemoryEventLog log;
  testing::StretchedLog fleet(log);
  fleet.grow(300);
  const Time from = from_us(log.last_time_at_us() / 3'600'000'000 * 3'600'000'000);
  fleet.publish(700'000'001);
  fleet.grow(2'000);
  fleet.publish(810'000'003);
  fleet.grow(1'000);
  const Time to = from_us(log.last_time_at_us());
  fleet.grow(100);
  return write_all(log, from, to, folder);
}

Result<void> write_fixture(const fs::path& folder) {
  ESAAS_TRY(const auto fixture,
            testing::load(fs::path(ESAAS_SOURCE_DIR) / "tests/store/fixtures/format-1-places/simulation-70"));
  MemoryEventLog log;
  for (std::uint64_t seq = 1; seq <= fixture.records.size(); ++seq) {
    event::Event event;
    ESAAS_CHECK(decode_record(fixture.records[seq - 1], seq, event));
    ESAAS_CHECK(log.append({{event}, {}}));
  }
  ESAAS_TRY(const event::Event first, log.read_one(1));
  return write_all(log, from_us(first.time_at_us()), from_us(log.last_time_at_us()), folder);
}

Result<void> write_log(const fs::path& directory) {
  fs::create_directories(directory);
  ESAAS_TRY(const auto log, open_rocksdb_log({.directory = directory}));
  testing::StretchedLog fleet(*log, 5, 40, 150);
  fleet.grow(300);
  fleet.publish(700'000'001);
  for (int i = 0; i < 40; ++i) fleet.grow(1'000);
  ESAAS_TRY(const billing::Month month, billing::Month::parse("2016-10"));
  ESAAS_TRY(const model::Invoice invoice, closing_invoice(*log, "team-1", month));
  fleet.close(invoice);
  return {};
}

Result<void> write(const fs::path& folder) {
  ESAAS_CHECK(write_samples(folder / "samples"));
  return write_fixture(folder / "stored");
}

}  // namespace
}  // namespace esaas::store

int main(int argc, char** argv) {
  const bool writes_log = argc == 3 && std::string_view(argv[1]) == "--log";
  if (argc != 2 && !writes_log) {
    std::fputs("usage: export_writer FOLDER | --log DIRECTORY\n", stderr);
    return EXIT_FAILURE;
  }
  const auto written = writes_log ? esaas::store::write_log(argv[2]) : esaas::store::write(argv[1]);
  if (written) return EXIT_SUCCESS;
  std::fprintf(stderr, "%s\n", written.error().detail.c_str());
  return EXIT_FAILURE;
}
