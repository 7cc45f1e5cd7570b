#include "store/log/check_indexed.h"

#include <string>

namespace esaas::store {

Result<void> check_indexed(const EventLog& log, std::string_view what) {
  const std::uint64_t missing = log.events_to_index();
  if (missing == 0) return {};
  return fail(ErrorCode::kUnavailable, "the " + std::string(what) + " are being looked for: " +
                                           std::to_string(missing) + " events of an older program are not indexed yet");
}

}  // namespace esaas::store
