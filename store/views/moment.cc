#include "store/views/moment.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "store/views/time_search.h"

namespace esaas::store {
namespace {

std::unexpected<Error> outside(std::string_view field, const std::string& what) {
  return fail(ErrorCode::kInvalidArgument, std::string(field) + ": " + what, std::string(field), "within_the_log");
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Result<Moment> moment_of_seq(const EventLog& log, std::string_view text, std::string_view field) {
  std::uint64_t seq = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seq);
  const std::uint64_t last = log.last_seq();
  if (parsed.ec != std::errc{} || seq > last) return outside(field, "the log ends at event " + std::to_string(last));
  if (seq == 0) return outside(field, "the first event is 1");
  ESAAS_TRY(const event::Event event, log.read_one(seq));
  return Moment{seq, from_us(event.time_at_us())};
}

}  // namespace

Result<Moment> find_moment(const EventLog& log, std::string_view text, std::string_view field, Time now) {
  if (is_number(text)) return moment_of_seq(log, text, field);
  const auto time = parse_rfc3339(text);
  if (!time) {
    return fail(ErrorCode::kInvalidArgument,
                std::string(field) + ": is neither a seq nor a time: " + time.error().detail, std::string(field),
                "seq_or_time");
  }
  if (*time > now) return outside(field, to_rfc3339(*time) + " has not come yet");
  ESAAS_TRY(const std::uint64_t next, first_seq_at(log, *time + Duration{1}));
  if (next > 1) return Moment{next - 1, *time};
  if (log.last_seq() == 0) return outside(field, "the log has no event yet");
  ESAAS_TRY(const event::Event first, log.read_one(1));
  return outside(field, "the first event is of " + to_rfc3339(from_us(first.time_at_us())));
}

}  // namespace esaas::store
