#include "store/views/trace_view.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "core/base/time.h"
#include "core/events/event_kind.h"
#include "store/views/operation_walk.h"
#include "store/views/sentence.h"

namespace esaas::store {
namespace {

std::string actor_name(const event::Actor& actor) {
  switch (actor.kind()) {
    case event::ACTOR_KIND_USER: return "user " + actor.name();
    case event::ACTOR_KIND_CONTROLLER: return "controller";
    case event::ACTOR_KIND_MESOS: return "mesos";
    case event::ACTOR_KIND_ELASTICSEARCH: return "elasticsearch";
    default: return "unknown";
  }
}

TraceNode node_of(const event::Event& event) {
  return {.seq = event.seq(),
          .cause_seq = event.cause_seq(),
          .at_us = event.time_at_us(),
          .duration_us = 0,
          .kind = std::string(event::kind_of(event)),
          .actor = actor_name(event.actor()),
          .sentence = sentence(event),
          .children = {}};
}

/// A cause comes before what it caused, so one walk from the last to the first event sees every child before its
/// parent.
void link(Trace& trace) {
  std::unordered_map<std::uint64_t, std::size_t> positions;
  for (std::size_t i = 0; i < trace.nodes.size(); ++i) positions.emplace(trace.nodes[i].seq, i);
  for (std::size_t i = trace.nodes.size(); i-- > 0;) {
    TraceNode& node = trace.nodes[i];
    std::ranges::reverse(node.children);
    const auto parent = positions.find(node.cause_seq);
    if (parent == positions.end() || parent->second >= i) {
      trace.roots.push_back(i);
      continue;
    }
    TraceNode& cause = trace.nodes[parent->second];
    cause.children.push_back(i);
    cause.duration_us = std::max(cause.duration_us, node.at_us + node.duration_us - cause.at_us);
  }
  std::ranges::reverse(trace.roots);
}

}  // namespace

Result<Trace> TraceView::trace(std::string_view operation_id) const {
  Trace trace;
  trace.operation_id = operation_id;
  OperationWalk walk(log_, trace.operation_id);
  for (;;) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) break;
    if (trace.nodes.size() == kTraceNodesMax) {
      trace.truncated = true;
      break;
    }
    if (trace.nodes.empty()) {
      trace.tenant = event->tenant();
      trace.cluster = event->cluster();
    }
    trace.nodes.push_back(node_of(*event));
  }
  if (trace.nodes.empty()) return fail(ErrorCode::kNotFound, "there is no operation " + trace.operation_id);
  link(trace);
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
    text += node.sentence;
    if (node.duration_us > 0) text += "  (" + esaas::to_text(Duration(node.duration_us)) + ")";
    text += "  #" + std::to_string(node.seq) + "\n";
    for (std::size_t i = node.children.size(); i-- > 0;) open.emplace_back(node.children[i], depth + 1);
  }
  if (trace.truncated) text += "... only the first " + std::to_string(kTraceNodesMax) + " events are shown\n";
  return text;
}

}  // namespace esaas::store
