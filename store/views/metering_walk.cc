#include "store/views/metering_walk.h"

#include "store/log/index_entries.h"

namespace esaas::store {

Result<const event::Event*> MeteringWalk::next() {
  if (!cursor_) {
    ESAAS_TRY(cursor_, log_.read(1, {.to_seq = to_seq_, .payloads = metering_payloads()}));
  }
  return cursor_->next();
}

}  // namespace esaas::store
