#include "store/billing/invoice.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "store/billing/bill.h"
#include "store/views/index_walk.h"
#include "store/views/time_search.h"
#include "store/views/usage_view.h"

namespace esaas::store {
namespace {

using Clusters = std::map<std::pair<std::string, std::string>, ClusterBill>;  // by tenant and name

Result<Clusters> collect(const EventLog& log, const billing::PriceBook& prices, const BillQuery& query) {
  ESAAS_TRY(UsageCursor cursor,
            UsageView(log).intervals({.from = query.from, .to = query.to, .now = query.now, .tenant = query.tenant}));
  Clusters clusters;
  auto cluster = clusters.end();  // of the interval before: what ends together is of one
  for (;;) {
    ESAAS_TRY(const UsageInterval* interval, cursor.next());
    if (interval == nullptr) return clusters;
    if (cluster == clusters.end() || cluster->first.second != interval->cluster ||
        cluster->first.first != interval->tenant) {
      cluster = clusters
                    .try_emplace({interval->tenant, interval->cluster}, prices, interval->tenant, to_us(query.from),
                                 to_us(query.to))
                    .first;
    }
    cluster->second.add(*interval);
  }
}

/// Sets the currency by the lists that are in force anywhere in the stretch.
Result<void> set_currency(const billing::PriceBook& prices, const BillQuery& query, model::Invoice& invoice) {
  std::vector<std::int64_t> moments = prices.changes(invoice.tenant(), to_us(query.from), to_us(query.to));
  moments.insert(moments.begin(), to_us(query.from));
  for (const std::int64_t moment : moments) {
    const model::PriceList* list = prices.in_force(invoice.tenant(), moment);
    if (list == nullptr) continue;
    if (!invoice.currency().empty() && list->currency() != invoice.currency()) {
      return fail(ErrorCode::kConflict, "tenant " + invoice.tenant() + " has prices in " + invoice.currency() +
                                            " and, by " + list->id() + ", in " + list->currency() +
                                            " at the same time");
    }
    invoice.set_currency(list->currency());
    invoice.set_minor_digits(list->minor_digits());
  }
  return {};
}

/// What tells one line from another.
auto key_of(const model::InvoiceLine& line) {
  return std::tuple(line.cluster(), line.kind(), line.price_list(), line.factor_permille());
}

/// What an invoice and its corrections come to together.
void add_lines(const model::Invoice& invoice, model::Invoice& sum) {
  for (const model::InvoiceLine& line : invoice.lines()) {
    auto& lines = *sum.mutable_lines();
    const auto known =
        std::ranges::find_if(lines, [&](const model::InvoiceLine& one) { return key_of(one) == key_of(line); });
    if (known == lines.end()) {
      *lines.Add() = line;
      continue;
    }
    // The newest says how much was used; amounts of corrections are differences.
    const std::int64_t amount = known->amount_minor() + line.amount_minor();
    *known = line;
    known->set_amount_minor(amount);
  }
}

/// The newest that there is: the invoice can be held against it wherever it is kept.
Result<void> name_digest(const EventLog& log, model::Invoice& invoice) {
  IndexWalk walk(log, {.kind = IndexKind::kBook, .value = "digest", .newest_first = true});
  ESAAS_TRY(const event::Event* event, walk.next());
  if (event == nullptr) return {};
  invoice.set_digest_seq(event->seq());
  invoice.set_digest_root(event->digest_signed().root());
  return {};
}

}  // namespace

Result<std::vector<model::Invoice>> bills(const EventLog& log, const billing::PriceBook& prices,
                                          const BillQuery& query) {
  ESAAS_TRY(const Clusters clusters, collect(log, prices, query));
  std::vector<model::Invoice> invoices;
  for (const auto& [key, cluster] : clusters) {
    const auto& [tenant, name] = key;
    if (invoices.empty() || invoices.back().tenant() != tenant) {
      invoices.emplace_back().set_tenant(tenant);
      ESAAS_CHECK(set_currency(prices, query, invoices.back()));
    }
    model::Invoice& invoice = invoices.back();
    ESAAS_TRY(std::vector<model::InvoiceLine> lines, cluster.lines());
    for (model::InvoiceLine& line : lines) {
      line.set_cluster(name);
      std::int64_t total = 0;
      if (__builtin_add_overflow(invoice.total_minor(), line.amount_minor(), &total)) {
        return fail(ErrorCode::kResourceExhausted, "what tenant " + tenant + " owes is more than can be billed");
      }
      invoice.set_total_minor(total);
      invoice.set_first_seq(invoice.first_seq() == 0 ? line.first_seq()
                                                     : std::min(invoice.first_seq(), line.first_seq()));
      *invoice.add_lines() = std::move(line);
    }
  }
  return invoices;
}

Result<model::Invoice> month_bill(const EventLog& log, const billing::PriceBook& prices, const std::string& tenant,
                                  billing::Month month, Time now) {
  const Time end = std::min(month.end(), std::max(now, month.begin() + Duration{1}));
  const BillQuery query{.tenant = tenant, .from = month.begin(), .to = end, .now = end};
  ESAAS_TRY(std::vector<model::Invoice> all, bills(log, prices, query));
  model::Invoice invoice;
  if (!all.empty()) invoice = std::move(all.front());
  invoice.set_tenant(tenant);
  invoice.set_month(month.text());
  if (all.empty()) ESAAS_CHECK(set_currency(prices, query, invoice));
  return invoice;
}

Result<billing::PriceBook> price_book_at(const EventLog& log, std::uint64_t seq) {
  if (const std::uint64_t missing = log.events_to_index(); missing > 0) {
    return fail(ErrorCode::kUnavailable, "the price lists are being looked for: " + std::to_string(missing) +
                                             " events of an older program are not indexed yet");
  }
  std::vector<model::PriceList> lists;
  IndexWalk walk(log, {.kind = IndexKind::kBook, .value = "price_list", .to_seq = seq});
  for (;;) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) return billing::PriceBook(std::move(lists));
    lists.push_back(event->price_list_published().price_list());
  }
}

std::vector<model::InvoiceLine> differences(const model::Invoice& billed, const model::Invoice& derived) {
  using Key = decltype(key_of(model::InvoiceLine()));
  struct Pair {
    const model::InvoiceLine* billed = nullptr;
    const model::InvoiceLine* derived = nullptr;
  };
  std::map<Key, Pair> pairs;
  for (const model::InvoiceLine& line : billed.lines()) pairs[key_of(line)].billed = &line;
  for (const model::InvoiceLine& line : derived.lines()) pairs[key_of(line)].derived = &line;
  std::vector<model::InvoiceLine> lines;
  for (const auto& [key, pair] : pairs) {
    const bool is_same = pair.billed != nullptr && pair.derived != nullptr &&
                         pair.billed->quantity() == pair.derived->quantity() &&
                         pair.billed->amount_minor() == pair.derived->amount_minor();
    if (is_same) continue;
    model::InvoiceLine& line = lines.emplace_back(pair.derived != nullptr ? *pair.derived : *pair.billed);
    if (pair.derived == nullptr) {
      line.set_quantity("0");
      line.set_amount_minor(0);
    }
    if (pair.billed != nullptr) line.set_amount_minor(line.amount_minor() - pair.billed->amount_minor());
  }
  return lines;
}

Result<std::vector<model::Invoice>> closed_invoices(const EventLog& log, const std::string& tenant,
                                                    const std::string& month) {
  std::vector<model::Invoice> invoices;
  IndexWalk walk(log, {.kind = IndexKind::kBook, .value = "invoice"});
  for (;;) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) return invoices;
    const model::Invoice& invoice = event->invoice_closed().invoice();
    const bool is_wanted =
        (tenant.empty() || invoice.tenant() == tenant) && (month.empty() || invoice.month() == month);
    if (is_wanted) invoices.push_back(invoice);
  }
}

Result<model::Invoice> closing_invoice(const EventLog& log, const std::string& tenant, billing::Month month) {
  ESAAS_TRY(const std::uint64_t end, first_seq_at(log, month.end()));
  if (end > log.last_seq()) {
    return fail(ErrorCode::kConflict,
                "month: " + month.text() + " is not over in the log: its newest event is of " +
                    to_rfc3339(from_us(log.last_time_at_us())),
                "month", "over");
  }
  ESAAS_TRY(const billing::PriceBook prices, price_book_at(log, end - 1));
  ESAAS_TRY(model::Invoice invoice, month_bill(log, prices, tenant, month, month.end()));
  invoice.set_last_seq(end - 1);
  ESAAS_CHECK(name_digest(log, invoice));
  return invoice;
}

Result<model::Invoice> billed_up_to(const EventLog& log, const model::Invoice& invoice) {
  ESAAS_TRY(const auto all, closed_invoices(log, invoice.tenant(), invoice.month()));
  model::Invoice sum;
  for (const model::Invoice& one : all) {
    add_lines(one, sum);
    if (one.id() == invoice.id()) break;
  }
  return sum;
}

Result<model::Invoice> correction(const EventLog& log, const model::Invoice& billed) {
  ESAAS_TRY(const billing::Month month, billing::Month::parse(billed.month()));
  ESAAS_TRY(const auto all, closed_invoices(log, billed.tenant(), billed.month()));
  model::Invoice before;
  if (!all.empty()) {
    ESAAS_TRY(before, billed_up_to(log, all.back()));
  }
  ESAAS_TRY(model::Invoice invoice, closing_invoice(log, billed.tenant(), month));
  const auto lines = differences(before, invoice);
  invoice.clear_lines();
  invoice.clear_total_minor();
  for (const model::InvoiceLine& line : lines) {
    *invoice.add_lines() = line;
    invoice.set_total_minor(invoice.total_minor() + line.amount_minor());
  }
  invoice.set_corrects(billed.id());
  return invoice;
}

}  // namespace esaas::store
