#include "store/views/time_search.h"

namespace esaas::store {

Result<std::uint64_t> first_seq_at(const EventLog& log, Time time) {
  std::uint64_t low = 1;
  std::uint64_t high = log.last_seq() + 1;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    ESAAS_TRY(const event::Event event, log.read_one(middle));
    if (event.time_at_us() < to_us(time)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace esaas::store
