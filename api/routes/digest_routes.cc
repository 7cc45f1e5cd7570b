#include "api/routes/digest_routes.h"

#include <boost/json/array.hpp>

#include <array>
#include <charconv>

#include "api/http/co_try.h"
#include "api/routes/body.h"
#include "api/routes/query.h"
#include "api/routes/read_pool.h"
#include "store/digests/digest_view.h"
#include "store/digests/proof.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Answer = asio::awaitable<Result<http::Response>>;
using Digests = std::vector<store::DigestRecord>;

constexpr std::uint64_t kDigestPageMax = 1'000;

Result<std::uint64_t> seq_of(const std::string& text) {
  std::uint64_t seq = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seq);
  if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() && seq != 0) return seq;
  return fail(ErrorCode::kNotFound, "there is no event " + text);
}

Answer list_digests(Call& call) {
  Query query(call.target);
  const std::uint64_t after = query.number("cursor", 1, UINT64_MAX - 1, 0);
  const std::uint64_t limit = query.number("limit", 1, kDigestPageMax, 100);
  ESAAS_CO_CHECK(query.done());
  std::function<Result<Digests>()> read = [&log = call.foundation.log, after, limit] {
    return store::DigestView(log).list(after, limit + 1);
  };
  ESAAS_CO_TRY(auto found, co_await call.foundation.reads.run<Digests>(call.exchange, std::move(read)));
  const bool has_more = found.size() > limit;
  if (has_more) found.pop_back();
  json::object answer;
  auto& items = answer["items"].emplace_array();
  for (const store::DigestRecord& record : found) items.push_back(store::to_json(record));
  if (has_more) answer["next_cursor"] = std::to_string(found.back().seq);
  co_return http::json_response(answer);
}

asio::awaitable<Result<store::DigestRecord>> read_digest(const Call& call, std::uint64_t seq) {
  std::function<Result<store::DigestRecord>()> read = [&log = call.foundation.log, seq] {
    return store::DigestView(log).at(seq);
  };
  co_return co_await call.foundation.reads.run<store::DigestRecord>(call.exchange, std::move(read));
}

Answer get_digest(Call& call) {
  Query query(call.target);
  ESAAS_CO_CHECK(query.done());
  ESAAS_CO_TRY(const std::uint64_t seq, seq_of(call.parameters[0]));
  ESAAS_CO_TRY(const auto record, co_await read_digest(call, seq));
  co_return http::json_response(store::to_json(record));
}

Answer sign_digest(Call& call) {
  Query query(call.target);
  ESAAS_CO_CHECK(query.done());
  ESAAS_CO_TRY(const auto object, read_object(call.request()));
  ESAAS_CO_CHECK(refuse_rest(object, "none"));
  using Signed = Result<std::uint64_t>;
  command::Caller caller = call.caller;
  caller.method = call.request().method;
  caller.url = call.request().target;
  std::function<void(std::function<void(Signed)>)> start = [&front = call.foundation.front,
                                                            &caller](std::function<void(Signed)> answer) {
    front.sign_digest(std::move(caller), std::move(answer));
  };
  auto answered = co_await call.exchange->ask<Signed>(std::move(start), call.foundation.limits.answer_timeout);
  if (!answered) {
    co_return fail(ErrorCode::kDeadlineExceeded, "signing takes longer; the digest is listed when it is done", "",
                   "answer_timeout");
  }
  ESAAS_CO_TRY(const std::uint64_t seq, std::move(*answered));
  ESAAS_CO_TRY(const auto record, co_await read_digest(call, seq));
  auto response = http::json_response(store::to_json(record), 201);
  response.headers.emplace_back("Location", "/v1/digests/" + std::to_string(seq));
  co_return response;
}

/// The event is the caller's to see before anything else is told of it.
Result<store::Proof> prove_visible(const store::EventLog& log, const command::Caller& caller, std::uint64_t seq) {
  const auto event = log.read_one(seq);
  if (!event && event.error().code != ErrorCode::kNotFound) return std::unexpected(event.error());
  if (!event || !auth::may_see(caller, event->tenant())) {
    return fail(ErrorCode::kNotFound, "there is no event " + std::to_string(seq));
  }
  return store::prove(log, seq);
}

Answer get_proof(Call& call) {
  Query query(call.target);
  ESAAS_CO_CHECK(query.done());
  ESAAS_CO_TRY(const std::uint64_t seq, seq_of(call.parameters[0]));
  std::function<Result<store::Proof>()> read = [&log = call.foundation.log, caller = call.caller, seq] {
    return prove_visible(log, caller, seq);
  };
  ESAAS_CO_TRY(const auto proof, co_await call.foundation.reads.run<store::Proof>(call.exchange, std::move(read)));
  co_return http::json_response(store::to_json(proof));
}

using http::Verb;
constexpr std::array kRoutes{
    Route{Verb::kGet, "/v1/digests", auth::kFleetReaders, &list_digests, kTakesAt},
    Route{Verb::kPost, "/v1/digests", auth::kFleetAdmins, &sign_digest},
    Route{Verb::kGet, "/v1/digests/{digest}", auth::kFleetReaders, &get_digest, kTakesAt},
    Route{Verb::kGet, "/v1/events/{event}/proof", auth::kReaders, &get_proof, kTakesAt},
};

}  // namespace

std::span<const Route> digest_routes() { return kRoutes; }

}  // namespace esaas::api
