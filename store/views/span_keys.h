#pragma once
// Which events begin something that takes time, and which end it: an intent and its outcome, a hold and its end, the
// launch of a task and its membership, an operation and its end. Pure, thread-safe.

#include <string>
#include <string_view>
#include <vector>

#include "core/events/event.pb.h"

namespace esaas::store {

/// What an event is to spans. A key names one span within its cluster ("hold RULE NODE"); of several that began with
/// one key, the newest is meant.
struct SpanKeys {
  std::vector<std::string> begins;
  std::vector<std::string> ends;
  std::string passes;     ///< a span that goes on, and has come so far
  std::string milestone;  ///< how far: "running"; empty when it passes none
  bool failed = false;    ///< the spans that it ends came to nothing
};

SpanKeys span_keys(const event::Event& event);

}  // namespace esaas::store
