#include "api/routes/route_table.h"

#include "api/routes/admin_routes.h"
#include "api/routes/backup_routes.h"
#include "api/routes/billing_routes.h"
#include "api/routes/change_routes.h"
#include "api/routes/cluster_routes.h"
#include "api/routes/companion_routes.h"
#include "api/routes/digest_routes.h"
#include "api/routes/event_routes.h"
#include "api/routes/export_routes.h"
#include "api/routes/health_routes.h"
#include "api/routes/ledger_routes.h"
#include "api/routes/operation_routes.h"
#include "api/routes/past_routes.h"
#include "api/routes/report_routes.h"
#include "api/routes/sink_routes.h"
#include "api/routes/snapshot_routes.h"
#include "api/routes/tenant_routes.h"
#include "api/routes/undo_route.h"
#include "api/routes/why_routes.h"

namespace esaas::api {

std::vector<Route> all_routes() {
  std::vector<Route> routes;
  for (const auto& part : {cluster_routes(), change_routes(), snapshot_routes(), companion_routes(), undo_routes(),
                           why_routes(), operation_routes(), report_routes(), past_routes(), billing_routes(),
                           export_routes(), ledger_routes(), event_routes(), digest_routes(), backup_routes(),
                           sink_routes(), admin_routes(), tenant_routes(), health_routes()}) {
    routes.insert(routes.end(), part.begin(), part.end());
  }
  return routes;
}

}  // namespace esaas::api
