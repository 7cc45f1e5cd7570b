#pragma once
// Views: what the routes read that is no longer in the controller's memory: the audit, finished operations, traces, usage.
// Every method may block on the disk, so routes call them on the ReadPool. Thread-safe.

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/state/state.pb.h"

namespace esaas::api {

/// Empty fields do not filter.
struct AuditQuery {
  std::string user;     ///< token id
  std::string action;   ///< "create", "scale", ..., "create_tenant", "issue_token", ...
  std::string cluster;
  std::string tenant;
  std::string outcome;  ///< "running", "succeeded", "failed", "cancelled", ...
  std::optional<Time> from;  ///< inclusive
  std::optional<Time> to;    ///< exclusive
  std::string text;     ///< found anywhere in url, reason, cluster, detail
  std::uint64_t cursor = 0;  ///< seq of the last entry given; 0: from the beginning
  std::uint64_t limit = 100;
  bool newest_first = true;
};

/// Objects as they are shown, and the cursor for those that follow (0: none).
struct ViewPage {
  std::vector<boost::json::object> items;
  std::uint64_t next_cursor = 0;
};

struct FinishedQuery {
  std::string tenant;
  std::string cluster;
  std::string status;        ///< "succeeded", "failed", "cancelled"; empty: all of them
  std::uint64_t cursor = 0;  ///< requested_seq of the last one given; newest first
  std::uint64_t limit = 100;
};

struct FinishedPage {
  std::vector<state::Operation> items;
  std::uint64_t next_cursor = 0;
};

struct UsageQuery {
  Time from;
  Time to;
  std::string tenant;   ///< empty: all
  std::string cluster;  ///< empty: all
  bool by_tenant = false;  ///< sums per tenant instead of per cluster
};

/// One line of a usage report. Integers: thousandths of a core, MiB, nodes, each times seconds.
struct UsageLine {
  std::string tenant;
  std::string cluster;  ///< empty when summed by tenant
  std::uint64_t cpu_milli_seconds = 0;
  std::uint64_t mem_mib_seconds = 0;
  std::uint64_t disk_mib_seconds = 0;
  std::uint64_t node_seconds = 0;
};

/// A trace: the operation's events as a tree by cause, as JSON and as text.
struct Trace {
  std::string tenant;
  boost::json::object tree;
  std::string text;
};

class Views {
 public:
  virtual ~Views() = default;
  virtual Result<ViewPage> audit(const AuditQuery& query) const = 0;
  /// kNotFound when no finished operation has this id.
  virtual Result<state::Operation> finished_operation(std::string_view id) const = 0;
  virtual Result<FinishedPage> finished_operations(const FinishedQuery& query) const = 0;
  virtual Result<Trace> trace(std::string_view operation_id) const = 0;
  /// Lines by tenant and cluster. `seq` of the log that the report covers in `seq_out`.
  virtual Result<std::vector<UsageLine>> usage(const UsageQuery& query) const = 0;
};

}  // namespace esaas::api
