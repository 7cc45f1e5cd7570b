#include "api/routes/usage_text.h"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <optional>

#include "api/http/co_try.h"
#include "api/routes/read_pool.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
using store::UsageQuantity;

constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr UsageQuantity kHourUs = 3'600'000'000U;

std::string quoted(const std::string& text) { return boost::json::serialize(boost::json::string(text)); }

struct Hours {
  std::string cpu, mem, disk, node, cluster;
  explicit Hours(const store::UsageTotal& total)
      : cpu(decimal(total.cpu, 1000 * kHourUs)),
        mem(decimal(total.memory, 1024 * kHourUs)),
        disk(decimal(total.disk, 1024 * kHourUs)),
        node(decimal(total.node, kHourUs)),
        cluster(decimal(total.existing, kHourUs)) {}
};

void append_json(const store::UsageTotal& total, std::string& out) {
  const Hours hours(total);
  out.append("{\"tenant\":").append(quoted(total.tenant));
  if (!total.cluster.empty()) out.append(",\"cluster\":").append(quoted(total.cluster));
  out.append(",\"cpu_hours\":").append(hours.cpu);
  out.append(",\"mem_gib_hours\":").append(hours.mem);
  out.append(",\"disk_gib_hours\":").append(hours.disk);
  out.append(",\"node_hours\":").append(hours.node);
  out.append(",\"cluster_hours\":").append(hours.cluster);
  out += '}';
}

void append_csv(const store::UsageTotal& total, std::string& out) {
  const Hours hours(total);
  out.append(store::csv_field(total.tenant)).append(",").append(store::csv_field(total.cluster));
  for (const auto* figure : {&hours.cpu, &hours.mem, &hours.disk, &hours.node, &hours.cluster})
    out.append(",").append(*figure);
  out += "\r\n";
}

class TotalsStream final : public http::BodyStream {
 public:
  TotalsStream(const store::UsageQuery& query, std::string format, std::vector<store::UsageTotal> totals)
      : format_(std::move(format)), totals_(std::move(totals)) {
    if (format_ == "csv") {
      head_ = "tenant,cluster,cpu_hours,mem_gib_hours,disk_gib_hours,node_hours,cluster_hours\r\n";
    } else if (format_ == "json") {
      head_ = "{\"from\":\"" + to_rfc3339(query.from) + "\",\"to\":\"" + to_rfc3339(query.to) + "\",\"items\":[";
    }
  }

  asio::awaitable<Result<bool>> next(std::string& piece) override {
    if (index_ == 0) piece = head_;
    for (; index_ < totals_.size() && piece.size() < kPieceBytes; ++index_) append_line(piece);
    const bool more = index_ < totals_.size();
    if (!more && format_ == "json") piece += "]}";
    co_return more;
  }

 private:
  void append_line(std::string& piece) {
    if (format_ == "csv") return append_csv(totals_[index_], piece);
    if (format_ == "json" && index_ > 0) piece += ',';
    append_json(totals_[index_], piece);
    if (format_ == "jsonl") piece += '\n';
  }

  const std::string format_;
  const std::vector<store::UsageTotal> totals_;
  std::string head_;
  std::size_t index_ = 0;
};

class IntervalStream final : public http::BodyStream {
 public:
  IntervalStream(const Call& call, const store::UsageQuery& query, store::UsageFormat format)
      : reads_(call.foundation.reads),
        exchange_(call.exchange),
        pages_(std::make_shared<Pages>(call.foundation.log, query, format)) {}

  asio::awaitable<Result<bool>> next(std::string& piece) override {
    if (exchange_->stopping()) co_return fail(ErrorCode::kUnavailable, "the server stops");
    std::function<Result<std::string>()> read = [pages = pages_] { return pages->next(); };
    ESAAS_CO_TRY(piece, co_await reads_.run<std::string>(exchange_, std::move(read)));
    co_return !piece.empty();
  }

 private:
  /// Used on the pool's thread, one page at a time. Shared, because a read that took too long outlives its stream.
  struct Pages {
    Pages(const store::EventLog& log_in, const store::UsageQuery& query_in, store::UsageFormat format_in)
        : log(log_in), query(query_in), format(format_in) {}
    Result<std::string> next() {
      if (!pages) {
        ESAAS_TRY(auto cursor, store::UsageView(log).intervals(query));
        pages.emplace(std::move(cursor), format);
      }
      return pages->next_page();
    }
    const store::EventLog& log;
    const store::UsageQuery query;
    const store::UsageFormat format;
    std::optional<store::UsageIntervalExport> pages;
  };

  const Reads reads_;
  std::shared_ptr<http::Exchange> exchange_;
  std::shared_ptr<Pages> pages_;
};

}  // namespace

std::unique_ptr<http::BodyStream> make_totals_stream(const store::UsageQuery& query, std::string format,
                                                     std::vector<store::UsageTotal> totals) {
  return std::make_unique<TotalsStream>(query, std::move(format), std::move(totals));
}

std::unique_ptr<http::BodyStream> make_interval_stream(const Call& call, const store::UsageQuery& query,
                                                       store::UsageFormat format) {
  return std::make_unique<IntervalStream>(call, query, format);
}

std::string decimal(UsageQuantity value, UsageQuantity divisor) {
  constexpr UsageQuantity kMillion = 1'000'000;
  // Whole and rest apart, so that nothing overflows however long the period is.
  UsageQuantity whole = value / divisor;
  UsageQuantity fraction = ((value % divisor) * kMillion + divisor / 2) / divisor;
  if (fraction == kMillion) {
    ++whole;
    fraction = 0;
  }
  std::string digits = std::to_string(static_cast<std::uint64_t>(fraction));
  digits.insert(0, 6 - digits.size(), '0');
  return std::to_string(static_cast<std::uint64_t>(whole)) + "." + digits;
}

}  // namespace esaas::api
