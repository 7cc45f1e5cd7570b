#include "store/views/audit_view.h"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

#include "core/base/proto_json.h"
#include "store/log/index_entries.h"
#include "store/views/index_walk.h"
#include "store/views/operation_view.h"
#include "store/views/operation_walk.h"
#include "store/views/time_search.h"

namespace esaas::store {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool contains(std::string_view text, std::string_view wanted) {
  const auto same = [](char a, char b) { return lower(a) == lower(b); };
  return !std::ranges::search(text, wanted, same).empty();
}

bool matches_text(const AuditEntry& entry, std::string_view wanted) {
  if (wanted.empty()) return true;
  for (const std::string* text : {&entry.user, &entry.address, &entry.action, &entry.tenant, &entry.cluster,
                                  &entry.operation_id, &entry.url, &entry.reason, &entry.detail}) {
    if (contains(*text, wanted)) return true;
  }
  return contains(boost::json::serialize(entry.request), wanted);
}

bool same_or_empty(std::string_view wanted, std::string_view value) { return wanted.empty() || wanted == value; }

/// What the event alone can answer, before its outcome is looked up.
bool matches_event(const AuditQuery& query, const event::Event& event) {
  return is_user_action(event) && same_or_empty(query.user, event.actor().name()) &&
         same_or_empty(query.cluster, event.cluster()) && same_or_empty(query.tenant, event.tenant()) &&
         same_or_empty(query.action, action_of(event));
}

/// A payload that says how it was asked for.
template <typename Payload>
void fill_asked(const Payload& payload, AuditEntry& entry) {
  entry.method = payload.method();
  entry.url = payload.url();
  entry.reason = payload.reason();
  entry.request = to_json(payload);
}

void fill_request(const event::Event& event, AuditEntry& entry) {
  switch (event.payload_case()) {
    case event::Event::kOperationRequested: {
      const auto& requested = event.operation_requested();
      entry.method = requested.method();
      entry.url = requested.url();
      entry.reason = requested.reason();
      entry.request = to_json(requested.request());
      break;
    }
    case event::Event::kTenantCreated: entry.request = to_json(event.tenant_created()); break;
    case event::Event::kTenantQuotaIntended: fill_asked(event.tenant_quota_intended(), entry); break;
    case event::Event::kTenantPoliciesSet: fill_asked(event.tenant_policies_set(), entry); break;
    case event::Event::kRuleOverridden:
      entry.reason = event.rule_overridden().why();
      entry.request = to_json(event.rule_overridden());
      break;
    case event::Event::kTokenIssued: {
      auto issued = event.token_issued();
      issued.clear_hash();
      entry.request = to_json(issued);
      break;
    }
    case event::Event::kTokenRevoked: entry.request = to_json(event.token_revoked()); break;
    case event::Event::kTokenUsed: entry.request = to_json(event.token_used()); break;
    case event::Event::kSinkConfigured: fill_asked(event.sink_configured(), entry); break;
    case event::Event::kSinkRemoved: fill_asked(event.sink_removed(), entry); break;
    case event::Event::kPriceListPublished: fill_asked(event.price_list_published(), entry); break;
    case event::Event::kBudgetSet: fill_asked(event.budget_set(), entry); break;
    case event::Event::kInvoiceClosed: {
      entry.method = event.invoice_closed().method();
      entry.url = event.invoice_closed().url();
      entry.reason = event.invoice_closed().invoice().reason();
      entry.request = to_json(event.invoice_closed().invoice());
      break;
    }
    case event::Event::kOperationFinished: entry.detail = event.operation_finished().detail(); break;
    default: break;
  }
}

}  // namespace

std::string_view action_of(const event::Event& event) {
  switch (event.payload_case()) {
    case event::Event::kTenantCreated: return "create_tenant";
    case event::Event::kTenantQuotaIntended: return "set_quota";
    case event::Event::kTenantPoliciesSet: return "set_policies";
    case event::Event::kRuleOverridden: return "override";
    case event::Event::kTokenIssued: return "issue_token";
    case event::Event::kTokenRevoked: return "revoke_token";
    case event::Event::kTokenUsed: return "use_token";
    case event::Event::kSinkConfigured: return "configure_sink";
    case event::Event::kSinkRemoved: return "remove_sink";
    case event::Event::kPriceListPublished: return "publish_price_list";
    case event::Event::kInvoiceClosed: return "close_invoice";
    case event::Event::kBudgetSet: return "set_budget";
    case event::Event::kOperationPaused: return "pause";
    case event::Event::kOperationContinued: return "continue";
    case event::Event::kOperationFinished: return "cancel";
    case event::Event::kOperationRequested: {
      const auto& request = event.operation_requested().request();
      const auto number = static_cast<int>(request.kind_case());
      const auto* field = model::Request::descriptor()->FindFieldByNumber(number);
      return field == nullptr ? std::string_view("unknown") : std::string_view(field->name());
    }
    default: return {};
  }
}

Result<IndexQuery> AuditView::plan(const AuditQuery& query) const {
  IndexQuery index{.kind = IndexKind::kAudit, .newest_first = query.newest_first};
  if (!query.cluster.empty()) {
    index.kind = IndexKind::kClusterAudit;
    index.value = query.cluster;
  }
  if (query.from) {
    ESAAS_TRY(index.from_seq, first_seq_at(log_, *query.from));
  }
  if (query.to) {
    ESAAS_TRY(const std::uint64_t end, first_seq_at(log_, *query.to));
    index.to_seq = end - 1;
  }
  if (query.cursor != 0 && query.newest_first) index.to_seq = std::min(index.to_seq, query.cursor - 1);
  if (query.cursor != 0 && !query.newest_first) index.from_seq = std::max(index.from_seq, query.cursor + 1);
  return index;
}

Result<void> AuditView::join_outcome(AuditEntry& entry) const {
  ESAAS_TRY(const auto end,
            log_.read_index({.kind = IndexKind::kOperationEnd, .value = entry.operation_id, .limit = 1}));
  if (!end.empty()) {
    ESAAS_TRY(const event::Event event, log_.read_one(end.front()));
    entry.outcome = name_of(event.operation_finished().status());
    entry.detail = event.operation_finished().detail();
    entry.finished_at_us = event.time_at_us();
    return {};
  }
  entry.outcome = "queued";
  OperationWalk walk(log_, entry.operation_id);
  for (;;) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) break;
    if (!event->has_operation_started()) continue;
    entry.outcome = "running";
    break;
  }
  return {};
}

Result<AuditEntry> AuditView::entry(const event::Event& event) const {
  AuditEntry entry;
  entry.seq = event.seq();
  entry.at_us = event.time_at_us();
  entry.user = event.actor().name();
  entry.address = event.actor().address();
  entry.action = action_of(event);
  entry.tenant = event.tenant();
  entry.cluster = event.cluster();
  entry.operation_id = event.operation_id();
  entry.outcome = "done";
  entry.finished_at_us = event.time_at_us();
  fill_request(event, entry);
  if (event.operation_requested().has_fulfilment()) {
    entry.outcome = name_of(model::OPERATION_STATUS_SUCCEEDED);
  } else if (event.has_operation_requested()) {
    entry.finished_at_us = 0;
    ESAAS_CHECK(join_outcome(entry));
  }
  return entry;
}

Result<AuditPage> AuditView::list(const AuditQuery& query) const {
  AuditPage page;
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kViewPageMax);
  ESAAS_TRY(const IndexQuery index, plan(query));
  if (index.from_seq > index.to_seq) return page;
  IndexWalk walk(log_, index);
  std::uint64_t last_looked_at = 0;
  for (std::size_t scanned = 0;; ++scanned) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) return page;
    if (scanned == kViewScanMax || page.entries.size() == limit) {
      page.next_cursor = last_looked_at;
      return page;
    }
    last_looked_at = event->seq();
    if (!matches_event(query, *event)) continue;
    ESAAS_TRY(AuditEntry found, entry(*event));
    if (!same_or_empty(query.outcome, found.outcome) || !matches_text(found, query.text)) continue;
    page.entries.push_back(std::move(found));
  }
}

}  // namespace esaas::store
