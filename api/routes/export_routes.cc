#include "api/routes/export_routes.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "api/http/co_try.h"
#include "api/routes/query.h"
#include "api/routes/read_pool.h"
#include "api/routes/turn.h"
#include "api/routes/visible.h"
#include "store/export/usage_file.h"
#include "store/views/pace.h"

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

/// A file that is read bit by bit. Shared with the read that is under way, which may outlive the request.
struct Reading {
  store::Pace pace;
  std::optional<UsageFile> file;  ///< reads at the pace
  std::string page = {};          ///< with a limit
};

/// One turn of a reader on the pool: of a long log the fold alone takes longer than an answer may, and the other reads
/// wait for less.
constexpr std::chrono::milliseconds kTurn{250};

asio::awaitable<Result<bool>> read_for_a_turn(const Reads& reads, std::shared_ptr<http::Exchange> exchange,
                                              std::shared_ptr<Reading> reading,
                                              std::function<Result<bool>(Reading&)> step) {
  if (exchange->stopping()) co_return fail(ErrorCode::kUnavailable, "the server stops");
  const auto time = std::min(kTurn, exchange->limits.answer_timeout / 4);
  std::function<Result<bool>()> turn = [reading, time, step = std::move(step)] {
    reading->pace.begin(time);
    return step(*reading);
  };
  co_return co_await reads.run<bool>(std::move(exchange), std::move(turn));
}

/// So many requests take turns until they are done, at the most: each stands in the line of all reads again and again,
/// and goes on when its client has gone.
constexpr int kLongReadsMax = 16;

Result<Turn> begin_long_read(const Call& call) {
  for (int i = 0; i < kLongReadsMax; ++i) {
    if (Turn turn = take_turn(call.foundation.log, "exports/" + std::to_string(i))) return turn;
  }
  return fail(ErrorCode::kResourceExhausted,
              std::to_string(kLongReadsMax) + " exports look for where they begin, or for a page: ask again", "",
              "exports_at_once_max");
}

/// Takes turns until the step says that all is done, however long that is.
asio::awaitable<Result<void>> read_in_turns(const Reads& reads, std::shared_ptr<http::Exchange> exchange,
                                            std::shared_ptr<Reading> reading,
                                            std::function<Result<bool>(Reading&)> step) {
  for (bool is_done = false; !is_done;) {
    ESAAS_CO_TRY(is_done, co_await read_for_a_turn(reads, exchange, reading, step));
  }
  co_return Result<void>();
}

/// The whole file from its place on.
class FileStream final : public http::BodyStream {
 public:
  FileStream(const Call& call, std::shared_ptr<Reading> reading)
      : reads_(call.foundation.reads), exchange_(call.exchange), reading_(std::move(reading)) {}

  asio::awaitable<Result<bool>> next(std::string& piece) override {
    std::function<Result<bool>(Reading&)> step = [](Reading& reading) -> Result<bool> {
      UsageFile& file = *reading.file;
      reading.page.clear();
      ESAAS_CHECK(file.next_piece(file.place().is_compressed ? store::kRecordsPerFrame : kPieceRecords, reading.page));
      return file.at_end();
    };
    ESAAS_CO_TRY(const bool is_done, co_await read_for_a_turn(reads_, exchange_, reading_, std::move(step)));
    piece.swap(reading_->page);
    co_return !is_done;
  }

 private:
  const Reads reads_;
  std::shared_ptr<http::Exchange> exchange_;
  std::shared_ptr<Reading> reading_;
};

asio::awaitable<Result<std::shared_ptr<Reading>>> open(const Call& call, const UsagePlace& place) {
  std::function<Result<std::shared_ptr<Reading>>()> read = [&log = call.foundation.log,
                                                            place]() -> Result<std::shared_ptr<Reading>> {
    auto reading = std::make_shared<Reading>();
    ESAAS_TRY(reading->file, UsageFile::open(log, place, &reading->pace));
    return reading;
  };
  co_return co_await call.foundation.reads.run<std::shared_ptr<Reading>>(call.exchange, std::move(read));
}

/// Up to the limit; or only to where it begins, which has to be there.
Result<bool> read_on(Reading& reading, std::uint64_t end) {
  UsageFile& file = *reading.file;
  if (file.place().record < end) ESAAS_CHECK(file.next_piece(end - file.place().record, reading.page));
  if (file.at_end()) return true;
  // Whether there is another page.
  return file.place().record < end ? Result<bool>(false) : file.begin();
}

Answer export_usage(Call& call) {
  bool is_allowed = false;
  ESAAS_CO_TRY(auto request, read_request(call, is_allowed));
  if (!is_allowed) request.place.as_of_seq = 0;  // nothing is there for it
  // A stream from the first record on begins at once, and is silent while the log is folded.
  const bool begins_at_once = request.limit == 0 && request.place.record == 0;
  Turn one_of_few;
  if (!begins_at_once) {
    ESAAS_CO_TRY(one_of_few, begin_long_read(call));
  }
  ESAAS_CO_TRY(const std::shared_ptr<Reading> reading, co_await open(call, request.place));
  const UsageFile& file = *reading->file;
  const std::uint64_t end = request.limit == 0 ? 0 : request.place.record + request.limit;
  if (!begins_at_once) {
    std::function<Result<bool>(Reading&)> step = [end](Reading& one) { return read_on(one, end); };
    ESAAS_CO_CHECK(co_await read_in_turns(call.foundation.reads, call.exchange, reading, std::move(step)));
  }
  http::Response response;
  response.content_type = content_type(request.place);
  response.headers.emplace_back("ESaaS-Cursor", request.place.to_text());
  response.headers.emplace_back("ESaaS-Until-Seq", std::to_string(request.place.as_of_seq));
  response.headers.emplace_back("ESaaS-Until", to_rfc3339(file.until()));
  if (request.limit == 0) {
    response.stream = std::make_unique<FileStream>(call, reading);
    co_return response;
  }
  if (!file.at_end()) response.headers.emplace_back("ESaaS-Next-Cursor", file.place().to_text());
  response.body = std::move(reading->page);
  co_return response;
}

constexpr std::array kRoutes{
    Route{http::Verb::kGet, "/v1/exports/usage", auth::kAccountants, &export_usage},
};

}  // namespace

std::span<const Route> export_routes() { return kRoutes; }

}  // namespace esaas::api
