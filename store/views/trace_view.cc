#include "store/views/trace_view.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "core/base/time.h"
#include "core/events/visit.h"
#include "store/views/index_walk.h"
#include "store/views/operation_walk.h"
#include "store/views/span_keys.h"
#include "store/views/trace_tree.h"

namespace esaas::store {
namespace {

constexpr std::size_t kChainMax = 200;

/// What is open in the trace may have been ended by an event of no operation, or of the next one.
Result<void> look_on(const EventLog& log, const std::string& cluster, std::uint64_t after_seq, TraceTree& tree) {
  if (cluster.empty()) return {};
  IndexWalk walk(log, {.kind = IndexKind::kCluster, .value = cluster, .from_seq = after_seq + 1});
  for (std::size_t scanned = 0; scanned < kTraceScanMax && tree.has_open_spans(); ++scanned) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) break;
    tree.look_at(*event);
  }
  return {};
}

/// What began before the event may have ended before it too.
Result<void> look_between(const EventLog& log, std::uint64_t after_seq, const event::Event& event, TraceTree& tree) {
  if (event.cluster().empty()) return {};
  IndexWalk walk(
      log,
      {.kind = IndexKind::kCluster, .value = event.cluster(), .from_seq = after_seq + 1, .to_seq = event.seq() - 1});
  for (std::size_t scanned = 0; scanned < kTraceScanMax && tree.has_open_spans(); ++scanned) {
    ESAAS_TRY(const event::Event* between, walk.next());
    if (between == nullptr) break;
    tree.look_at(*between);
  }
  return {};
}

std::string node_of(const event::Event& event) {
  std::string node;
  event::visit(event, [&](const auto& payload) {
    if constexpr (requires { std::string(payload.node()); }) node = payload.node();
  });
  return node;
}

/// It is done to a node because of something that was decided of it before.
bool is_step_of_a_node(const event::Event& event) {
  return event.has_task_kill_intended() || event.has_task_launch_intended() || event.has_place_intended() ||
         event.has_place_release_intended() || event.has_drain_began() || event.has_volume_growth_intended();
}

/// And this is such a decision.
bool decides_of_a_node(const event::Event& event) {
  return event.has_node_removal_began() || event.has_node_restart_began() || event.has_place_growth_intended() ||
         event.has_full_restart_began() || event.has_cluster_suspended() || event.has_cluster_deletion_began() ||
         event.has_node_added() || event.has_place_failed() ||
         (event.has_task_status_changed() && span_keys(event).failed);
}

/// The newest event before it that it ends, or that decided it: newer than the cause that it names.
Result<std::optional<event::Event>> nearer_cause(const EventLog& log, const event::Event& event) {
  const SpanKeys keys = span_keys(event);
  std::vector<std::string> wanted = keys.ends;
  if (!keys.passes.empty()) wanted.push_back(keys.passes);
  const std::string node = node_of(event);
  const bool is_step = is_step_of_a_node(event) && !node.empty();
  if (event.cluster().empty() || (wanted.empty() && !is_step)) return std::nullopt;
  IndexWalk walk(log, {.kind = IndexKind::kCluster,
                       .value = event.cluster(),
                       .from_seq = event.cause_seq() + 1,
                       .to_seq = event.seq() - 1,
                       .newest_first = true});
  for (std::size_t scanned = 0; scanned < kTraceScanMax; ++scanned) {
    ESAAS_TRY(const event::Event* earlier, walk.next());
    if (earlier == nullptr) break;
    for (const std::string& begun : span_keys(*earlier).begins) {
      if (std::ranges::find(wanted, begun) != wanted.end()) return *earlier;
    }
    if (!is_step || !decides_of_a_node(*earlier)) continue;
    const std::string of = node_of(*earlier);
    if (of.empty() || of == node) return *earlier;
  }
  return std::nullopt;
}

/// From where it began to the event itself.
Result<std::vector<event::Event>> chain_to(const EventLog& log, std::uint64_t seq, const TraceView::MayShow& may_show) {
  std::vector<event::Event> chain;
  ESAAS_TRY(event::Event event, log.read_one(seq));
  while (chain.size() < kChainMax && may_show(event)) {
    ESAAS_TRY(std::optional<event::Event> cause, nearer_cause(log, event));
    const std::uint64_t named = event.cause_seq();
    const std::uint64_t own = event.seq();
    chain.push_back(std::move(event));
    if (cause) {
      event = std::move(*cause);
      continue;
    }
    // A log that was cut or damaged may name anything.
    if (named == 0 || named >= own) break;
    ESAAS_TRY(event, log.read_one(named));
  }
  std::ranges::reverse(chain);
  return chain;
}

/// The events that may have been led to: of its operation, else of its cluster; of the fleet, all.
class Successors {
 public:
  Successors(const EventLog& log, const event::Event& event) {
    const std::uint64_t from = event.seq() + 1;
    if (!event.cluster().empty()) {
      indexed_.emplace(log, IndexQuery{.kind = IndexKind::kCluster, .value = event.cluster(), .from_seq = from});
    } else if (!event.tenant().empty()) {
      indexed_.emplace(log, IndexQuery{.kind = IndexKind::kTenant, .value = event.tenant(), .from_seq = from});
    } else {
      auto cursor = log.read(from);
      if (cursor) {
        all_ = std::move(*cursor);
      } else {
        error_ = cursor.error();
      }
    }
  }
  Result<const event::Event*> next() {
    if (error_) return std::unexpected(*error_);
    return indexed_ ? indexed_->next() : all_->next();
  }

 private:
  std::optional<IndexWalk> indexed_;
  std::unique_ptr<Cursor> all_;
  std::optional<Error> error_;
};

std::string duration_text(const TraceNode& node) {
  if (node.duration_us == 0 && !node.is_open && node.marks.empty()) return {};
  std::string text = "  (" + esaas::to_text(Duration(node.duration_us));
  if (node.is_open) text += " so far";
  for (const TraceMark& mark : node.marks) {
    text += ", " + mark.name + " after " + esaas::to_text(Duration(mark.at_us - node.at_us));
  }
  if (node.is_span && node.failed) text += ", came to nothing";
  return text + ")";
}

}  // namespace

Result<Trace> TraceView::trace(std::string_view operation_id) const {
  const std::string id(operation_id);
  TraceTree tree;
  bool truncated = false;
  std::uint64_t last_seq = 0;
  std::string cluster;
  OperationWalk walk(log_, id);
  for (;;) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) break;
    truncated = tree.size() == kTraceNodesMax;
    if (truncated) break;
    tree.add(*event);
    last_seq = event->seq();
    if (cluster.empty()) cluster = event->cluster();
  }
  if (tree.size() == 0) return fail(ErrorCode::kNotFound, "there is no operation " + id);
  if (tree.has_open_spans()) ESAAS_CHECK(look_on(log_, cluster, last_seq, tree));
  Trace trace = tree.finish(log_.last_time_at_us());
  trace.operation_id = id;
  trace.truncated = truncated;
  return trace;
}

Result<Trace> TraceView::around(std::uint64_t seq, const MayShow& may_show) const {
  ESAAS_TRY(const std::vector<event::Event> chain, chain_to(log_, seq, may_show));
  if (chain.empty()) return fail(ErrorCode::kNotFound, "there is no event " + std::to_string(seq));
  // The links of the chain are found by looking back, and hold whatever the events name.
  TraceTree tree;
  std::uint64_t before = 0;
  for (event::Event link : chain) {
    if (before != 0) {
      ESAAS_CHECK(look_between(log_, before, link, tree));
      link.set_cause_seq(before);
    }
    before = link.seq();
    tree.add(link);
  }
  const event::Event& subject = chain.back();
  TraceTree led_to;
  led_to.add(subject);
  Successors successors(log_, subject);
  bool truncated = false;
  for (std::size_t scanned = 0;; ++scanned) {
    ESAAS_TRY(const event::Event* event, successors.next());
    if (event == nullptr) break;
    truncated = scanned == kTraceScanMax || tree.size() == kTraceNodesMax;
    if (truncated) break;
    if (!may_show(*event)) continue;
    if (!led_to.leads_to(*event)) {
      tree.look_at(*event);
      continue;
    }
    led_to.add(*event);
    tree.add(*event);
  }
  Trace trace = tree.finish(log_.last_time_at_us());
  trace.operation_id = subject.operation_id();
  trace.subject_seq = seq;
  trace.tenant = subject.tenant();
  trace.cluster = subject.cluster();
  trace.truncated = truncated;
  return trace;
}

std::string to_text(const Trace& trace) {
  std::string text;
  const std::int64_t began_us = trace.nodes.empty() ? 0 : trace.nodes.front().at_us;
  std::vector<std::pair<std::size_t, std::size_t>> open;  // position, depth; a stack, as causes may be chained deeply
  for (std::size_t i = trace.roots.size(); i-- > 0;) open.emplace_back(trace.roots[i], 0);
  while (!open.empty()) {
    const auto [position, depth] = open.back();
    open.pop_back();
    const TraceNode& node = trace.nodes[position];
    text += "+" + esaas::to_text(Duration(node.at_us - began_us)) + "  ";
    text.append(2 * depth, ' ');
    if (node.seq == trace.subject_seq) text += "> ";
    text += node.sentence + duration_text(node) + "  #" + std::to_string(node.seq) + "\n";
    for (std::size_t i = node.children.size(); i-- > 0;) open.emplace_back(node.children[i], depth + 1);
  }
  if (trace.truncated)
    text += "... there is more: only the first " + std::to_string(trace.nodes.size()) + " events are shown\n";
  return text;
}

}  // namespace esaas::store
