#pragma once
// IndexWalk: the events of one index value one after the other, fetched in small pages, so that a walk over millions
// holds a few hundred numbers. One thread at a time; must not outlive the log.

#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "core/events/event.pb.h"
#include "store/log/event_log.h"

namespace esaas::store {

class IndexWalk {
 public:
  /// `query.limit` is ignored: the walk goes on to the end of the range.
  IndexWalk(const EventLog& log, IndexQuery query);

  /// The next event, or null at the end. It lives until the next call.
  Result<const event::Event*> next();

 private:
  Result<void> fetch();

  const EventLog& log_;
  IndexQuery query_;
  std::vector<std::uint64_t> page_;
  std::size_t position_ = 0;
  bool last_page_ = false;
  event::Event event_;
};

}  // namespace esaas::store
