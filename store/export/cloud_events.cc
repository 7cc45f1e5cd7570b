#include "store/export/cloud_events.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/hash.h"
#include "core/base/time.h"
#include "store/export/text_record.h"
#include "store/export/usage_export.h"

namespace esaas::store {
namespace {

constexpr std::int64_t kHourUs = 3'600'000'000;

std::int64_t end_of_hour(std::int64_t us) {
  const std::int64_t into = us % kHourUs;
  return us - into + (into < 0 ? 0 : kHourUs);
}

}  // namespace

Result<std::string> log_source(const EventLog& log) {
  if (log.last_seq() == 0) return std::string();
  ESAAS_TRY(const Hash hash, log.hash_of(1));
  return "urn:esaas:log:" + to_hex(to_bytes(hash)).substr(0, 32);
}

Result<bool> CloudEventRecords::next(std::string* out) {
  if (!interval_) {
    ESAAS_TRY(const UsageInterval* interval, cursor_.next());
    if (interval == nullptr) return false;
    interval_ = *interval;
  }
  const std::int64_t from_us = interval_->from_us;
  const std::int64_t to_us = std::min(interval_->to_us, end_of_hour(from_us));
  if (out != nullptr) append(from_us, to_us, *out);
  interval_->from_us = to_us;
  if (to_us == interval_->to_us) interval_.reset();
  return true;
}

void CloudEventRecords::append(std::int64_t from_us, std::int64_t to_us, std::string& out) const {
  const UsageInterval& interval = *interval_;
  const std::string kind(name_of(interval.kind));
  const auto us = static_cast<std::uint64_t>(to_us - from_us);
  std::vector<Field> data{{"cluster", interval.cluster},
                          {"node", interval.node},
                          {"kind", kind},
                          {"unit", std::string(unit_of(interval.kind))},
                          {"amount", std::to_string(interval.amount)},
                          {"seconds", to_decimal_seconds(us)},
                          {"quantity", to_decimal_seconds(UsageQuantity{interval.amount} * us)},
                          {"from", to_rfc3339(esaas::from_us(from_us))},
                          {"to", to_rfc3339(esaas::from_us(to_us))},
                          {"from_seq", std::to_string(interval.from_seq)}};
  // Only of the part that it ends: the others are the same whether or not the end is known yet.
  if (to_us == interval.to_us && interval.to_seq != 0) data.push_back({"to_seq", std::to_string(interval.to_seq)});
  data.push_back({"revocable", interval.revocable ? "true" : "false", true});
  data.push_back({"disk_type", interval.disk_type});
  data.push_back({"zone", interval.zone});
  std::string data_text;
  append_json_object(data, data_text);
  const std::array<Field, 8> event{Field{"specversion", "1.0"},
                                   Field{"id", std::to_string(interval.from_seq) + "-" + kind + "-" +
                                                   std::to_string(from_us) + "-" + std::to_string(to_us)},
                                   Field{"source", source_},
                                   Field{"type", "esaas.usage"},
                                   Field{"subject", interval.tenant},
                                   Field{"time", to_rfc3339(esaas::from_us(from_us))},
                                   Field{"datacontenttype", "application/json"},
                                   Field{"data", std::move(data_text), true}};
  append_json(event, out);
}

}  // namespace esaas::store
