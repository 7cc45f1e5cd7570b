#include "core/commands/books.h"

#include <algorithm>

#include "core/billing/budget.h"
#include "core/billing/money.h"
#include "core/billing/month.h"
#include "core/billing/price_book.h"
#include "core/commands/attribution.h"
#include "core/commands/checks.h"
#include "core/commands/validate.h"

namespace esaas::command {
namespace {

using Events = std::vector<event::Event>;
using billing::Month;

constexpr int kAlertsMax = 10;
constexpr std::uint32_t kAlertPercentMax = 1'000;
constexpr int kDiskTypesMax = 20;

void attribute_to(const Context& context, const std::string& tenant, event::Event& event) {
  event.set_tenant(tenant);
  attribute(event, context);
}

Result<void> check_reason(const std::string& reason) {
  if (reason.size() <= kReasonLengthMax) return {};
  return refuse("reason", "has more than " + std::to_string(kReasonLengthMax) + " characters", "length");
}

Result<void> check_administrator(const Context& context, const std::string& what) {
  if (context.caller.tenant.empty()) return {};
  return fail(ErrorCode::kPermissionDenied, "only an administrator of all tenants " + what);
}

Result<const state::Tenant*> find_tenant(const state::FleetState& state, const std::string& name) {
  const state::Tenant* tenant = state.find_tenant(name);
  if (tenant != nullptr) return tenant;
  return fail(ErrorCode::kNotFound, "there is no tenant " + name);
}

Result<void> check_currency(const std::string& currency, std::uint32_t minor_digits) {
  if (currency.size() != 3 || !std::ranges::all_of(currency, is_upper)) {
    return refuse("currency", "name one as ISO 4217 does, like CNY", "currency");
  }
  return in_range(minor_digits, 0, billing::kMinorDigitsMax, "minor_digits");
}

Result<void> check_prices(const model::Prices& prices) {
  ESAAS_CHECK(in_range(prices.cpu_hour_nanos(), 0, kPriceNanosMax, "prices.cpu_hour_nanos"));
  ESAAS_CHECK(in_range(prices.memory_gib_hour_nanos(), 0, kPriceNanosMax, "prices.memory_gib_hour_nanos"));
  ESAAS_CHECK(in_range(prices.storage_gib_hour_nanos(), 0, kPriceNanosMax, "prices.storage_gib_hour_nanos"));
  ESAAS_CHECK(in_range(prices.ssd_gib_hour_nanos(), 0, kPriceNanosMax, "prices.ssd_gib_hour_nanos"));
  return in_range(prices.cluster_hour_nanos(), 0, kPriceNanosMax, "prices.cluster_hour_nanos");
}

Result<void> check_list(const model::PriceList& list) {
  ESAAS_CHECK(check_currency(list.currency(), list.minor_digits()));
  ESAAS_CHECK(check_prices(list.prices()));
  if (list.high_availability_size() > 20) return refuse("high_availability", "has more than 20 rows", "length");
  for (const auto& one : list.high_availability()) {
    ESAAS_CHECK(in_range(one.factor_permille(), 1, kFactorPermilleMax, "high_availability.factor_permille"));
  }
  if (list.ssd_disk_types_size() > kDiskTypesMax) return refuse("ssd_disk_types", "are more than 20", "length");
  for (const std::string& type : list.ssd_disk_types()) ESAAS_CHECK(validate_word(type, "ssd_disk_types", "-_."));
  ESAAS_CHECK(in_range(list.revocable_permille(), 0, 1'000, "revocable_permille"));
  if (list.note().size() > kReasonLengthMax) return refuse("note", "has more than 1000 characters", "length");
  return {};
}

/// No tenant that the list is for has two currencies in one month, and none that is created later will.
Result<void> check_months(const state::FleetState& state, const model::PriceList& list) {
  std::vector<model::PriceList> lists(state.head.price_lists().begin(), state.head.price_lists().end());
  lists.push_back(list);
  const billing::PriceBook book(std::move(lists));
  std::vector<std::string> tenants{list.tenant()};  // of none: those without lists of their own
  for (const state::Tenant& tenant : state.head.tenants()) {
    if (list.tenant().empty()) tenants.push_back(tenant.name());
  }
  for (const std::string& tenant : tenants) {
    constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::max();
    const model::PriceList* before = nullptr;
    for (const std::int64_t moment : book.changes(tenant, 0, kEver)) {
      const model::PriceList* now = book.in_force(tenant, moment);
      const bool is_other = before != nullptr && now != nullptr &&
                            (before->currency() != now->currency() || before->minor_digits() != now->minor_digits());
      if (is_other && Month::of(from_us(moment)).begin() != from_us(moment)) {
        return refuse("currency",
                      (tenant.empty() ? "a tenant" : "tenant " + tenant) + " would have prices in " +
                          before->currency() + " and " + now->currency() + " within " +
                          Month::of(from_us(moment)).text() + ": let it begin with a month",
                      "one_currency_a_month");
      }
      before = now;
    }
  }
  return {};
}

}  // namespace

Result<Events> decide(const state::FleetState& state, const PublishPriceList& command, const Context& context) {
  ESAAS_CHECK(check_administrator(context, "publishes prices"));
  ESAAS_CHECK(check_reason(command.reason));
  model::PriceList list = command.list;
  ESAAS_CHECK(check_list(list));
  if (!list.tenant().empty() && state.find_tenant(list.tenant()) == nullptr) {
    return refuse("tenant", "there is no tenant " + list.tenant(), "known_tenant");
  }
  if (list.effective_at_us() == 0) list.set_effective_at_us(to_us(context.now));
  if (list.effective_at_us() < to_us(context.now)) {
    return refuse("effective_at",
                  to_rfc3339(from_us(list.effective_at_us())) + " is past: what was used then has its price already",
                  "not_in_the_past");
  }
  if (state.head.price_lists_size() >= kPriceListsMax) {
    return fail(ErrorCode::kResourceExhausted, "there are " + std::to_string(kPriceListsMax) + " price lists", "",
                "price_lists_max");
  }
  list.set_id(billing::price_list_id(context.next_seq));
  std::ranges::sort(*list.mutable_ssd_disk_types());
  ESAAS_CHECK(check_months(state, list));
  event::Event event;
  auto& payload = *event.mutable_price_list_published();
  payload.set_method(command.method);
  payload.set_url(command.url);
  payload.set_reason(command.reason);
  attribute_to(context, list.tenant(), event);
  *payload.mutable_price_list() = std::move(list);
  return Events{std::move(event)};
}

Result<Events> decide(const state::FleetState& state, const CloseInvoice& command, const Context& context) {
  ESAAS_CHECK(check_administrator(context, "closes months"));
  const model::Invoice& invoice = command.invoice;
  ESAAS_TRY(const state::Tenant* tenant, find_tenant(state, invoice.tenant()));
  ESAAS_TRY(const Month month, Month::parse(invoice.month()));
  const bool is_closed = !tenant->closed_month().empty() && invoice.month() <= tenant->closed_month();
  if (invoice.corrects().empty()) {
    if (is_closed) {
      return fail(
          ErrorCode::kConflict,
          "month: " + invoice.month() + " is closed for tenant " + invoice.tenant() + " and never changes: correct it",
          "month", "closed_once");
    }
    if (!tenant->closed_month().empty()) {
      ESAAS_TRY(const Month closed, Month::parse(tenant->closed_month()));
      if (closed.next() != month) {
        return fail(ErrorCode::kConflict, "month: " + closed.next().text() + " has to be closed first", "month",
                    "closed_in_order");
      }
    }
    if (from_us(state.head.time_at_us()) < month.end()) {
      return fail(ErrorCode::kConflict,
                  "month: " + invoice.month() + " is not over in the log, whose newest event is of " +
                      to_rfc3339(from_us(state.head.time_at_us())),
                  "month", "over");
    }
  } else {
    if (!is_closed)
      return fail(ErrorCode::kConflict, "month: " + invoice.month() + " is not closed", "month", "closed");
    if (invoice.reason().empty()) return refuse("reason", "say why it is corrected", "required");
    ESAAS_CHECK(check_reason(invoice.reason()));
    if (invoice.lines().empty()) {
      return fail(ErrorCode::kConflict, "there is nothing to correct: the invoice is what the log says", "",
                  "changes_something");
    }
  }
  event::Event event;
  auto& payload = *event.mutable_invoice_closed();
  *payload.mutable_invoice() = invoice;
  payload.mutable_invoice()->set_id("inv-" + std::to_string(context.next_seq));
  payload.set_method(command.method);
  payload.set_url(command.url);
  attribute_to(context, invoice.tenant(), event);
  return Events{std::move(event)};
}

Result<Events> decide(const state::FleetState& state, const SetBudget& command, const Context& context) {
  ESAAS_CHECK(check_administrator(context, "sets budgets"));
  ESAAS_TRY(const state::Tenant* tenant, find_tenant(state, command.tenant));
  ESAAS_CHECK(check_reason(command.reason));
  if (command.budget) {
    const model::Budget& budget = *command.budget;
    ESAAS_CHECK(check_currency(budget.currency(), budget.minor_digits()));
    if (budget.monthly_minor() <= 0) return refuse("monthly_minor", "is not above zero", "range");
    const auto& alerts = budget.alert_percents();
    if (alerts.empty() || alerts.size() > kAlertsMax) {
      return refuse("alert_percents", "name 1 to 10 of them", "length");
    }
    for (int i = 0; i < alerts.size(); ++i) {
      ESAAS_CHECK(in_range(alerts[i], 1, kAlertPercentMax, "alert_percents"));
      if (i > 0 && alerts[i] <= alerts[i - 1]) return refuse("alert_percents", "do not ascend", "ascending");
    }
  } else if (!tenant->has_budget()) {
    return fail(ErrorCode::kConflict, "tenant " + command.tenant + " has no budget", "", "changes_something");
  }
  event::Event event;
  auto& payload = *event.mutable_budget_set();
  payload.set_tenant(command.tenant);
  if (tenant->has_budget()) *payload.mutable_before() = tenant->budget();
  if (command.budget) *payload.mutable_after() = *command.budget;
  payload.set_method(command.method);
  payload.set_url(command.url);
  payload.set_reason(command.reason);
  attribute_to(context, command.tenant, event);
  return Events{std::move(event)};
}

Result<Events> decide(const state::FleetState& state, const BeginBackup& command, const Context& context) {
  if (state.head.has_backup()) {
    return fail(ErrorCode::kConflict, "backup " + state.head.backup().name() + " is being taken", "",
                "one_backup_at_a_time");
  }
  event::Event event;
  auto& payload = *event.mutable_backup_intended();
  payload.set_name(command.name);
  payload.set_with_secrets(command.with_secrets);
  if (context.caller.token_id.empty()) {
    event.mutable_actor()->set_kind(event::ACTOR_KIND_CONTROLLER);
  } else {
    ESAAS_CHECK(check_administrator(context, "takes backups"));
    attribute_with_request(event, context);
  }
  return Events{std::move(event)};
}

Result<Events> decide(const state::FleetState& state, const NoteBackup& command, const Context&) {
  if (!state.head.has_backup() || state.head.backup().name() != command.name) {
    return fail(ErrorCode::kConflict, "backup " + command.name + " was not begun", "", "begun");
  }
  event::Event event;
  event.mutable_actor()->set_kind(event::ACTOR_KIND_CONTROLLER);
  event.set_cause_seq(state.head.backup().seq());
  if (command.failure.empty()) {
    auto& payload = *event.mutable_backup_taken();
    payload.set_name(command.name);
    payload.set_through_seq(command.through_seq);
    payload.set_bytes(command.bytes);
    payload.set_took_us(command.took_us);
  } else {
    auto& payload = *event.mutable_backup_failed();
    payload.set_name(command.name);
    payload.set_why(command.failure);
  }
  return Events{std::move(event)};
}

Result<Events> decide(const state::FleetState& state, const AlertBudget& command, const Context&) {
  ESAAS_TRY(const state::Tenant* tenant, find_tenant(state, command.tenant));
  const billing::BudgetLevel level = billing::level_of(tenant->budget(), command.spent_minor);
  const std::uint32_t told = tenant->alerted_month() == command.month ? tenant->alerted_percent() : 0;
  const bool is_news =
      command.projected ? level.is_over && tenant->projected_month() != command.month : level.percent > told;
  if (!tenant->has_budget() || !is_news) {
    return fail(ErrorCode::kConflict, "tenant " + command.tenant + " was told so much of " + command.month + " already",
                "", "told_once");
  }
  event::Event event;
  auto& payload = *event.mutable_budget_alerted();
  payload.set_tenant(command.tenant);
  payload.set_month(command.month);
  payload.set_percent(command.projected ? std::max(level.percent, 100U) : level.percent);
  payload.set_spent_minor(command.spent_minor);
  *payload.mutable_budget() = tenant->budget();
  payload.set_projected(command.projected);
  event.set_tenant(command.tenant);
  event.mutable_actor()->set_kind(event::ACTOR_KIND_CONTROLLER);
  return Events{std::move(event)};
}

}  // namespace esaas::command
