#pragma once
// TraceView: all events of one operation as a tree, from the request to the health that Elasticsearch answered: each
// event hangs below the one that caused it, or the one that it ends. Or around any one event: what led to it, back to
// where it began, and what it led to. Thread-safe; must not outlive the log. May block on the disk.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/events/event.pb.h"
#include "store/log/event_log.h"

namespace esaas::store {

/// How far a span had come at a moment: a task runs, an operation has started.
struct TraceMark {
  std::string name;
  std::int64_t at_us = 0;
  std::uint64_t seq = 0;

  friend bool operator==(const TraceMark&, const TraceMark&) = default;
};

struct TraceNode {
  std::uint64_t seq = 0;
  std::uint64_t cause_seq = 0;
  std::int64_t at_us = 0;
  /// Of a span: to its end, or while it is open to the newest event of the log. Of a moment: to the last that it led
  /// to.
  std::int64_t duration_us = 0;
  bool is_span = false;         ///< it begins something that takes time (span_keys.h)
  bool is_open = false;         ///< and that has not ended
  bool failed = false;          ///< and that came to nothing; or this says that something did
  std::uint64_t ended_seq = 0;  ///< the event that ended it
  std::vector<TraceMark> marks;
  std::string kind;   ///< task_launch_intended, ...
  std::string actor;  ///< user, controller, mesos or elasticsearch; a user's with the token's id
  std::string tenant;
  std::string cluster;
  std::string sentence;
  /// What its payload says, name and value: node, task_id, offer_id, rule, why, ...
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<std::pair<std::string, std::string>> basis;  ///< the figures that it was decided by
  std::vector<std::size_t> children;                       ///< positions in Trace::nodes, by seq
};

struct Trace {
  std::string operation_id;       ///< empty around an event that is of none
  std::uint64_t subject_seq = 0;  ///< the event that was asked about; 0: an operation was
  std::string tenant;
  std::string cluster;
  std::vector<TraceNode> nodes;    ///< by seq
  std::vector<std::size_t> roots;  ///< those whose cause is none or not here
  std::int64_t until_us = 0;       ///< of the newest event of the log: open spans are cut there
  bool truncated = false;          ///< there are more events than are looked at; the first are here
};

inline constexpr std::size_t kTraceNodesMax = 10'000;
/// So many events before an event, and after an operation's last, are looked at for what belongs to it.
inline constexpr std::size_t kTraceScanMax = 2'000;

class TraceView {
 public:
  explicit TraceView(const EventLog& log) : log_(log) {}

  /// kNotFound when no event carries this operation id.
  [[nodiscard]] Result<Trace> trace(std::string_view operation_id) const;

  /// What led to the event, back to what has no cause, and what it led to. A cause is the event that is named as such,
  /// or what it ends (of a task's death: the kill, or else the launch), or why the controller wanted it of its node.
  /// Of events that `may_show` declines nothing is told, and nothing is looked for behind them. kNotFound when there is
  /// no such event, or it may not be shown.
  using MayShow = std::function<bool(const event::Event&)>;
  [[nodiscard]] Result<Trace> around(std::uint64_t seq, const MayShow& may_show) const;

 private:
  const EventLog& log_;
};

/// The trace for a terminal: one event a line, indented below its cause, with the time since the beginning. The subject
/// is marked by ">".
std::string to_text(const Trace& trace);

}  // namespace esaas::store
