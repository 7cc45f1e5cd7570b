#pragma once
// Which index entries an event has. Pure, thread-safe. What is listed here is stored: a kind whose meaning changes gets
// a new number, and kIndexVersion is counted up, so that the events before it are indexed anew (index_rebuild.h).

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "core/events/event.pb.h"
#include "core/model/ids.h"
#include "store/log/audit_words.h"
#include "store/log/event_log.h"
#include "store/log/user_actions.h"

namespace esaas::store {

/// Of the kinds from kFirstRebuiltKind on. Those before it are in every log from its first event.
inline constexpr std::uint32_t kIndexVersion = 2;
inline constexpr IndexKind kFirstRebuiltKind = IndexKind::kTenantAudit;

/// Of the events that open, change or close something that is metered, or say how it is priced: what its cluster
/// consists of.
const PayloadSet& metering_payloads();
/// digest, signing_key, backup, restore, price_list, invoice, budget_alert: what is listed by itself; empty: nothing.
std::string_view book_of(const event::Event& event);

/// Keeps the values of entries that no event holds.
class IndexTexts {
 public:
  /// Lives until `clear`.
  std::string_view keep(std::string text) {
    if (used_ == texts_.size()) texts_.emplace_back();
    return texts_[used_++] = std::move(text);
  }
  void clear() { used_ = 0; }

 private:
  std::deque<std::string> texts_;  // the first used_ are live
  std::size_t used_ = 0;
};

/// Calls `sink(IndexKind, std::string_view value, std::uint64_t seq)` for each entry. The seq is the event's own, but
/// for the kinds that say what came of an earlier one. The values live as long as the event and `texts`.
template <typename Sink>
void for_each_index_entry(const event::Event& event, IndexTexts& texts, Sink&& sink) {
  const auto own = [&](IndexKind kind, std::string_view value) { sink(kind, value, event.seq()); };
  // A request that was fulfilled at once is the operation's one event, and its id says where it is.
  const bool whole_operation = event.operation_requested().has_fulfilment();
  if (!event.operation_id().empty() && !whole_operation) own(IndexKind::kOperation, event.operation_id());
  if (!event.cluster().empty()) own(IndexKind::kCluster, event.cluster());
  if (!event.tenant().empty()) own(IndexKind::kTenant, event.tenant());
  if (is_user_action(event)) {
    own(IndexKind::kAudit, {});
    if (!event.cluster().empty()) own(IndexKind::kClusterAudit, event.cluster());
    if (!event.tenant().empty()) own(IndexKind::kTenantAudit, event.tenant());
    if (!event.actor().name().empty()) own(IndexKind::kUserAudit, event.actor().name());
    own(IndexKind::kActionAudit, action_of(event));
    if (const auto outcome = outcome_at_once(event); !outcome.empty()) own(IndexKind::kOutcomeAtOnce, outcome);
    for (std::string& word : words_of_action(event)) own(IndexKind::kActionWord, texts.keep(std::move(word)));
  }
  if (event.has_operation_finished()) {
    const auto& finished = event.operation_finished();
    own(IndexKind::kOperationEnd, finished.id());
    if (const auto requested = model::requested_seq(finished.id())) {
      if (const auto outcome = outcome_of(finished.status()); !outcome.empty()) {
        sink(IndexKind::kOutcomeLater, outcome, *requested);
      }
      for (std::string& word : words_of_outcome(finished)) {
        sink(IndexKind::kOutcomeWord, texts.keep(std::move(word)), *requested);
      }
    }
  }
  if (const auto book = book_of(event); !book.empty()) own(IndexKind::kBook, book);
}

}  // namespace esaas::store
