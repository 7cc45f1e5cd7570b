#include "api/routes/billing_routes.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "api/http/co_try.h"
#include "api/routes/body.h"
#include "api/routes/invoice_turn.h"
#include "api/routes/page.h"
#include "api/routes/query.h"
#include "api/routes/read_pool.h"
#include "api/routes/submit.h"
#include "api/routes/visible.h"
#include "core/base/proto_json.h"
#include "core/billing/money.h"
#include "core/billing/month.h"
#include "store/billing/invoice.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Answer = asio::awaitable<Result<http::Response>>;
using billing::Month;
using Invoices = std::vector<model::Invoice>;

constexpr auth::Access kFleetAccountants{.roles = {model::TOKEN_ROLE_BILLING, model::TOKEN_ROLE_ADMIN},
                                         .all_tenants = true};

template <typename T>
asio::awaitable<Result<T>> read(const Call& call, std::function<Result<T>()> what) {
  co_return co_await call.foundation.reads.run<T>(call.exchange, std::move(what));
}

/// With the amounts as decimals beside the exact integers.
json::object present(const model::Invoice& invoice) {
  json::object object = esaas::to_json(invoice);
  const auto decimal = [&](std::int64_t minor) { return billing::to_decimal(minor, invoice.minor_digits()); };
  auto& lines = object["lines"].as_array();
  for (int i = 0; i < invoice.lines_size(); ++i) {
    lines[static_cast<std::size_t>(i)].as_object()["amount"] = decimal(invoice.lines(i).amount_minor());
  }
  object["total"] = decimal(invoice.total_minor());
  return object;
}

/// "inv-17" and "pl-17" as they sort.
std::string key_of_id(std::string_view id) {
  std::uint64_t seq = 0;
  const auto digits = id.substr(std::min(id.find('-'), id.size() - 1) + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), seq);
  return padded(seq);
}

/// Those of closed months by their ids, others, of which each tenant has one, by tenant.
http::Response page_of(const Invoices& invoices, Page page) {
  PageBuilder builder(std::move(page));
  for (const model::Invoice& invoice : invoices) {
    std::string key = invoice.id().empty() ? invoice.tenant() : key_of_id(invoice.id());
    if (!builder.is_after_cursor(key)) continue;
    if (!builder.add(std::move(key), present(invoice))) break;
  }
  return http::json_response(builder.finish());
}

http::Response answer_accepted(json::object answer, const loop::Accepted& accepted) {
  answer["seq"] = accepted.seq;
  auto response = http::json_response(answer, 202);
  if (accepted.replayed) response.headers.emplace_back("Idempotency-Replayed", "true");
  return response;
}

/// 202 with the seq, or what a dry run shows.
Answer answer_change(Call& call, command::Command command, const ChangeOptions& options, json::object answer) {
  auto submission = make_submission(call, std::move(command), options);
  if (options.dry_run) co_return co_await answer_preview(call, std::move(submission));
  ESAAS_CO_TRY(const auto accepted, co_await submit(call, std::move(submission)));
  co_return answer_accepted(std::move(answer), accepted);
}

Answer list_price_lists(Call& call) {
  Query query(call.target);
  const Page page = read_page(query);
  ESAAS_CO_CHECK(query.done());
  std::function<Result<std::vector<model::PriceList>>()> what =
      [&log = call.foundation.log]() -> Result<std::vector<model::PriceList>> {
    ESAAS_TRY(const billing::PriceBook book, store::price_book_at(log, log.last_seq()));
    return book.lists();
  };
  ESAAS_CO_TRY(const auto lists, co_await read(call, std::move(what)));
  PageBuilder builder(page);
  for (const model::PriceList& list : lists) {
    const bool is_theirs = call.caller.tenant.empty() || list.tenant().empty() || list.tenant() == call.caller.tenant;
    // In their order: by tenant, then by moment. A space sorts before all that a name may have.
    std::string key =
        list.tenant() + " " + padded(static_cast<std::uint64_t>(list.effective_at_us())) + " " + key_of_id(list.id());
    if (!is_theirs || !builder.is_after_cursor(key)) continue;
    if (!builder.add(std::move(key), esaas::to_json(list))) break;
  }
  co_return http::json_response(builder.finish());
}

Answer publish_price_list(Call& call) {
  ESAAS_CO_TRY(const auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  command::PublishPriceList publish;
  publish.method = call.request().method;
  publish.url = call.request().target;
  ESAAS_CO_TRY(publish.reason, take_reason(call.request(), object));
  if (object.contains("id")) {
    co_return fail(ErrorCode::kInvalidArgument, "id: is given by the server", "id", "unknown_field");
  }
  ESAAS_CO_CHECK(from_json(object, publish.list));
  co_return co_await answer_change(call, std::move(publish), options, {});
}

struct Rates {
  Invoices hour;       ///< as everything and its price is now
  Invoices month;      ///< since the month began
  Invoices projected;  ///< of the whole month, if everything stays as it is
};

Result<Rates> rates_of(const store::EventLog& log, const std::string& tenant, Time now) {
  ESAAS_TRY(const billing::PriceBook prices, store::price_book_at(log, log.last_seq()));
  const Month month = Month::of(now);
  const auto bills = [&](Time from, Time to) {
    return store::bills(log, prices, {.tenant = tenant, .from = from, .to = to, .now = to});
  };
  Rates rates;
  ESAAS_TRY(rates.hour, store::hour_rates(log, prices, tenant, now));
  ESAAS_TRY(rates.month, bills(month.begin(), now + Duration{1}));
  ESAAS_TRY(rates.projected, bills(month.begin(), month.end()));
  return rates;
}

/// By tenant: what each figure comes to.
json::object rates_page(const Rates& rates, Page page) {
  std::map<std::string, json::object> tenants;
  const auto put = [&](const Invoices& invoices, const char* name) {
    for (const model::Invoice& invoice : invoices) {
      json::object& object = tenants[invoice.tenant()];
      object["currency"] = invoice.currency();
      object[std::string(name) + "_minor"] = invoice.total_minor();
      object[name] = billing::to_decimal(invoice.total_minor(), invoice.minor_digits());
    }
  };
  put(rates.hour, "hour");
  put(rates.month, "month_to_date");
  put(rates.projected, "month_projected");
  PageBuilder builder(std::move(page));
  for (auto& [tenant, object] : tenants) {
    object["tenant"] = tenant;
    if (builder.is_after_cursor(tenant) && !builder.add(tenant, std::move(object))) break;
  }
  return builder.finish();
}

Answer get_rates(Call& call) {
  Query query(call.target);
  std::string tenant = query.text("tenant");
  const Page page = read_page(query);
  ESAAS_CO_CHECK(query.done());
  if (!bind_tenant(call, tenant)) co_return http::json_response(rates_page({}, page));
  std::function<Result<Rates>()> what = [&log = call.foundation.log, tenant, now = call.foundation.now()] {
    return rates_of(log, tenant, now);
  };
  ESAAS_CO_TRY(const auto rates, co_await read(call, std::move(what)));
  co_return http::json_response(rates_page(rates, page));
}

/// The bills of a month as the log has them now; a month that is not over up to now.
Answer list_bills(Call& call) {
  Query query(call.target);
  std::string tenant = query.text("tenant");
  const std::string named = query.text("month");
  const Page page = read_page(query);
  ESAAS_CO_CHECK(query.done());
  const Time now = call.foundation.now();
  ESAAS_CO_TRY(const Month month, named.empty() ? Result<Month>(Month::of(now)) : Month::parse(named));
  if (!bind_tenant(call, tenant) || month.begin() > now) co_return page_of({}, page);
  std::function<Result<Invoices>()> what = [&log = call.foundation.log, tenant, month, now]() -> Result<Invoices> {
    ESAAS_TRY(const billing::PriceBook prices, store::price_book_at(log, log.last_seq()));
    const Time end = std::min(month.end(), now + Duration{1});
    ESAAS_TRY(Invoices found,
              store::bills(log, prices, {.tenant = tenant, .from = month.begin(), .to = end, .now = end}));
    for (model::Invoice& invoice : found) invoice.set_month(month.text());
    return found;
  };
  ESAAS_CO_TRY(const auto found, co_await read(call, std::move(what)));
  co_return page_of(found, page);
}

Answer list_invoices(Call& call) {
  Query query(call.target);
  std::string tenant = query.text("tenant");
  const std::string month = query.text("month");
  const Page page = read_page(query);
  ESAAS_CO_CHECK(query.done());
  if (!month.empty()) ESAAS_CO_CHECK(Month::parse(month));
  if (!bind_tenant(call, tenant)) co_return page_of({}, page);
  std::function<Result<Invoices>()> what = [&log = call.foundation.log, tenant, month] {
    return store::closed_invoices(log, tenant, month);
  };
  ESAAS_CO_TRY(const auto found, co_await read(call, std::move(what)));
  co_return page_of(found, page);
}

/// kNotFound when there is none, or it is another tenant's.
Result<model::Invoice> find_invoice(const store::EventLog& log, const std::string& tenant, const std::string& id) {
  ESAAS_TRY(const Invoices all, store::closed_invoices(log, tenant, {}));
  const auto found = std::ranges::find(all, id, [](const model::Invoice& one) { return one.id(); });
  if (found == all.end()) return fail(ErrorCode::kNotFound, "there is no invoice " + id);
  return *found;
}

Answer get_invoice(Call& call) {
  Query query(call.target);
  ESAAS_CO_CHECK(query.done());
  std::function<Result<model::Invoice>()> what = [&log = call.foundation.log, tenant = call.caller.tenant,
                                                  id = call.parameters[0]] { return find_invoice(log, tenant, id); };
  ESAAS_CO_TRY(const auto invoice, co_await read(call, std::move(what)));
  co_return http::json_response(present(invoice));
}

struct Closing {
  std::string tenant;
  std::string month;
  std::string corrects;
};

/// {"tenant", "month"} closes a month; {"corrects"} corrects one.
Result<Closing> take_closing(json::object& object) {
  Closing closing;
  ESAAS_TRY(closing.tenant, take_text(object, "tenant"));
  ESAAS_TRY(closing.month, take_text(object, "month"));
  ESAAS_TRY(closing.corrects, take_text(object, "corrects"));
  ESAAS_CHECK(refuse_rest(object, "tenant, month, corrects, reason"));
  const bool names_month = !closing.tenant.empty() || !closing.month.empty();
  if (names_month == closing.corrects.empty() && (closing.tenant.empty() == closing.month.empty())) return closing;
  return fail(ErrorCode::kInvalidArgument,
              "month: name a tenant and a month to close it, or with corrects the invoice to be corrected", "month",
              "required");
}

/// The tenant whose month it is.
Result<std::string> tenant_of(const store::EventLog& log, const Closing& closing) {
  if (closing.corrects.empty()) return closing.tenant;
  ESAAS_TRY(const model::Invoice billed, find_invoice(log, {}, closing.corrects));
  return billed.tenant();
}

Result<model::Invoice> invoice_for(const store::EventLog& log, const Closing& closing) {
  if (closing.corrects.empty()) {
    ESAAS_TRY(const Month month, Month::parse(closing.month));
    return store::closing_invoice(log, closing.tenant, month);
  }
  ESAAS_TRY(const model::Invoice billed, find_invoice(log, {}, closing.corrects));
  return store::correction(log, billed);
}

/// As it was logged.
Result<model::Invoice> logged_invoice(const store::EventLog& log, std::uint64_t seq) {
  ESAAS_TRY(const event::Event event, log.read_one(seq));
  if (event.has_invoice_closed()) return event.invoice_closed().invoice();
  return fail(ErrorCode::kInternal, "event " + std::to_string(seq) + " closes no month");
}

Answer close_invoice(Call& call) {
  ESAAS_CO_TRY(const auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  ESAAS_CO_TRY(const std::string reason, take_reason(call.request(), object));
  ESAAS_CO_TRY(const Closing closing, take_closing(object));
  std::function<Result<std::string>()> whose = [&log = call.foundation.log, closing] {
    return tenant_of(log, closing);
  };
  ESAAS_CO_TRY(const std::string tenant, co_await read(call, std::move(whose)));
  ESAAS_CO_TRY(Turn turn, take_invoice_turn(call.foundation.log, tenant));
  // A read that nobody waits for any more has the turn all the same until it ends.
  std::function<Result<model::Invoice>()> what = [&log = call.foundation.log, closing, turn]() mutable {
    auto invoice = invoice_for(log, closing);
    turn.reset();
    return invoice;
  };
  command::CloseInvoice close;
  ESAAS_CO_TRY(close.invoice, co_await read(call, std::move(what)));
  close.invoice.set_reason(reason);
  close.method = call.request().method;
  close.url = call.request().target;
  auto submission = make_submission(call, std::move(close), options);
  if (options.dry_run) co_return co_await answer_preview(call, std::move(submission));
  ESAAS_CO_TRY(const auto accepted, co_await submit_in_turn(call, std::move(submission), std::move(turn)));
  std::function<Result<model::Invoice>()> logged = [&log = call.foundation.log, seq = accepted.seq] {
    return logged_invoice(log, seq);
  };
  ESAAS_CO_TRY(const auto invoice, co_await read(call, std::move(logged)));
  co_return answer_accepted(present(invoice), accepted);
}

Result<http::Response> get_budget(Call& call) {
  Query query(call.target);
  ESAAS_CHECK(query.done());
  ESAAS_TRY(const auto tenant, find_visible_tenant(call, call.parameters[0]));
  json::object object{{"tenant", tenant->name()}};
  if (tenant->has_budget()) object["budget"] = esaas::to_json(tenant->budget());
  if (!tenant->alerted_month().empty()) {
    object["alerted"] = json::object{{"month", tenant->alerted_month()}, {"percent", tenant->alerted_percent()}};
  }
  return http::json_response(object);
}

/// Of the tenant in the path; takes the reason out of the body.
Result<command::SetBudget> begin_set(const Call& call, json::object& object) {
  command::SetBudget set;
  set.tenant = call.parameters[0];
  set.method = call.request().method;
  set.url = call.request().target;
  ESAAS_TRY(set.reason, take_reason(call.request(), object));
  return set;
}

Answer set_budget(Call& call) {
  ESAAS_CO_TRY(const auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  ESAAS_CO_TRY(auto set, begin_set(call, object));
  ESAAS_CO_CHECK(from_json(object, set.budget.emplace()));
  json::object answer{{"tenant", set.tenant}};
  co_return co_await answer_change(call, std::move(set), options, std::move(answer));
}

Answer remove_budget(Call& call) {
  ESAAS_CO_TRY(const auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  ESAAS_CO_TRY(auto set, begin_set(call, object));
  ESAAS_CO_CHECK(refuse_rest(object, "reason"));
  json::object answer{{"tenant", set.tenant}};
  co_return co_await answer_change(call, std::move(set), options, std::move(answer));
}

constexpr std::array kRoutes{
    Route{http::Verb::kGet, "/v1/price-lists", auth::kAccountants, &list_price_lists, kTakesAt},
    Route{http::Verb::kPost, "/v1/price-lists", kFleetAccountants, &publish_price_list},
    Route{http::Verb::kGet, "/v1/rates", auth::kAccountants, &get_rates, kTakesAt},
    Route{http::Verb::kGet, "/v1/bills", auth::kAccountants, &list_bills, kTakesAt},
    Route{http::Verb::kGet, "/v1/invoices", auth::kAccountants, &list_invoices, kTakesAt},
    Route{http::Verb::kPost, "/v1/invoices", kFleetAccountants, &close_invoice},
    Route{http::Verb::kGet, "/v1/invoices/{invoice}", auth::kAccountants, &get_invoice, kTakesAt},
    Route{http::Verb::kGet, "/v1/tenants/{tenant}/budget", auth::kAccountants, &get_budget, kTakesAt},
    Route{http::Verb::kPut, "/v1/tenants/{tenant}/budget", kFleetAccountants, &set_budget},
    Route{http::Verb::kDelete, "/v1/tenants/{tenant}/budget", kFleetAccountants, &remove_budget},
};

}  // namespace

std::span<const Route> billing_routes() { return kRoutes; }

}  // namespace esaas::api
