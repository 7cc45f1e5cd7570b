#include "api/routes/export_routes.h"

#include <array>
#include <memory>
#include <optional>

#include "api/http/co_try.h"
#include "api/routes/query.h"
#include "api/routes/read_pool.h"
#include "api/routes/visible.h"
#include "store/export/usage_file.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
using Answer = asio::awaitable<Result<http::Response>>;
using store::UsageFile;
using store::UsageFileFormat;
using store::UsagePlace;

constexpr std::uint64_t kPageMax = 10'000;
constexpr std::uint64_t kPieceRecords = 500;

struct ExportRequest {
  UsagePlace place;
  std::uint64_t limit = 0;  ///< 0: all of it, as a stream
};

UsageFileFormat format_of(std::string_view name) {
  for (const auto format : {UsageFileFormat::kJsonLines, UsageFileFormat::kCloudEvents, UsageFileFormat::kFocus}) {
    if (store::name_of(format) == name) return format;
  }
  return UsageFileFormat::kCsv;
}

std::string_view content_type(const UsagePlace& place) {
  if (place.is_compressed) return "application/zstd";
  const bool is_csv = place.format == UsageFileFormat::kCsv || place.format == UsageFileFormat::kFocus;
  return is_csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
}

/// The range is the cursor's when there is one; another one beside it is refused.
Result<void> place_by_cursor(const std::string& cursor, std::optional<Time> from, std::optional<Time> to,
                             std::uint64_t until_seq, UsagePlace& place) {
  ESAAS_CHECK(place.read(cursor));
  const bool is_same = from.value_or(place.from) == place.from && to.value_or(place.to) == place.to &&
                       (until_seq == 0 || until_seq == place.as_of_seq);
  if (is_same) return {};
  return fail(ErrorCode::kInvalidArgument, "cursor: is of another range or until_seq", "cursor",
              "cursor_of_this_export");
}

Result<ExportRequest> read_request(const Call& call, bool& is_allowed) {
  Query query(call.target);
  ExportRequest request;
  UsagePlace& place = request.place;
  const auto from = query.time("from");
  const auto to = query.time("to");
  place.format = format_of(query.choice("format", "csv|jsonl|cloudevents|focus"));
  place.is_compressed = query.choice("compression", "none|zstd") == "zstd";
  place.tenant = query.text("tenant");
  place.cluster = query.text("cluster");
  const std::string cursor = query.text("cursor");
  const std::uint64_t until_seq = query.number("until_seq", 1, UINT64_MAX, 0);
  const std::uint64_t skip = query.number("skip", 0, INT64_MAX, 0);
  request.limit = query.number("limit", 1, kPageMax, 0);
  ESAAS_CHECK(query.done());
  is_allowed = bind_tenant(call, place.tenant);
  if (!cursor.empty()) {
    ESAAS_CHECK(place_by_cursor(cursor, from, to, until_seq, place));
  } else {
    place.as_of_seq = until_seq != 0 ? until_seq : call.foundation.log.last_seq();
    place.to = to.value_or(call.foundation.now());
    place.from = from.value_or(place.to - std::chrono::days{30});
  }
  if (place.record > UINT64_MAX - skip) {
    return fail(ErrorCode::kInvalidArgument, "skip: is behind the end", "skip", "range");
  }
  place.record += skip;
  return request;
}

/// The whole file from its place on. Shared with the read that is under way, which may outlive the stream.
class FileStream final : public http::BodyStream {
 public:
  FileStream(const Call& call, std::shared_ptr<UsageFile> file)
      : reads_(call.foundation.reads), exchange_(call.exchange), file_(std::move(file)) {}

  asio::awaitable<Result<bool>> next(std::string& piece) override {
    if (exchange_->stopping()) co_return fail(ErrorCode::kUnavailable, "the server stops");
    std::function<Result<std::string>()> read = [file = file_]() -> Result<std::string> {
      std::string bytes;
      ESAAS_CHECK(file->next_piece(file->place().is_compressed ? store::kRecordsPerFrame : kPieceRecords, bytes));
      return bytes;
    };
    ESAAS_CO_TRY(piece, co_await reads_.run<std::string>(exchange_, std::move(read)));
    co_return !file_->at_end();
  }

 private:
  const Reads reads_;
  std::shared_ptr<http::Exchange> exchange_;
  std::shared_ptr<UsageFile> file_;
};

struct Opened {
  std::shared_ptr<UsageFile> file;
  std::string cursor;  ///< of where the answer begins
  std::string page;    ///< with a limit
};

Result<Opened> open(const store::EventLog& log, const ExportRequest& request) {
  ESAAS_TRY(UsageFile file, UsageFile::open(log, request.place));
  Opened opened{std::make_shared<UsageFile>(std::move(file)), request.place.to_text(), {}};
  UsageFile& read = *opened.file;
  const std::uint64_t end = request.place.record + request.limit;
  if (request.limit == 0) return opened;
  do {
    ESAAS_CHECK(read.next_piece(end - read.place().record, opened.page));
  } while (!read.at_end() && read.place().record < end);
  return opened;
}

Answer export_usage(Call& call) {
  bool is_allowed = false;
  ESAAS_CO_TRY(auto request, read_request(call, is_allowed));
  if (!is_allowed) request.place.as_of_seq = 0;  // nothing is there for it
  std::function<Result<Opened>()> read = [&log = call.foundation.log, request] { return open(log, request); };
  ESAAS_CO_TRY(Opened opened, co_await call.foundation.reads.run<Opened>(call.exchange, std::move(read)));
  http::Response response;
  response.content_type = content_type(request.place);
  response.headers.emplace_back("ESaaS-Cursor", opened.cursor);
  response.headers.emplace_back("ESaaS-Until-Seq", std::to_string(request.place.as_of_seq));
  response.headers.emplace_back("ESaaS-Until", to_rfc3339(opened.file->until()));
  if (request.limit == 0) {
    response.stream = std::make_unique<FileStream>(call, std::move(opened.file));
    co_return response;
  }
  if (!opened.file->at_end()) response.headers.emplace_back("ESaaS-Next-Cursor", opened.file->place().to_text());
  response.body = std::move(opened.page);
  co_return response;
}

constexpr std::array kRoutes{
    Route{http::Verb::kGet, "/v1/exports/usage", auth::kAccountants, &export_usage},
};

}  // namespace

std::span<const Route> export_routes() { return kRoutes; }

}  // namespace esaas::api
