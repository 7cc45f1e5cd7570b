#pragma once
// AuditView: who did what, when, to what, and what came of it. A fold of the log over the user actions alone.
// Thread-safe; must not outlive the log. May block on the disk.

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/events/event.pb.h"
#include "store/log/event_log.h"

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
  std::string text = {};  ///< found anywhere in the entry's texts or its request's JSON, whatever the case (of ASCII)
  std::uint64_t cursor = 0;  ///< the seq of the last entry looked at: those after it in the chosen order; 0: all
  bool newest_first = true;
  std::size_t limit = 100;  ///< at the most kViewPageMax are given
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

struct AuditPage {
  std::vector<AuditEntry> entries;
  std::uint64_t next_cursor = 0;  ///< 0: no more. A page may be short, even empty, and go on.
};

class AuditView {
 public:
  explicit AuditView(const EventLog& log) : log_(log) {}

  [[nodiscard]] Result<AuditPage> list(const AuditQuery& query) const;

 private:
  [[nodiscard]] Result<IndexQuery> plan(const AuditQuery& query) const;
  [[nodiscard]] Result<AuditEntry> entry(const event::Event& event) const;
  Result<void> join_outcome(AuditEntry& entry) const;

  const EventLog& log_;
};

/// The action that a user's event is; empty when it is none.
std::string_view action_of(const event::Event& event);

}  // namespace esaas::store
