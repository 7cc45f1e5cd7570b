#pragma once
// Reads a whole log and says whether it is in order: for tests that have broken it, or broken off.

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/log/event_log.h"
#include "store/log/index_entries.h"

namespace esaas::store::testing {

/// Walks the log with its chain verified, and compares every index with what the events say. The number of events, or
/// the first error; kDataLoss when an index disagrees.
inline Result<std::uint64_t> check_log(const EventLog& log) {
  std::map<std::pair<IndexKind, std::string>, std::set<std::uint64_t>> index;
  IndexTexts texts;
  ESAAS_TRY(const auto cursor, log.read(1, {.verify_chain = true}));
  std::uint64_t events = 0;
  for (;;) {
    ESAAS_TRY(const event::Event* event, cursor->next());
    if (event == nullptr) break;
    ++events;
    for_each_index_entry(*event, texts, [&](IndexKind kind, std::string_view value, std::uint64_t seq) {
      index[{kind, std::string(value)}].insert(seq);
    });
    texts.clear();
  }
  for (const auto& [key, seqs] : index) {
    ESAAS_TRY(const auto found, log.read_index({.kind = key.first, .value = key.second, .limit = events + 1}));
    if (!std::ranges::equal(found, seqs)) return fail(ErrorCode::kDataLoss, "the index disagrees about " + key.second);
  }
  return events;
}

}  // namespace esaas::store::testing
