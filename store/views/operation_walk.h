#pragma once
// OperationWalk: the events of one operation, in order. One thread at a time; must not outlive the log.
//
// An operation that was fulfilled at once has one event, whose seq is in the operation's id: it has no index entries,
// which would cost more than the event. Every other operation is found through the index.

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/events/event.pb.h"
#include "store/views/index_walk.h"

namespace esaas::store {

class OperationWalk {
 public:
  OperationWalk(const EventLog& log, std::string_view operation_id);

  /// The next event, or null at the end. It lives until the next call.
  Result<const event::Event*> next();

 private:
  Result<const event::Event*> fulfilled_request();

  const EventLog& log_;
  std::string id_;
  IndexWalk indexed_;
  bool begun_ = false;
  event::Event request_;
};

}  // namespace esaas::store
