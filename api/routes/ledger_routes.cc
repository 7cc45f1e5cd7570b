#include "api/routes/ledger_routes.h"

#include <array>

#include "api/http/co_try.h"
#include "api/routes/body.h"
#include "api/routes/page.h"
#include "api/routes/present.h"
#include "api/routes/query.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Answer = asio::awaitable<Result<http::Response>>;

json::object to_json(const reconcile::Quantities& quantities) {
  return {{"cpus_milli", quantities.cpus_milli}, {"mem_mib", quantities.mem_mib}, {"disk_mib", quantities.disk_mib}};
}

json::object to_json(const reconcile::LedgerLine& line) {
  json::object object{
      {"tenant", line.tenant},      {"cluster", line.cluster},        {"node", line.node},
      {"place", line.place},        {"agent_id", line.agent_id},      {"hostname", line.hostname},
      {"ours", to_json(line.ours)}, {"theirs", to_json(line.theirs)}, {"status", reconcile::name_of(line.status)}};
  if (!line.why.empty()) object["why"] = line.why;
  return object;
}

struct Filter {
  std::string tenant, cluster, status;
};

bool matches(const Filter& filter, const reconcile::LedgerLine& line) {
  const auto fits = [](const std::string& wanted, std::string_view value) { return wanted.empty() || wanted == value; };
  return fits(filter.tenant, line.tenant) && fits(filter.cluster, line.cluster) &&
         (filter.status == "any" || filter.status == reconcile::name_of(line.status));
}

/// The sums and counts are those of the lines that the caller may see and asked for, on this page or not.
http::Response present(const Call& call, const reconcile::Ledger& ledger, const Filter& filter, const Page& page) {
  PageBuilder builder(page);
  reconcile::Quantities ours;
  reconcile::Quantities theirs;
  std::size_t lines = 0;
  std::size_t imbalances = 0;
  bool full = false;
  for (const auto& line : ledger.lines) {
    if (!auth::may_see(call.caller, line.tenant) || !matches(filter, line)) continue;
    add(ours, line.ours);
    add(theirs, line.theirs);
    ++lines;
    if (is_imbalance(line.status)) ++imbalances;
    const auto key = line.cluster + " " + line.node + " " + line.place;
    if (!full && builder.is_after_cursor(key)) full = !builder.add(key, to_json(line));
  }
  auto object = builder.finish();
  object["asked_at"] = to_rfc3339(ledger.asked_at);
  object["seq"] = ledger.seq;
  object["lines"] = lines;
  object["imbalances"] = imbalances;
  object["balanced"] = imbalances == 0;
  object["ours"] = to_json(ours);
  object["theirs"] = to_json(theirs);
  return http::json_response(object);
}

Answer get_ledger(Call& call) {
  using Ledger = Result<reconcile::Ledger>;
  Query query(call.target);
  Filter filter;
  filter.tenant = query.text("tenant");
  filter.cluster = query.text("cluster");
  filter.status =
      query.choice("status", "any|balanced|under_way|agent_away|missing|volume_missing|differs|without_owner");
  const auto page = read_page(query);
  ESAAS_CO_CHECK(query.done());
  std::function<void(std::function<void(Ledger)>)> start =
      [&front = call.foundation.front](std::function<void(Ledger)> answer) { front.ledger(std::move(answer)); };
  auto answer = co_await call.exchange->ask<Ledger>(std::move(start), call.foundation.limits.answer_timeout);
  if (!answer) co_return fail(ErrorCode::kDeadlineExceeded, "the master did not answer in time", "", "answer_timeout");
  ESAAS_CO_TRY(const auto ledger, std::move(*answer));
  co_return present(call, ledger, filter, page);
}

const std::array kRoutes{Route{http::Verb::kGet, "/v1/ledger", auth::kReaders, &get_ledger}};

}  // namespace

std::span<const Route> ledger_routes() { return kRoutes; }

}  // namespace esaas::api
