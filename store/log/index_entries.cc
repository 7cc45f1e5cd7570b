#include "store/log/index_entries.h"

namespace esaas::store {

bool is_usage_event(const event::Event& event) {
  switch (event.payload_case()) {
    case event::Event::kNodeAdded:
    case event::Event::kNodeRemoved:
    case event::Event::kPlaceIntended:
    case event::Event::kPlaceReserved:
    case event::Event::kPlaceFailed:
    case event::Event::kPlaceReleased:
    case event::Event::kPlaceMoved:
    case event::Event::kPlaceGrown:
    case event::Event::kPlaceAdopted:
    case event::Event::kTaskLaunchIntended:
    case event::Event::kTaskAdopted:
    case event::Event::kTaskStatusChanged:
    case event::Event::kClusterDeleted: return true;
    default: return false;
  }
}

bool is_metering_event(const event::Event& event) {
  return is_usage_event(event) || event.has_cluster_created() || event.has_node_group_added();
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
