#include "store/views/audit_view.h"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

#include "core/base/proto_json.h"
#include "store/log/audit_words.h"
#include "store/log/user_actions.h"
#include "store/log/words.h"
#include "store/views/index_walk.h"
#include "store/views/operation_view.h"
#include "store/views/time_search.h"

namespace esaas::store {
namespace {

bool is_open(std::string_view outcome) { return outcome == "queued" || outcome == "running"; }

/// A payload that says how it was asked for.
template <typename Payload>
void fill_asked(const Payload& payload, AuditEntry& entry) {
  entry.method = payload.method();
  entry.url = payload.url();
  entry.reason = payload.reason();
  entry.request = to_json(payload);
}

void fill_request(const event::Event& event, AuditEntry& entry) {
  entry.method = event.actor().method();
  entry.url = event.actor().url();
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
    case event::Event::kBackupIntended: entry.request = to_json(event.backup_intended()); break;
    case event::Event::kBackupTaken: entry.request = to_json(event.backup_taken()); break;
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

Result<AuditView::Range> AuditView::range_of(const AuditQuery& query) const {
  Range range{1, log_.last_seq(), log_.events_to_index() == 0};
  if (query.from) {
    ESAAS_TRY(range.first, first_seq_at(log_, *query.from));
  }
  if (query.to) {
    ESAAS_TRY(const std::uint64_t end, first_seq_at(log_, *query.to));
    range.last = std::min(range.last, end - 1);
  }
  return range;
}

CommonSeqs AuditView::candidates(const AuditQuery& query, Range range) const {
  const Direction direction = query.newest_first ? Direction::kNewestFirst : Direction::kOldestFirst;
  std::vector<std::unique_ptr<SeqStream>> filters;
  const auto posting = [&](IndexKind kind, std::string value) {
    return posting_stream(log_, kind, std::move(value), direction);
  };
  const auto either = [&](IndexKind left, IndexKind right, const std::string& value) {
    std::vector<std::unique_ptr<SeqStream>> both;
    both.push_back(posting(left, value));
    both.push_back(posting(right, value));
    return any_of(std::move(both), direction);
  };
  if (!query.cluster.empty()) filters.push_back(posting(IndexKind::kClusterAudit, query.cluster));
  if (range.is_indexed) {
    if (!query.user.empty()) filters.push_back(posting(IndexKind::kUserAudit, query.user));
    if (!query.tenant.empty()) filters.push_back(posting(IndexKind::kTenantAudit, query.tenant));
    if (!query.action.empty()) filters.push_back(posting(IndexKind::kActionAudit, query.action));
    if (is_open(query.outcome)) {
      filters.push_back(fixed_stream(query.open_requests, direction));
    } else if (!query.outcome.empty()) {
      filters.push_back(either(IndexKind::kOutcomeAtOnce, IndexKind::kOutcomeLater, query.outcome));
    }
    for (const std::string& word : words_to_find(query.text)) {
      filters.push_back(either(IndexKind::kActionWord, IndexKind::kOutcomeWord, word));
    }
  }
  if (filters.empty()) filters.push_back(posting(IndexKind::kAudit, {}));
  return {std::move(filters), range.first, range.last, direction};
}

Result<bool> AuditView::matches(const AuditQuery& query, const AuditEntry& entry) const {
  const auto is_wanted = [](std::string_view wanted, std::string_view value) {
    return wanted.empty() || wanted == value;
  };
  if (!is_wanted(query.user, entry.user) || !is_wanted(query.tenant, entry.tenant) ||
      !is_wanted(query.cluster, entry.cluster) || !is_wanted(query.action, entry.action) ||
      !is_wanted(query.outcome, entry.outcome)) {
    return false;
  }
  if (query.text.empty()) return true;
  ESAAS_TRY(const event::Event event, log_.read_one(entry.seq));
  std::vector<std::string> words = words_of_action(event);
  append_words(entry.detail, words);
  std::ranges::sort(words);
  return std::ranges::includes(words, words_to_find(query.text));
}

Result<void> AuditView::join_outcome(AuditEntry& entry) const {
  // There is one, or none. Where it can be, and that the newest is asked for, leaves less to look at.
  ESAAS_TRY(const auto end, log_.read_index({.kind = IndexKind::kOperationEnd,
                                             .value = entry.operation_id,
                                             .from_seq = entry.seq + 1,
                                             .newest_first = true,
                                             .limit = 1}));
  if (!end.empty()) {
    ESAAS_TRY(const event::Event event, log_.read_one(end.front()));
    entry.outcome = name_of(event.operation_finished().status());
    entry.detail = event.operation_finished().detail();
    entry.finished_at_us = event.time_at_us();
    return {};
  }
  entry.outcome = "queued";
  IndexWalk walk(log_, {.kind = IndexKind::kOperation, .value = entry.operation_id, .from_seq = entry.seq + 1});
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

Result<void> AuditView::list(const AuditQuery& query, Range range, AuditPage& page) const {
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kViewPageMax);
  if (query.cursor != 0 && query.newest_first) range.last = std::min(range.last, query.cursor - 1);
  if (query.cursor != 0 && !query.newest_first) range.first = std::max(range.first, query.cursor + 1);
  CommonSeqs seqs = candidates(query, range);
  std::uint64_t last_looked_at = 0;
  for (std::size_t scanned = 0;; ++scanned) {
    ESAAS_TRY(const auto seq, seqs.next());
    if (!seq) return {};
    if (scanned == kViewScanMax || page.entries.size() == limit) {
      page.next_cursor = last_looked_at;
      return {};
    }
    last_looked_at = *seq;
    ESAAS_TRY(const event::Event event, log_.read_one(*seq));
    ESAAS_TRY(AuditEntry found, entry(event));
    // Who told which are open may have been overtaken.
    bool is_one = !is_open(query.outcome) || found.outcome == query.outcome;
    if (is_one && !range.is_indexed) {
      ESAAS_TRY(is_one, matches(query, found));
    }
    if (is_one) page.entries.push_back(std::move(found));
  }
}

Result<void> AuditView::count(const AuditQuery& query, Range range, AuditPage& page) const {
  if (query.cursor == 0 && page.next_cursor == 0) {  // the page has all that there is
    page.count = page.entries.size();
    return {};
  }
  CommonSeqs seqs = candidates(query, range);
  for (std::size_t scanned = 0;; ++scanned) {
    ESAAS_TRY(const auto seq, seqs.next());
    if (!seq) return {};
    page.is_count_exact = page.count < kAuditCountMax && scanned < kViewScanMax;
    if (!page.is_count_exact) return {};
    bool is_one = true;
    if (!range.is_indexed) {
      ESAAS_TRY(const event::Event event, log_.read_one(*seq));
      ESAAS_TRY(const AuditEntry found, entry(event));
      ESAAS_TRY(is_one, matches(query, found));
    }
    if (is_one) ++page.count;
  }
}

Result<AuditPage> AuditView::list(const AuditQuery& query) const {
  AuditPage page;
  ESAAS_TRY(const Range range, range_of(query));
  ESAAS_CHECK(list(query, range, page));
  ESAAS_CHECK(count(query, range, page));
  return page;
}

}  // namespace esaas::store
