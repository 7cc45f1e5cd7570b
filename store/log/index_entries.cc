#include "store/log/index_entries.h"

#include <algorithm>
#include <array>

namespace esaas::store {
namespace {

/// Those that open, change or close something that is metered.
constexpr std::array kUsagePayloads{
    event::Event::kNodeAdded,          event::Event::kNodeRemoved, event::Event::kPlaceIntended,
    event::Event::kPlaceReserved,      event::Event::kPlaceFailed, event::Event::kPlaceReleased,
    event::Event::kPlaceMoved,         event::Event::kPlaceGrown,  event::Event::kPlaceAdopted,
    event::Event::kTaskLaunchIntended, event::Event::kTaskAdopted, event::Event::kTaskStatusChanged,
    event::Event::kClusterDeleted};

}  // namespace

bool is_usage_event(const event::Event& event) {
  return std::ranges::find(kUsagePayloads, event.payload_case()) != kUsagePayloads.end();
}

const PayloadSet& metering_payloads() {
  static const PayloadSet payloads = [] {
    PayloadSet set;
    for (const auto payload : kUsagePayloads) set.set(static_cast<std::size_t>(payload));
    set.set(event::Event::kClusterCreated);
    set.set(event::Event::kNodeGroupAdded);
    return set;
  }();
  return payloads;
}

bool is_metering_event(const event::Event& event) {
  return metering_payloads().test(static_cast<std::size_t>(event.payload_case()));
}

std::string_view book_of(const event::Event& event) {
  switch (event.payload_case()) {
    case event::Event::kDigestSigned: return "digest";
    case event::Event::kSigningKeyCreated: return "signing_key";
    case event::Event::kBackupTaken: return "backup";
    case event::Event::kLogRestored: return "restore";
    case event::Event::kPriceListPublished: return "price_list";
    case event::Event::kInvoiceClosed: return "invoice";
    case event::Event::kBudgetAlerted: return "budget_alert";
    default: return {};
  }
}

}  // namespace esaas::store
