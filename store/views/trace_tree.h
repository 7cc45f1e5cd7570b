#pragma once
// TraceTree: makes a Trace of events that come in the order of their seqs. Pure; one use; not thread-safe.

#include <cstdint>
#include <string>
#include <unordered_map>

#include "core/events/event.pb.h"
#include "store/views/span_keys.h"
#include "store/views/trace_view.h"

namespace esaas::store {

class TraceTree {
 public:
  /// Takes the next event. Precondition: its seq is above those before.
  void add(const event::Event& event);
  /// An event that is not of the trace, and may end what is open in it.
  void look_at(const event::Event& event);

  [[nodiscard]] bool has_open_spans() const { return !open_.empty(); }
  /// True when the event's cause, or what it ends, is in the trace: it was led to by it.
  [[nodiscard]] bool leads_to(const event::Event& event) const;
  [[nodiscard]] std::size_t size() const { return trace_.nodes.size(); }

  /// The tree. Spans that are still open are cut at `until_us`.
  Trace finish(std::int64_t until_us);

 private:
  [[nodiscard]] static std::string full_key(const event::Event& event, const std::string& key);
  void end(const event::Event& event, const SpanKeys& keys);

  Trace trace_;
  std::unordered_map<std::uint64_t, std::size_t> positions_;  // by seq
  std::unordered_map<std::string, std::size_t> open_;         // by key: the span that is open
  std::vector<std::uint64_t> parents_;                        // seq by position; 0: none
};

}  // namespace esaas::store
