#include "store/views/metering_walk.h"

#include "store/log/index_entries.h"

namespace esaas::store {

Result<const event::Event*> MeteringWalk::next() {
  if (!begun_ && log_.events_to_index() > 0) {
    ESAAS_TRY(all_, log_.read(1, {.to_seq = to_seq_}));
  }
  begun_ = true;
  if (!all_) return indexed_.next();
  for (;;) {
    ESAAS_TRY(const event::Event* event, all_->next());
    if (event == nullptr || is_metering_event(*event)) return event;
  }
}

}  // namespace esaas::store
