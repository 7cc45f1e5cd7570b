#pragma once
// Which index entries an event has. Pure, thread-safe. What is listed here is stored: an entry that is added later is
// absent from the events before it.

#include <string_view>

#include "core/events/event.pb.h"
#include "store/log/event_log.h"

namespace esaas::store {

/// A person did it: an operation asked for, paused, continued or cancelled; a tenant or a token made or revoked.
bool is_user_action(const event::Event& event);

/// It opens, changes or closes something that is metered.
bool is_usage_event(const event::Event& event);

/// Calls `sink(IndexKind, std::string_view value)` for each entry. The values live as long as the event.
template <typename Sink>
void for_each_index_entry(const event::Event& event, Sink&& sink) {
  // A request that was fulfilled at once is the operation's one event, and its id says where it is.
  const bool whole_operation = event.operation_requested().has_fulfilment();
  if (!event.operation_id().empty() && !whole_operation) sink(IndexKind::kOperation, event.operation_id());
  if (!event.cluster().empty()) sink(IndexKind::kCluster, event.cluster());
  if (!event.tenant().empty()) sink(IndexKind::kTenant, event.tenant());
  if (event.actor().kind() == event::ACTOR_KIND_USER && !event.actor().name().empty()) {
    sink(IndexKind::kUser, event.actor().name());
  }
  if (is_user_action(event)) {
    sink(IndexKind::kAudit, std::string_view{});
    if (!event.cluster().empty()) sink(IndexKind::kClusterAudit, event.cluster());
  }
  if (event.has_operation_finished()) sink(IndexKind::kOperationEnd, event.operation_finished().id());
  if (is_usage_event(event)) sink(IndexKind::kUsage, std::string_view{});
}

}  // namespace esaas::store
