#include "api/cli/event_reader.h"

#include <iostream>
#include <thread>

#include "core/base/proto_json.h"

namespace esaas::api::cli {
namespace {

/// Above the server's heartbeat of 15 s.
constexpr std::chrono::seconds kSilenceMax{45};
constexpr int kAttemptsMax = 60;

std::string one_line(const EventParser::Event& event, bool json) {
  if (json) return event.data + "\n";
  const auto value = parse_json(event.data);
  if (!value || !value->is_object()) return event.data + "\n";
  const auto& object = value->get_object();
  std::string text = event.id + "  " + cell(object, "time_at") + "  " + event.kind;
  for (const char* name : {"cluster", "operation_id", "actor.name"}) {
    const auto found = cell(object, name);
    if (found != "-") text += "  " + found;
  }
  const auto payload = cell(object, event.kind);
  if (payload != "-" && payload != "{}") text += "  " + payload;
  return text + "\n";
}

}  // namespace

bool EventParser::feed(std::string_view bytes, const std::function<bool(const Event&)>& take) {
  rest_ += bytes;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    auto text = std::string_view(rest_).substr(begin, end - begin);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (!text.empty()) {
      line(text);
      continue;
    }
    // An empty line ends an event; one without data only told an id.
    if (!event_.id.empty()) last_id_ = event_.id;
    const bool whole = !event_.data.empty();
    auto event = std::exchange(event_, {});
    if (whole && !take(event)) return false;
  }
  rest_.erase(0, begin);
  return true;
}

void EventParser::line(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == 0) return;  // a comment
  const auto name = text.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "id") event_.id = value;
  if (name == "event") event_.kind = value;
  if (name == "data") event_.data += (event_.data.empty() ? "" : "\n") + std::string(value);
}

void EventParser::reset() {
  rest_.clear();
  event_ = {};
}

int follow_events(const Session& session, const std::string& target, std::uint64_t from_seq) {
  EventParser parser;
  int attempts = 0;
  const auto print = [&](const EventParser::Event& event) {
    attempts = 0;
    return static_cast<bool>(std::cout << one_line(event, session.json) << std::flush);
  };
  const auto take = [&](std::string_view piece) { return parser.feed(piece, print); };
  while (true) {
    const auto client = session.connect();
    if (!client) return print_error(client.error());
    Query query{.target = target};
    if (from_seq != 0) {
      query.target += (target.find('?') == std::string::npos ? "?from=" : "&from=") + std::to_string(from_seq);
    }
    if (!parser.last_id().empty()) query.headers.emplace_back("Last-Event-ID", parser.last_id());
    auto reply = (*client)->stream(query, take, kSilenceMax);
    if (reply) {
      const auto good = expect_success(std::move(*reply));
      if (!good && good.error().code != ErrorCode::kUnavailable) return print_error(good.error());
    }
    if (!std::cout) return kSuccess;  // nobody reads any more
    if (++attempts > kAttemptsMax)
      return print_error(reply ? Error{ErrorCode::kUnavailable, "the stream ended"} : reply.error());
    parser.reset();
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

}  // namespace esaas::api::cli
