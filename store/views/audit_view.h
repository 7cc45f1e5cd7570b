#pragma once
// AuditView: who did what, when, to what, and what came of it. Each filter is an index, and a page is what they have in
// common. While the log still lacks entries of them, the user actions are looked at one by one. Thread-safe; must not
// outlive the log. May block on the disk.

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/events/event.pb.h"
#include "store/log/event_log.h"
#include "store/views/seq_stream.h"

namespace esaas::store {

/// Empty fields do not filter.
struct AuditQuery {
  std::string user = {};    ///< the token's id
  std::string action = {};  ///< as AuditEntry::action
  std::string cluster = {};
  std::string tenant = {};
  std::string outcome = {};       ///< as AuditEntry::outcome
  std::optional<Time> from = {};  ///< inclusive
  std::optional<Time> to = {};    ///< exclusive
  std::string text = {};          ///< all of its words are in what was asked or what came of it (store/log/words.h)
  std::uint64_t cursor = 0;       ///< the seq of the last entry looked at: those after it in the chosen order; 0: all
  bool newest_first = true;
  std::size_t limit = 100;  ///< at the most kViewPageMax are given
  /// For an outcome of queued or running: the seqs of the requests that have it.
  std::vector<std::uint64_t> open_requests = {};
};

struct AuditEntry {
  std::uint64_t seq = 0;
  std::int64_t at_us = 0;
  std::string user;
  std::string address;
  std::string action;  ///< create, scale, ... of an operation; pause, continue, cancel; create_tenant, issue_token,
                       ///< revoke_token
  std::string tenant;
  std::string cluster;
  std::string operation_id;
  std::string method;
  std::string url;
  std::string reason;
  boost::json::object request;      ///< as it was asked for; a token's hash is never in it
  std::string outcome;              ///< queued, running, succeeded, failed, cancelled; done for what is no operation
  std::string detail;               ///< why it failed, or was cancelled
  std::int64_t finished_at_us = 0;  ///< 0 while it is open
};

/// So many are counted.
inline constexpr std::size_t kAuditCountMax = 1'000;

struct AuditPage {
  std::vector<AuditEntry> entries;
  std::size_t count = 0;          ///< of all that match, whatever the cursor
  bool is_count_exact = true;     ///< else there are at least so many
  std::uint64_t next_cursor = 0;  ///< 0: no more. A page may be short, even empty, and go on.
};

class AuditView {
 public:
  explicit AuditView(const EventLog& log) : log_(log) {}

  [[nodiscard]] Result<AuditPage> list(const AuditQuery& query) const;

 private:
  struct Range {
    std::uint64_t first = 1;
    std::uint64_t last = 0;  ///< inclusive; empty when below `first`
    bool is_indexed = false;
  };
  [[nodiscard]] Result<Range> range_of(const AuditQuery& query) const;
  [[nodiscard]] CommonSeqs candidates(const AuditQuery& query, Range range) const;
  [[nodiscard]] Result<bool> matches(const AuditQuery& query, const AuditEntry& entry) const;
  [[nodiscard]] Result<AuditEntry> entry(const event::Event& event) const;
  Result<void> join_outcome(AuditEntry& entry) const;
  Result<void> list(const AuditQuery& query, Range range, AuditPage& page) const;
  Result<void> count(const AuditQuery& query, Range range, AuditPage& page) const;

  const EventLog& log_;
};

}  // namespace esaas::store
