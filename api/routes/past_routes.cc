#include "api/routes/past_routes.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <charconv>

#include "api/http/co_try.h"
#include "api/routes/query.h"
#include "api/routes/trace_text.h"
#include "api/routes/visible.h"
#include "store/log/event_log.h"
#include "store/snapshots/past_states.h"
#include "store/views/moment.h"
#include "store/views/state_diff.h"
#include "store/views/trace_view.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Answer = asio::awaitable<Result<http::Response>>;

constexpr std::size_t kDifferencesMax = 2'000;

struct DiffRequest {
  std::string from;
  std::string to;  ///< empty: now
  store::DiffQuery query;
  std::string format;
};

struct DiffAnswer {
  store::Moment from;
  store::Moment to;
  store::Diff diff;
};

Result<DiffRequest> read_diff_request(const Call& call) {
  Query query(call.target);
  DiffRequest request;
  request.from = query.text("from");
  request.to = query.text("to");
  request.query.tenant = query.text("tenant");
  request.query.cluster = query.text("cluster");
  request.query.limit = kDifferencesMax;
  request.format = query.choice("format", "json|text");
  ESAAS_CHECK(query.done());
  if (request.from.empty()) {
    return fail(ErrorCode::kInvalidArgument, "from: name a seq or a time", "from", "required");
  }
  return request;
}

/// What is not in the lists that the caller may ask for is not here either.
bool may_see(const command::Caller& caller, const store::Difference& difference) {
  const bool is_for_admins = difference.object == "token" || difference.object == "sink";
  if (is_for_admins && caller.role != model::TOKEN_ROLE_ADMIN) return false;
  return auth::may_see(caller, difference.tenant);
}

json::object present(const store::Difference& difference) {
  json::object object{{"object", difference.object}, {"change", store::name_of(difference.kind)}};
  const std::pair<const char*, const std::string*> texts[] = {{"name", &difference.name},
                                                              {"tenant", &difference.tenant},
                                                              {"cluster", &difference.cluster},
                                                              {"path", &difference.path}};
  for (const auto& [name, text] : texts) {
    if (!text->empty()) object[name] = *text;
  }
  if (!difference.before.is_null()) object["before"] = difference.before;
  if (!difference.after.is_null()) object["after"] = difference.after;
  return object;
}

json::object present(const store::Moment& moment) { return {{"seq", moment.seq}, {"at", to_rfc3339(moment.at)}}; }

json::object present(const DiffAnswer& answer) {
  json::array items;
  for (const store::Difference& difference : answer.diff.differences) items.push_back(present(difference));
  return {{"from", present(answer.from)},
          {"to", present(answer.to)},
          {"items", std::move(items)},
          {"truncated", answer.diff.truncated}};
}

std::string to_text(const DiffAnswer& answer) {
  std::string text = "from event " + std::to_string(answer.from.seq) + " (" + to_rfc3339(answer.from.at) +
                     ") to event " + std::to_string(answer.to.seq) + " (" + to_rfc3339(answer.to.at) + ")\n";
  std::string heading;
  for (const store::Difference& difference : answer.diff.differences) {
    const std::string subject = difference.object + (difference.name.empty() ? "" : " " + difference.name);
    if (subject != heading) text += subject + "\n";
    heading = subject;
    text += "  " + store::to_text(difference) + "\n";
  }
  if (answer.diff.differences.empty()) text += "nothing differs\n";
  if (answer.diff.truncated) text += "... there is more: ask for one cluster or one tenant\n";
  return text;
}

Answer get_diff(Call& call) {
  ESAAS_CO_TRY(auto request, read_diff_request(call));
  const Foundation& foundation = call.foundation;
  if (foundation.past_states == nullptr) {
    co_return fail(ErrorCode::kUnavailable, "states of the past cannot be asked for here", "", "only_now");
  }
  const bool is_allowed = bind_tenant(call, request.query.tenant);
  std::function<Result<DiffAnswer>()> read = [&log = foundation.log, states = foundation.past_states, request,
                                              is_allowed, caller = call.caller,
                                              now = foundation.now()]() -> Result<DiffAnswer> {
    DiffAnswer answer;
    ESAAS_TRY(answer.from, store::find_moment(log, request.from, "from", now));
    const std::string to = request.to.empty() ? std::to_string(log.last_seq()) : request.to;
    ESAAS_TRY(answer.to, store::find_moment(log, to, "to", now));
    if (!is_allowed) return answer;
    ESAAS_TRY(const auto before, states->at(answer.from.seq));
    ESAAS_TRY(const auto after, states->at(answer.to.seq));
    answer.diff = store::diff(*before, *after, request.query);
    std::erase_if(answer.diff.differences, [&](const auto& difference) { return !may_see(caller, difference); });
    return answer;
  };
  ESAAS_CO_TRY(const auto answer, co_await foundation.reads.run<DiffAnswer>(call.exchange, std::move(read)));
  if (request.format == "json") co_return http::json_response(present(answer));
  http::Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = to_text(answer);
  co_return response;
}

Result<std::uint64_t> seq_of(const std::string& text) {
  std::uint64_t seq = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seq);
  if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size()) return seq;
  return fail(ErrorCode::kNotFound, "there is no event " + text);
}

struct EventTrace {
  store::Trace trace;
  Hash log_identity;
};

Answer get_event_trace(Call& call) {
  Query query(call.target);
  const auto format = query.choice("format", kTraceFormats);
  ESAAS_CO_CHECK(query.done());
  ESAAS_CO_TRY(const std::uint64_t seq, seq_of(call.parameters[0]));
  std::function<Result<EventTrace>()> read = [&log = call.foundation.log, caller = call.caller,
                                              seq]() -> Result<EventTrace> {
    if (seq == 0 || seq > log.last_seq()) {
      return fail(ErrorCode::kNotFound, "there is no event " + std::to_string(seq));
    }
    EventTrace found;
    ESAAS_TRY(found.trace, store::TraceView(log).around(
                               seq, [&](const event::Event& event) { return auth::may_see(caller, event.tenant()); }));
    ESAAS_TRY(found.log_identity, log.hash_of(1));
    return found;
  };
  ESAAS_CO_TRY(auto found, co_await call.foundation.reads.run<EventTrace>(call.exchange, std::move(read)));
  co_return trace_response(std::move(found.trace), format, found.log_identity, call.foundation.version);
}

using http::Verb;
constexpr std::array kRoutes{
    Route{Verb::kGet, "/v1/diff", auth::kReaders, &get_diff},
    Route{Verb::kGet, "/v1/events/{event}/trace", auth::kReaders, &get_event_trace, kTakesAt},
};

}  // namespace

std::span<const Route> past_routes() { return kRoutes; }

}  // namespace esaas::api
