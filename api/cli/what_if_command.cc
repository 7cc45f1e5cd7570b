// esaas whatif: a stored log under this program's reconcilers, other policies or another price list, read without a
// server.

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>

#include "api/cli/commands.h"
#include "api/cli/offline_log.h"
#include "core/base/proto_json.h"
#include "core/billing/money.h"
#include "core/billing/month.h"
#include "reconcilers/what_if.h"
#include "reconcilers/what_if_policies.h"
#include "store/billing/invoice.h"
#include "store/views/sentence.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;
using billing::Month;
using Invoices = std::vector<model::Invoice>;

struct WhatIfOptions {
  std::string data_dir, policies, price_list, from, until;
};

struct Range {
  std::uint64_t since = 1;
  std::uint64_t until = 0;
};

Result<json::value> read_json(const std::string& file) {
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  if (!stream) return fail(ErrorCode::kInvalidArgument, "cannot read " + file);
  auto value = parse_json(text.str());
  if (!value) return fail(ErrorCode::kInvalidArgument, file + ": " + value.error().detail);
  return value;
}

Result<void> walk(const store::EventLog& log, std::uint64_t until,
                  const std::function<void(const event::Event&)>& take) {
  ESAAS_TRY(const auto cursor, log.read(1, {.to_seq = until}));
  for (;;) {
    ESAAS_TRY(const event::Event* event, cursor->next());
    if (event == nullptr) return {};
    take(*event);
  }
}

// ---- The reconcilers of this program ----

json::object to_json(const reconcile::WhatIf::Finding& finding) {
  return {{"seq", finding.seq},
          {"cluster", finding.cluster},
          {"difference", finding.is_besides ? "would be decided besides" : "would not be decided"},
          {"decision", store::sentence(finding.decision)}};
}

Result<bool> ask_reconcilers(const store::EventLog& log, Range range, json::object* object) {
  const reconcile::Settings settings;
  json::array findings;
  reconcile::WhatIf what_if(settings, range.since, range.until, [&](const reconcile::WhatIf::Finding& finding) {
    if (object != nullptr) {
      findings.push_back(to_json(finding));
    } else {
      std::cout << "event " << finding.seq << ", cluster " << finding.cluster << ": "
                << (finding.is_besides ? "would be decided besides: " : "would not be decided: ")
                << store::sentence(finding.decision) << "\n";
    }
  });
  ESAAS_CHECK(walk(log, range.until, [&](const event::Event& event) { what_if.take(event); }));
  what_if.finish();
  if (object != nullptr) {
    json::object missing;
    for (const auto& [what, count] : what_if.not_judged()) missing[what] = count;
    (*object)["reconcilers"] = json::object{{"decisions", what_if.decisions()},
                                            {"same", what_if.same()},
                                            {"different", what_if.different()},
                                            {"not_judged", std::move(missing)},
                                            {"findings", std::move(findings)}};
    return what_if.different() == 0;
  }
  std::cout << what_if.decisions() << " decisions: " << what_if.same() << " the same, " << what_if.different()
            << " different\n";
  for (const auto& [what, count] : what_if.not_judged()) {
    std::cout << count << " not judged: they depend on " << what << ", as they were then, which is not in the log\n";
  }
  return what_if.different() == 0;
}

// ---- Other policies ----

/// {"policies": {...}} for every tenant, or {"tenants": {"shop": {...}}}, or both.
Result<std::map<std::string, model::Policies>> read_policies(const std::string& file) {
  ESAAS_TRY(const json::value value, read_json(file));
  std::map<std::string, model::Policies> policies;
  if (!value.is_object()) return fail(ErrorCode::kInvalidArgument, file + ": is no object");
  for (const auto& member : value.as_object()) {
    if (member.key() == "policies") {
      ESAAS_CHECK(from_json(member.value(), policies[""]));
    } else if (member.key() == "tenants" && member.value().is_object()) {
      for (const auto& tenant : member.value().as_object()) {
        ESAAS_CHECK(from_json(tenant.value(), policies[std::string(tenant.key())]));
      }
    } else {
      return fail(ErrorCode::kInvalidArgument, file + ": knows \"policies\" and \"tenants\" (an object by name)");
    }
  }
  return policies;
}

json::object to_json(const reconcile::WhatIfPolicies::Breach& breach) {
  json::object object{{"cluster", breach.cluster},
                      {"tenant", breach.tenant},
                      {"rule", breach.rule},
                      {"why", breach.why},
                      {"from_seq", breach.from_seq}};
  if (breach.to_seq != 0) object["to_seq"] = breach.to_seq;
  object["would_be"] = breach.is_corrected ? "corrected" : "held";
  object["was_held"] = breach.was_held;
  return object;
}

void print(const reconcile::WhatIfPolicies& what_if) {
  for (const auto& breach : what_if.breaches()) {
    std::cout << breach.cluster << ", from event " << breach.from_seq
              << (breach.to_seq == 0 ? " on" : " to " + std::to_string(breach.to_seq)) << ": " << breach.why << " ("
              << breach.rule << ", would be " << (breach.is_corrected ? "corrected" : "held")
              << (breach.was_held ? ", was held then too)\n" : ")\n");
  }
  for (const auto& [cluster, snapshots] : what_if.snapshots()) {
    std::cout << cluster << ": " << snapshots.due << " snapshots would be due, " << snapshots.taken
              << " were begun by the policies in force\n";
  }
  std::cout << what_if.breaches().size() << " breaches\n";
  if (what_if.not_judged() > 0) {
    std::cout << what_if.not_judged()
              << " moments not judged: how many replicas the indices had then is not in the log\n";
  }
}

Result<void> ask_policies(const store::EventLog& log, Range range, const std::string& file, json::object* object) {
  ESAAS_TRY(auto policies, read_policies(file));
  reconcile::WhatIfPolicies what_if(std::move(policies), range.since, range.until);
  ESAAS_CHECK(walk(log, range.until, [&](const event::Event& event) { what_if.take(event); }));
  what_if.finish();
  if (object == nullptr) {
    print(what_if);
    return {};
  }
  json::array breaches;
  for (const auto& breach : what_if.breaches()) breaches.push_back(to_json(breach));
  json::object snapshots;
  for (const auto& [cluster, one] : what_if.snapshots()) {
    snapshots[cluster] = json::object{{"due", one.due}, {"taken", one.taken}};
  }
  (*object)["policies"] = json::object{
      {"breaches", std::move(breaches)}, {"snapshots", std::move(snapshots)}, {"not_judged", what_if.not_judged()}};
  return {};
}

// ---- Another price list ----

/// The recorded ones, but for those of the same tenant that would have taken its place.
billing::PriceBook with_list(const billing::PriceBook& recorded, const model::PriceList& list) {
  std::vector<model::PriceList> lists;
  std::ranges::copy_if(recorded.lists(), std::back_inserter(lists), [&](const model::PriceList& one) {
    return one.tenant() != list.tenant() || one.effective_at_us() < list.effective_at_us();
  });
  lists.push_back(list);
  return billing::PriceBook(std::move(lists));
}

struct LineChange {
  std::int64_t recorded_minor = 0;
  std::int64_t changed_minor = 0;
};
/// By tenant, cluster and kind.
using Lines = std::map<std::tuple<std::string, std::string, std::string>, LineChange>;

void add(const Invoices& invoices, std::int64_t LineChange::* amount, Lines& lines) {
  for (const model::Invoice& invoice : invoices) {
    for (const model::InvoiceLine& line : invoice.lines()) {
      lines[{invoice.tenant(), line.cluster(), line.kind()}].*amount += line.amount_minor();
    }
  }
}

void tell(const std::string& month, const Lines& lines, json::array* items) {
  for (const auto& [key, change] : lines) {
    const auto& [tenant, cluster, kind] = key;
    if (change.recorded_minor == change.changed_minor) continue;
    if (items != nullptr) {
      items->push_back(json::object{{"month", month},
                                    {"tenant", tenant},
                                    {"cluster", cluster},
                                    {"kind", kind},
                                    {"recorded_minor", change.recorded_minor},
                                    {"changed_minor", change.changed_minor},
                                    {"difference_minor", change.changed_minor - change.recorded_minor}});
    } else {
      std::cout << month << "  " << tenant << "  " << cluster << "  " << kind << ": " << change.recorded_minor << " -> "
                << change.changed_minor << " (" << (change.changed_minor >= change.recorded_minor ? "+" : "")
                << change.changed_minor - change.recorded_minor << ", in the currency's smallest unit)\n";
    }
  }
}

Result<void> ask_prices(const store::EventLog& log, Range range, const std::string& file, json::object* object) {
  ESAAS_TRY(const json::value value, read_json(file));
  model::PriceList list;
  ESAAS_CHECK(from_json(value, list));
  if (list.id().empty()) list.set_id("changed");
  ESAAS_TRY(const billing::PriceBook recorded, store::price_book_at(log, range.until));
  const billing::PriceBook changed = with_list(recorded, list);
  ESAAS_TRY(const event::Event first, log.read_one(range.since));
  ESAAS_TRY(const event::Event last, log.read_one(range.until));
  const Time end = from_us(last.time_at_us()) + Duration{1};
  const Time begin = from_us(first.time_at_us());
  json::array items;
  std::size_t differing = 0;
  for (Month month = Month::of(begin); month.begin() < end; month = month.next()) {
    const store::BillQuery query{
        .from = std::max(month.begin(), begin), .to = std::min(month.end(), end), .now = std::min(month.end(), end)};
    if (query.from >= query.to) continue;
    ESAAS_TRY(const Invoices before, store::bills(log, recorded, query));
    ESAAS_TRY(const Invoices after, store::bills(log, changed, query));
    Lines lines;
    add(before, &LineChange::recorded_minor, lines);
    add(after, &LineChange::changed_minor, lines);
    differing += static_cast<std::size_t>(std::ranges::count_if(
        lines, [](const auto& line) { return line.second.recorded_minor != line.second.changed_minor; }));
    tell(month.text(), lines, object != nullptr ? &items : nullptr);
  }
  if (object != nullptr) {
    (*object)["prices"] = json::object{{"lines", std::move(items)}};
  } else {
    std::cout << differing << " lines differ\n";
  }
  return {};
}

Result<bool> what_if(const WhatIfOptions& options, bool as_json) {
  ESAAS_TRY(const OfflineLog offline, open_offline(options.data_dir));
  const store::EventLog& log = *offline.log;
  if (log.last_seq() == 0) return fail(ErrorCode::kNotFound, "the log has no event");
  Range range;
  ESAAS_TRY(range.since, seq_of_moment(log, options.from, "from", 1));
  ESAAS_TRY(range.until, seq_of_moment(log, options.until, "until", log.last_seq()));
  if (range.since > range.until) {
    return fail(ErrorCode::kInvalidArgument, "from: is after until", "from", "from_before_until");
  }
  json::object object{{"from_seq", range.since}, {"until_seq", range.until}};
  json::object* out = as_json ? &object : nullptr;
  bool is_same = true;
  if (options.policies.empty() && options.price_list.empty()) {
    ESAAS_TRY(is_same, ask_reconcilers(log, range, out));
  }
  if (!options.policies.empty()) ESAAS_CHECK(ask_policies(log, range, options.policies, out));
  if (!options.price_list.empty()) ESAAS_CHECK(ask_prices(log, range, options.price_list, out));
  if (as_json) std::cout << json::serialize(object) << "\n";
  return is_same;
}

}  // namespace

void add_what_if_command(CLI::App& app, const Session& session, Action& action) {
  auto* command = app.add_subcommand(
      "whatif", "What this program would have decided in a stored log; or other policies, or another price list");
  auto options = std::make_shared<WhatIfOptions>();
  command->add_option("--data-dir", options->data_dir, "data_dir of the configuration, or a copy of it")->required();
  command->add_option("--policies", options->policies,
                      R"(A JSON file: {"policies": {...}} for all, {"tenants": {"shop": {...}}} for some)");
  command->add_option("--price-list", options->price_list, "A JSON file, as POST /v1/price-lists takes it");
  command->add_option("--from", options->from, "The seq of an event, or an RFC 3339 time");
  command->add_option("--until", options->until, "The same");
  command->callback([options, &session, &action] {
    action = [options, &session] {
      const auto same = what_if(*options, session.json);
      if (!same) return print_error(same.error());
      return static_cast<int>(*same ? kSuccess : kOperationFailed);
    };
  });
}

}  // namespace esaas::api::cli
