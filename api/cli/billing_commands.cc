// esaas prices|bill ..., and esaas tenant budget ...

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <fstream>
#include <iostream>
#include <memory>

#include "api/cli/commands.h"
#include "api/http/target.h"
#include "core/base/proto_json.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;

struct BillingOptions {
  std::string tenant, month, invoice, file, currency;
  std::uint64_t monthly_minor = 0;
  std::uint32_t minor_digits = 2;
  std::vector<std::uint32_t> alerts{80, 100};
  ChangeOptions change;
};
using Options = std::shared_ptr<BillingOptions>;

void add_books_options(CLI::App& command, ChangeOptions& change) {
  command.add_option("--reason", change.reason, "Why; kept in the audit");
  command.add_option("--idempotency-key", change.idempotency_key, "The same key gives the same answer for 7 days");
  command.add_flag("--dry-run,-n", change.dry_run, "Show what would happen, change nothing");
}

Result<json::object> object_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::kInvalidArgument, "cannot read " + path, "file", "readable");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ESAAS_TRY(auto value, parse_json(text));
  if (!value.is_object()) return fail(ErrorCode::kInvalidArgument, path + " holds no JSON object", "file", "object");
  return std::move(value.get_object());
}

std::string tenant_budget(const std::string& tenant) {
  return "/v1/tenants/" + http::percent_encode(tenant) + "/budget";
}

int print(const Session& session, const Result<json::object>& answer, const std::string& otherwise) {
  if (!answer) return print_error(answer.error());
  std::cout << (session.json ? json::serialize(*answer) : otherwise) << "\n";
  return kSuccess;
}

std::string done_or_not(const ChangeOptions& change, const std::string& what) {
  return change.dry_run ? what + " would be taken; nothing is changed" : what + " is in the log";
}

int publish(const Session& session, const BillingOptions& options) {
  const auto body = object_of_file(options.file);
  if (!body) return print_error(body.error());
  return print(session, send_change(session, options.change, "POST", "/v1/price-lists", *body),
               done_or_not(options.change, "the price list"));
}

int close(const Session& session, const BillingOptions& options, const json::object& body) {
  const auto answer = send_change(session, options.change, "POST", "/v1/invoices", body);
  const std::string total = answer ? cell(*answer, "total") + " " + cell(*answer, "currency") : std::string();
  return print(session, answer, done_or_not(options.change, "an invoice over " + total));
}

int set_budget(const Session& session, const BillingOptions& options) {
  json::array alerts;
  for (const std::uint32_t percent : options.alerts) alerts.push_back(percent);
  const json::object body{{"currency", options.currency},
                          {"minor_digits", options.minor_digits},
                          {"monthly_minor", options.monthly_minor},
                          {"alert_percents", std::move(alerts)}};
  return print(session, send_change(session, options.change, "PUT", tenant_budget(options.tenant), body),
               done_or_not(options.change, "the budget"));
}

const std::vector<Column>& invoice_columns() {
  static const std::vector<Column> columns{{"INVOICE", "id"},          {"TENANT", "tenant"}, {"MONTH", "month"},
                                           {"CURRENCY", "currency"},   {"TOTAL", "total"},   {"CORRECTS", "corrects"},
                                           {"THROUGH SEQ", "last_seq"}};
  return columns;
}

/// One bill with its lines, or many with their sums.
int print_bills(const Session& session, const std::string& target) {
  const auto items = session.list(target, 0);
  if (!items) return print_error(items.error());
  if (session.json) {
    std::cout << json::serialize(*items) << "\n";
    return kSuccess;
  }
  for (const auto& item : *items) {
    const json::object& bill = item.as_object();
    std::cout << cell(bill, "tenant") << " " << cell(bill, "month") << ": " << cell(bill, "total") << " "
              << cell(bill, "currency") << "\n"
              << table(bill.at("lines").as_array(), {{"CLUSTER", "cluster"},
                                                     {"KIND", "kind"},
                                                     {"PRICE LIST", "price_list"},
                                                     {"FACTOR", "factor_permille"},
                                                     {"AMOUNT", "amount"},
                                                     {"FROM SEQ", "first_seq"},
                                                     {"TO SEQ", "last_seq"}});
  }
  if (items->empty()) std::cout << "nothing was used\n";
  return kSuccess;
}

void add_prices(CLI::App& app, Session& session, Action& action) {
  auto* prices = app.add_subcommand("prices", "What an hour of each thing costs, and from when");
  prices->require_subcommand(1);
  auto* list = prices->add_subcommand("list", "All price lists");
  list->callback([&session, &action] {
    action = [&session] {
      return session.print_list("/v1/price-lists", 0,
                                {{"PRICE LIST", "id"},
                                 {"TENANT", "tenant"},
                                 {"CURRENCY", "currency"},
                                 {"FROM", "effective_at"},
                                 {"NOTE", "note"}});
    };
  });
  auto options = std::make_shared<BillingOptions>();
  auto* command = prices->add_subcommand("publish", "A new price list, from now or a later moment on");
  command->add_option("file", options->file, "The list as JSON, as POST /v1/price-lists takes it")->required();
  add_books_options(*command, options->change);
  command->callback(
      [options, &session, &action] { action = [options, &session] { return publish(session, *options); }; });
}

void add_month_filter(CLI::App& command, const Options& options) {
  command.add_option("--tenant", options->tenant, "Only this tenant's");
  command.add_option("--month", options->month, "Such as 2026-11");
}

void add_looks(CLI::App& bill, Session& session, Action& action) {
  auto shown = std::make_shared<BillingOptions>();
  auto* show = bill.add_subcommand("show", "What a month comes to so far, line by line; without --month this one");
  add_month_filter(*show, shown);
  show->callback([shown, &session, &action] {
    action = [shown, &session] {
      return print_bills(session, with_query("/v1/bills", {{"tenant", shown->tenant}, {"month", shown->month}}));
    };
  });
  auto rated = std::make_shared<BillingOptions>();
  auto* rate =
      bill.add_subcommand("rate", "What an hour costs now, the month so far, and all of it if nothing changes");
  rate->add_option("--tenant", rated->tenant, "Only this tenant's");
  rate->callback([rated, &session, &action] {
    action = [rated, &session] {
      return session.print_list(with_query("/v1/rates", {{"tenant", rated->tenant}}), 0,
                                {{"TENANT", "tenant"},
                                 {"CURRENCY", "currency"},
                                 {"HOUR", "hour"},
                                 {"MONTH SO FAR", "month_to_date"},
                                 {"MONTH PROJECTED", "month_projected"}});
    };
  });
  auto listed = std::make_shared<BillingOptions>();
  auto* list = bill.add_subcommand("list", "The invoices of closed months, and their corrections");
  add_month_filter(*list, listed);
  list->callback([listed, &session, &action] {
    action = [listed, &session] {
      return session.print_list(with_query("/v1/invoices", {{"tenant", listed->tenant}, {"month", listed->month}}), 0,
                                invoice_columns());
    };
  });
}

void add_closing(CLI::App& bill, Session& session, Action& action) {
  auto closed = std::make_shared<BillingOptions>();
  auto* command = bill.add_subcommand("close", "Close a tenant's month: its invoice never changes afterwards");
  command->add_option("tenant", closed->tenant, "The tenant")->required();
  command->add_option("month", closed->month, "Such as 2026-11")->required();
  add_books_options(*command, closed->change);
  command->callback([closed, &session, &action] {
    action = [closed, &session] {
      return close(session, *closed, {{"tenant", closed->tenant}, {"month", closed->month}});
    };
  });
  auto corrected = std::make_shared<BillingOptions>();
  auto* correct = bill.add_subcommand("correct", "Add to a closed month what the log comes to now");
  correct->add_option("invoice", corrected->invoice, "The invoice to be corrected")->required();
  add_books_options(*correct, corrected->change);
  correct->callback([corrected, &session, &action] {
    action = [corrected, &session] { return close(session, *corrected, {{"corrects", corrected->invoice}}); };
  });
}

}  // namespace

void add_billing_commands(CLI::App& app, Session& session, Action& action) {
  add_prices(app, session, action);
  auto* bill = app.add_subcommand("bill", "What tenants owe");
  bill->require_subcommand(1);
  add_looks(*bill, session, action);
  add_closing(*bill, session, action);
  add_bill_verify(*bill, session, action);
}

void add_tenant_budget(CLI::App& tenant, Session& session, Action& action) {
  auto* budget = tenant.add_subcommand("budget", "What a tenant means to pay for a month at most");
  budget->require_subcommand(1);
  auto shown = std::make_shared<BillingOptions>();
  auto* get = budget->add_subcommand("get", "The budget, and the alert that was given last");
  get->add_option("tenant", shown->tenant, "The tenant")->required();
  get->callback([shown, &session, &action] {
    action = [shown, &session] {
      return session.print_object(tenant_budget(shown->tenant), {{"tenant", "tenant"},
                                                                 {"currency", "budget.currency"},
                                                                 {"monthly", "budget.monthly_minor"},
                                                                 {"alerted month", "alerted.month"},
                                                                 {"alerted percent", "alerted.percent"}});
    };
  });
  auto options = std::make_shared<BillingOptions>();
  auto* set = budget->add_subcommand("set", "Replace the budget");
  set->add_option("tenant", options->tenant, "The tenant")->required();
  set->add_option("monthly", options->monthly_minor, "In the currency's smallest unit")->required();
  set->add_option("--currency", options->currency, "As ISO 4217 names it")->required();
  set->add_option("--minor-digits", options->minor_digits, "Digits of the smallest unit")->capture_default_str();
  set->add_option("--alert", options->alerts, "Percents of it that are told when they are reached")
      ->capture_default_str();
  add_books_options(*set, options->change);
  set->callback(
      [options, &session, &action] { action = [options, &session] { return set_budget(session, *options); }; });
  auto removed = std::make_shared<BillingOptions>();
  auto* remove = budget->add_subcommand("remove", "No budget any more");
  remove->add_option("tenant", removed->tenant, "The tenant")->required();
  add_books_options(*remove, removed->change);
  remove->callback([removed, &session, &action] {
    action = [removed, &session] {
      return print(session, send_change(session, removed->change, "DELETE", tenant_budget(removed->tenant), {}),
                   done_or_not(removed->change, "that there is no budget"));
    };
  });
}

}  // namespace esaas::api::cli
