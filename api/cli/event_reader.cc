#include "api/cli/event_reader.h"

#include <iostream>
#include <thread>
#include <utility>

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

/// "snapshot  cluster  search": an object of the fleet, by its name.
std::string object_line(const EventParser::Event& event, bool json) {
  if (json) return event.data + "\n";
  const auto value = parse_json(event.data);
  if (!value || !value->is_object()) return event.data + "\n";
  const auto& object = value->get_object();
  std::string text = "snapshot  " + cell(object, "type");
  for (const char* name :
       {"object.name", "object.id", "object.kind", "object.cluster", "object.phase", "object.status"}) {
    const auto found = cell(object, name);
    if (found != "-") text += "  " + found;
  }
  return text + "\n";
}

/// Prints what a stream brings.
class Printer {
 public:
  Printer(bool json, bool snapshot) : json_(json), awaits_snapshot_(snapshot) {}

  /// False: nobody reads any more.
  bool take(const EventParser::Event& event) {
    if (awaits_snapshot_ && event.kind == "snapshot") {
      held_ += object_line(event, json_);
      return true;
    }
    if (awaits_snapshot_ && event.kind == "snapshot_end") {
      awaits_snapshot_ = false;
      std::cout << std::exchange(held_, {}) << end_line(event) << std::flush;
    } else {
      std::cout << one_line(event, json_) << std::flush;
    }
    return static_cast<bool>(std::cout);
  }
  /// The connection broke: a snapshot that was not at its end comes again as a whole.
  void restart() { held_.clear(); }

 private:
  [[nodiscard]] std::string end_line(const EventParser::Event& event) const {
    return json_ ? event.data + "\n" : "snapshot  as of event " + event.id + "\n";
  }

  bool json_;
  bool awaits_snapshot_;
  std::string held_;
};

std::string target_of(const Session& session, const Follow& follow) {
  std::string target = follow.target;
  const auto add = [&target](const std::string& parameter) {
    target += (target.find('?') == std::string::npos ? "?" : "&") + parameter;
  };
  if (follow.from_seq != 0) add("from=" + std::to_string(follow.from_seq));
  if (follow.snapshot) add("snapshot=true");
  return session.as_of(target);
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

int follow_events(const Session& session, const Follow& follow) {
  constexpr unsigned kOk = 200;
  constexpr unsigned kNoContent = 204;
  EventParser parser;
  Printer printer(session.json, follow.snapshot);
  int attempts = 0;
  const auto print = [&](const EventParser::Event& event) {
    attempts = 0;
    return printer.take(event);
  };
  const auto take = [&](std::string_view piece) { return parser.feed(piece, print); };
  while (true) {
    const auto client = session.connect();
    if (!client) return print_error(client.error());
    Query query{.target = target_of(session, follow)};
    if (!parser.last_id().empty()) query.headers.emplace_back("Last-Event-ID", parser.last_id());
    auto reply = (*client)->stream(query, take, kSilenceMax);
    // It has seen all that there will ever be: of a moment of the past.
    if (reply && reply->status == kNoContent) return kSuccess;
    const bool is_end_of_past = !session.at.empty() && reply && reply->status == kOk;
    if (reply) {
      const auto good = expect_success(std::move(*reply));
      if (!good && good.error().code != ErrorCode::kUnavailable) return print_error(good.error());
    }
    if (!std::cout) return kSuccess;  // nobody reads any more
    if (++attempts > kAttemptsMax)
      return print_error(reply ? Error{ErrorCode::kUnavailable, "the stream ended"} : reply.error());
    parser.reset();
    printer.restart();
    // It is asked at once whether that was all.
    if (!is_end_of_past) std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

}  // namespace esaas::api::cli
