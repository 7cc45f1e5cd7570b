#include "api/routes/invoice_turn.h"

namespace esaas::api {

Result<Turn> take_invoice_turn(const store::EventLog& log, const std::string& tenant) {
  if (Turn turn = take_turn(log, "invoices/" + tenant)) return turn;
  return fail(ErrorCode::kConflict,
              "another invoice of tenant " + tenant + " is on its way, which this one would not know of: ask again", "",
              "corrected_meanwhile");
}

}  // namespace esaas::api
