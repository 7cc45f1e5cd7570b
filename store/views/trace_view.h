#pragma once
// TraceView: all events of one operation as a tree, from the request to the health that Elasticsearch answered: each
// event hangs below the one that caused it. Thread-safe; must not outlive the log. May block on the disk.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "store/log/event_log.h"

namespace esaas::store {

struct TraceNode {
  std::uint64_t seq = 0;
  std::uint64_t cause_seq = 0;
  std::int64_t at_us = 0;
  std::int64_t duration_us = 0;  ///< from this event to the last one that it led to
  std::string kind;              ///< task_launch_intended, ...
  std::string actor;             ///< user, controller, mesos or elasticsearch; a user's with the token's id
  std::string sentence;
  std::vector<std::size_t> children;  ///< positions in Trace::nodes, by seq
};

struct Trace {
  std::string operation_id;
  std::string tenant;
  std::string cluster;
  std::vector<TraceNode> nodes;    ///< by seq
  std::vector<std::size_t> roots;  ///< those whose cause is none or another operation's
  bool truncated = false;          ///< there are more than kTraceNodesMax events; the first are here
};

inline constexpr std::size_t kTraceNodesMax = 10'000;

class TraceView {
 public:
  explicit TraceView(const EventLog& log) : log_(log) {}

  /// kNotFound when no event carries this operation id.
  [[nodiscard]] Result<Trace> trace(std::string_view operation_id) const;

 private:
  const EventLog& log_;
};

/// The trace for a terminal: one event a line, indented below its cause, with the time since the beginning.
std::string to_text(const Trace& trace);

}  // namespace esaas::store
