#include "api/routes/usage_text.h"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

namespace esaas::api {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr std::uint64_t kHour = 3600;

std::string quoted(const std::string& text) { return boost::json::serialize(boost::json::string(text)); }

struct Hours {
  std::string cpu, mem, disk, node;
  explicit Hours(const UsageLine& line)
      : cpu(decimal(line.cpu_milli_seconds, 1000 * kHour)),
        mem(decimal(line.mem_mib_seconds, 1024 * kHour)),
        disk(decimal(line.disk_mib_seconds, 1024 * kHour)),
        node(decimal(line.node_seconds, kHour)) {}
};

void append_json(const UsageLine& line, std::string& out) {
  const Hours hours(line);
  out.append("{\"tenant\":").append(quoted(line.tenant));
  if (!line.cluster.empty()) out.append(",\"cluster\":").append(quoted(line.cluster));
  out.append(",\"cpu_hours\":").append(hours.cpu);
  out.append(",\"mem_gib_hours\":").append(hours.mem);
  out.append(",\"disk_gib_hours\":").append(hours.disk);
  out.append(",\"node_hours\":").append(hours.node);
  out.append(",\"cpu_milli_seconds\":").append(std::to_string(line.cpu_milli_seconds));
  out.append(",\"mem_mib_seconds\":").append(std::to_string(line.mem_mib_seconds));
  out.append(",\"disk_mib_seconds\":").append(std::to_string(line.disk_mib_seconds));
  out.append(",\"node_seconds\":").append(std::to_string(line.node_seconds));
  out += '}';
}

void append_csv(const UsageLine& line, std::string& out) {
  const Hours hours(line);
  out.append(csv_field(line.tenant)).append(",").append(csv_field(line.cluster));
  for (const auto* figure : {&hours.cpu, &hours.mem, &hours.disk, &hours.node}) out.append(",").append(*figure);
  for (const auto figure :
       {line.cpu_milli_seconds, line.mem_mib_seconds, line.disk_mib_seconds, line.node_seconds}) {
    out.append(",").append(std::to_string(figure));
  }
  out += "\r\n";
}

class UsageStream final : public http::BodyStream {
 public:
  UsageStream(const UsageQuery& query, std::string format, std::vector<UsageLine> lines)
      : format_(std::move(format)), lines_(std::move(lines)) {
    if (format_ == "csv") {
      head_ = "tenant,cluster,cpu_hours,mem_gib_hours,disk_gib_hours,node_hours,cpu_milli_seconds,mem_mib_seconds,"
              "disk_mib_seconds,node_seconds\r\n";
    } else if (format_ == "json") {
      head_ = "{\"from\":\"" + to_rfc3339(query.from) + "\",\"to\":\"" + to_rfc3339(query.to) + "\",\"items\":[";
    }
  }

  boost::asio::awaitable<Result<bool>> next(std::string& piece) override {
    if (index_ == 0) piece = head_;
    for (; index_ < lines_.size() && piece.size() < kPieceBytes; ++index_) append_line(piece);
    const bool more = index_ < lines_.size();
    if (!more && format_ == "json") piece += "]}";
    co_return more;
  }

 private:
  void append_line(std::string& piece) {
    if (format_ == "csv") return append_csv(lines_[index_], piece);
    if (format_ == "json" && index_ > 0) piece += ',';
    append_json(lines_[index_], piece);
    if (format_ == "jsonl") piece += '\n';
  }

  const std::string format_;
  const std::vector<UsageLine> lines_;
  std::string head_;
  std::size_t index_ = 0;
};

}  // namespace

std::unique_ptr<http::BodyStream> make_usage_stream(const UsageQuery& query, const std::string& format,
                                                    std::vector<UsageLine> lines) {
  return std::make_unique<UsageStream>(query, format, std::move(lines));
}

std::string decimal(std::uint64_t value, std::uint64_t divisor) {
  constexpr std::uint64_t kMillion = 1'000'000;
  // Whole and rest apart, so that nothing overflows however long the period is.
  std::uint64_t whole = value / divisor;
  std::uint64_t fraction = ((value % divisor) * kMillion + divisor / 2) / divisor;
  if (fraction == kMillion) {
    ++whole;
    fraction = 0;
  }
  const auto digits = std::to_string(fraction);
  return std::to_string(whole) + "." + std::string(6 - digits.size(), '0') + digits;
}

std::string csv_field(const std::string& text) {
  std::string out = text;
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) out.insert(0, "'");
  if (out.find_first_of(",\"\r\n") == std::string::npos) return out;
  std::string quoted_text = "\"";
  for (const char c : out) {
    if (c == '"') quoted_text += '"';
    quoted_text += c;
  }
  return quoted_text + '"';
}

}  // namespace esaas::api
