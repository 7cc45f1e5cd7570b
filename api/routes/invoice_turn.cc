#include "api/routes/invoice_turn.h"

#include <mutex>
#include <set>
#include <utility>

namespace esaas::api {
namespace {

using Name = std::pair<const store::EventLog*, std::string>;

struct Taken {
  std::mutex mutex;
  std::set<Name> names;
};

}  // namespace

Result<InvoiceTurn> take_invoice_turn(const store::EventLog& log, const std::string& tenant) {
  // A turn may end with the last answer of a controller that is being destroyed.
  static const auto taken = std::make_shared<Taken>();
  auto name = std::make_unique<const Name>(&log, tenant);
  {
    const std::lock_guard lock(taken->mutex);
    if (!taken->names.insert(*name).second) {
      return fail(ErrorCode::kConflict,
                  "another invoice of tenant " + tenant + " is on its way, which this one would not know of: ask again",
                  "", "corrected_meanwhile");
    }
  }
  return InvoiceTurn(name.release(), [kept = taken](const Name* ended) {
    const std::unique_ptr<const Name> own(ended);
    const std::lock_guard lock(kept->mutex);
    kept->names.erase(*own);
  });
}

}  // namespace esaas::api
