#include "store/log/index_entries.h"

#include <array>

namespace esaas::store {
namespace {

/// Those that open, change or close something that is metered, and what says how it is priced.
constexpr std::array kMeteringPayloads{
    event::Event::kNodeAdded,          event::Event::kNodeRemoved,    event::Event::kPlaceIntended,
    event::Event::kPlaceReserved,      event::Event::kPlaceFailed,    event::Event::kPlaceReleased,
    event::Event::kPlaceMoved,         event::Event::kPlaceGrown,     event::Event::kPlaceAdopted,
    event::Event::kTaskLaunchIntended, event::Event::kTaskAdopted,    event::Event::kTaskStatusChanged,
    event::Event::kClusterDeleted,     event::Event::kClusterCreated, event::Event::kNodeGroupAdded};

}  // namespace

const PayloadSet& metering_payloads() {
  static const PayloadSet payloads = [] {
    PayloadSet set;
    for (const auto payload : kMeteringPayloads) set.set(static_cast<std::size_t>(payload));
    return set;
  }();
  return payloads;
}

std::string_view book_of(const event::Event& event) {
  switch (event.payload_case()) {
    case event::Event::kDigestSigned: return "digest";
    case event::Event::kSigningKeyCreated: return "signing_key";
    case event::Event::kBackupIntended:
    case event::Event::kBackupTaken:
    case event::Event::kBackupFailed: return "backup";
    case event::Event::kLogRestored: return "restore";
    case event::Event::kPriceListPublished: return "price_list";
    case event::Event::kInvoiceClosed: return "invoice";
    case event::Event::kBudgetAlerted: return "budget_alert";
    default: return {};
  }
}

}  // namespace esaas::store
