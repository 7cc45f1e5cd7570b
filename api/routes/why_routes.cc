#include "api/routes/why_routes.h"

#include <boost/json/array.hpp>

#include <array>

#include "api/http/co_try.h"
#include "api/routes/cluster_routes.h"
#include "api/routes/query.h"
#include "api/routes/read_pool.h"
#include "core/base/proto_json.h"
#include "core/events/visit.h"
#include "core/state/fleet_state.h"
#include "reconcilers/explain.h"
#include "store/views/index_walk.h"
#include "store/views/operation_view.h"
#include "store/views/sentence.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Answer = asio::awaitable<Result<http::Response>>;
using Explain = std::function<reconcile::Explanation(const reconcile::WhyInput&)>;

constexpr std::size_t kLatelyMax = 5;
constexpr std::size_t kLatelyScanned = 2000;

struct Lately {
  std::uint64_t seq = 0;
  std::int64_t at_us = 0;
  std::string text;
};

/// What is asked about.
struct Subject {
  std::shared_ptr<const state::Cluster> cluster;  ///< null: it is gone, and only its operation is left
  store::IndexQuery index;                        ///< of the events about it
  std::string node;                               ///< only of this node; empty: all
};

struct Answered {
  std::shared_ptr<const state::Cluster> cluster;  ///< that `why` points into
  reconcile::Explanation why;
  std::vector<Lately> lately;
};

std::string node_of(const event::Event& event) {
  std::string node;
  event::visit(event, [&](const auto& payload) {
    if constexpr (requires { std::string(payload.node()); }) node = payload.node();
  });
  return node;
}

/// The newest events about it, newest first.
Result<std::vector<Lately>> lately(const store::EventLog& log, const Subject& subject) {
  std::vector<Lately> found;
  store::IndexQuery index = subject.index;
  index.newest_first = true;
  store::IndexWalk walk(log, index);
  for (std::size_t scanned = 0; scanned < kLatelyScanned && found.size() < kLatelyMax; ++scanned) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) break;
    if (!subject.node.empty() && node_of(*event) != subject.node) continue;
    found.push_back({event->seq(), event->time_at_us(), store::sentence(*event)});
  }
  return found;
}

/// The user's own words for an operation.
Result<std::string> reason_of(const store::EventLog& log, const state::Operation& operation) {
  ESAAS_TRY(const event::Event event, log.read_one(operation.requested_seq()));
  return event.operation_requested().reason();
}

Result<Answered> answer(const store::EventLog& log, const Subject& subject,
                        const std::vector<std::shared_ptr<const state::Operation>>& open, const Explain& explain,
                        Time now) {
  const state::Cluster gone;
  reconcile::WhyInput input{
      .cluster = subject.cluster ? *subject.cluster : gone, .open = {}, .latest = nullptr, .reasons = {}, .now = now};
  for (const auto& operation : open) {
    if (operation->cluster() != input.cluster.name()) continue;
    input.open.push_back(operation.get());
    ESAAS_TRY(input.reasons[operation->id()], reason_of(log, *operation));
  }
  store::FinishedPage page;
  if (subject.cluster) {
    ESAAS_TRY(page, store::OperationView(log).finished({.cluster = input.cluster.name(), .limit = 1}));
    if (!page.operations.empty()) {
      input.latest = &page.operations.front();
      ESAAS_TRY(input.reasons[input.latest->id()], reason_of(log, *input.latest));
    }
  }
  Answered answered{.cluster = subject.cluster, .why = {}, .lately = {}};
  answered.why = explain(input);
  ESAAS_TRY(answered.lately, lately(log, subject));
  return answered;
}

void put(json::object& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

void put_moment(json::object& object, const char* name, std::int64_t at_us) {
  if (at_us != 0) object[name] = to_rfc3339(from_us(at_us));
}

json::object to_json(const Answered& answered) {
  const reconcile::Explanation& why = answered.why;
  json::object object{{"subject", why.subject}, {"answer", why.answer}};
  auto& wanted = object["wanted"].emplace_array();
  for (const auto& one : why.wanted) {
    json::object item{{"text", one.text}};
    put(item, "operation", one.operation);
    put(item, "by", one.by);
    put_moment(item, "at", one.at_us);
    put(item, "reason", one.reason);
    wanted.push_back(std::move(item));
  }
  object["doing"] = json::array(why.doing.begin(), why.doing.end());
  auto& held = object["held"].emplace_array();
  for (const auto& one : why.held) {
    json::object item = esaas::to_json(*one.hold);
    put(item, "rule_is_there_because", std::string(one.meaning));
    put(item, "operation", one.operation);
    put(item, "what_can_be_done", one.remedy);
    held.push_back(std::move(item));
  }
  auto& next = object["next"].emplace_array();
  for (const auto& one : why.next) {
    json::object item{{"text", one.text}};
    put_moment(item, "at", one.at_us);
    next.push_back(std::move(item));
  }
  auto& events = object["lately"].emplace_array();
  for (const auto& one : answered.lately) {
    events.push_back(json::object{{"seq", one.seq}, {"at", to_rfc3339(from_us(one.at_us))}, {"text", one.text}});
  }
  return object;
}

std::string to_text(const Answered& answered) {
  std::string text = reconcile::to_text(answered.why);
  if (!answered.lately.empty()) text += "lately\n";
  for (const auto& one : answered.lately) {
    text += "  " + to_rfc3339(from_us(one.at_us)) + " " + one.text + " (event " + std::to_string(one.seq) + ")\n";
  }
  return text;
}

Answer respond(Call& call, Subject subject, Explain explain) {
  Query query(call.target);
  const auto format = query.choice("format", "json|text");
  ESAAS_CO_CHECK(query.done());
  std::function<Result<Answered>()> read =
      [&log = call.foundation.log, subject = std::move(subject), open = call.foundation.front.operations(),
       explain = std::move(explain), now = call.foundation.now()] { return answer(log, subject, open, explain, now); };
  ESAAS_CO_TRY(const auto answered, co_await call.foundation.reads.run<Answered>(call.exchange, std::move(read)));
  if (format == "json") co_return http::json_response(to_json(answered));
  http::Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = to_text(answered);
  co_return response;
}

/// The query before the look-up: a wrong parameter is told whether or not the thing is there.
Result<void> check_query(const Call& call) {
  Query query(call.target);
  query.choice("format", "json|text");
  return query.done();
}

Answer why_cluster(Call& call) {
  ESAAS_CO_CHECK(check_query(call));
  ESAAS_CO_TRY(auto cluster, find_cluster(call, call.parameters[0]));
  Subject subject{
      .cluster = cluster, .index = {.kind = store::IndexKind::kCluster, .value = cluster->name()}, .node = {}};
  Explain explain = [](const reconcile::WhyInput& input) { return reconcile::explain_cluster(input); };
  co_return co_await respond(call, std::move(subject), std::move(explain));
}

Answer why_node(Call& call) {
  ESAAS_CO_CHECK(check_query(call));
  ESAAS_CO_TRY(auto cluster, find_cluster(call, call.parameters[0]));
  const std::string name = call.parameters[1];
  if (state::find_node(*cluster, name) == nullptr) {
    co_return fail(ErrorCode::kNotFound, "cluster " + cluster->name() + " has no node " + name);
  }
  Subject subject{
      .cluster = cluster, .index = {.kind = store::IndexKind::kCluster, .value = cluster->name()}, .node = name};
  Explain explain = [name](const reconcile::WhyInput& input) {
    return reconcile::explain_node(input, *state::find_node(input.cluster, name));
  };
  co_return co_await respond(call, std::move(subject), std::move(explain));
}

Answer why_operation(Call& call) {
  ESAAS_CO_CHECK(check_query(call));
  const std::string id = call.parameters[0];
  std::function<Result<state::Operation>()> read = [&log = call.foundation.log, id] {
    return store::OperationView(log).find(id);
  };
  ESAAS_CO_TRY(auto operation, co_await call.foundation.reads.run<state::Operation>(call.exchange, std::move(read)));
  if (!auth::may_see(call.caller, operation.tenant())) {
    co_return fail(ErrorCode::kNotFound, "there is no operation " + id);
  }
  Subject subject{.cluster = call.foundation.front.cluster(operation.cluster()),
                  .index = {.kind = store::IndexKind::kOperation, .value = id},
                  .node = {}};
  Explain explain = [operation = std::move(operation)](const reconcile::WhyInput& input) {
    return reconcile::explain_operation(input, operation);
  };
  co_return co_await respond(call, std::move(subject), std::move(explain));
}

constexpr std::array kRoutes{
    Route{http::Verb::kGet, "/v1/clusters/{cluster}/why", auth::kReaders, &why_cluster, kTakesAt},
    Route{http::Verb::kGet, "/v1/clusters/{cluster}/nodes/{node}/why", auth::kReaders, &why_node, kTakesAt},
    Route{http::Verb::kGet, "/v1/operations/{operation}/why", auth::kReaders, &why_operation, kTakesAt},
};

}  // namespace

std::span<const Route> why_routes() { return kRoutes; }

}  // namespace esaas::api
