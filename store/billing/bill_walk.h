#pragma once
// ClusterBills: the bills of all clusters over a stretch of time, from one walk over the log. Holds what is in use at a
// time, a sum for each line, and a bounded number of intervals that ended. May block on the disk.

#include <map>
#include <string>
#include <utility>

#include "core/base/result.h"
#include "core/billing/price_book.h"
#include "store/billing/bill.h"
#include "store/billing/invoice.h"
#include "store/log/event_log.h"

namespace esaas::store {

using ClusterBills = std::map<std::pair<std::string, std::string>, ClusterBill>;  // by tenant and name

/// Errors: kInvalidArgument (`from` is not before `to`), and the log's. `prices` must outlive the answer.
Result<ClusterBills> cluster_bills(const EventLog& log, const billing::PriceBook& prices, const BillQuery& query);

}  // namespace esaas::store
