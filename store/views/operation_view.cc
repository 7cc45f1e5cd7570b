#include "store/views/operation_view.h"

#include <algorithm>

#include "core/events/visit.h"
#include "core/state/evolve_operation.h"
#include "store/views/index_walk.h"
#include "store/views/operation_walk.h"

namespace esaas::store {
namespace {

/// Hands to evolve what is about the operation itself; the other events were only caused by it.
void apply_if_own(state::Operation& operation, const std::string& id, const event::Event& event) {
  event::visit(event, [&](const auto& payload) {
    if constexpr (requires {
                    state::apply(operation, payload, event);
                    payload.id();
                  }) {
      if (payload.id() == id) state::apply(operation, payload, event);
    }
  });
}

bool matches(const FinishedQuery& query, const event::Event& event) {
  return event.has_operation_requested() && (query.tenant.empty() || event.tenant() == query.tenant) &&
         (query.cluster.empty() || event.cluster() == query.cluster);
}

}  // namespace

std::string_view name_of(model::OperationStatus status) {
  switch (status) {
    case model::OPERATION_STATUS_QUEUED: return "queued";
    case model::OPERATION_STATUS_RUNNING: return "running";
    case model::OPERATION_STATUS_SUCCEEDED: return "succeeded";
    case model::OPERATION_STATUS_FAILED: return "failed";
    case model::OPERATION_STATUS_CANCELLED: return "cancelled";
    default: return "unknown";
  }
}

Result<state::Operation> OperationView::find(std::string_view id) const {
  const std::string wanted(id);
  state::Operation operation;
  OperationWalk walk(log_, wanted);
  for (;;) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) break;
    apply_if_own(operation, wanted, *event);
  }
  if (operation.requested_seq() == 0) return fail(ErrorCode::kNotFound, "there is no operation " + wanted);
  return operation;
}

Result<FinishedPage> OperationView::finished(const FinishedQuery& query) const {
  FinishedPage page;
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kViewPageMax);
  IndexQuery index{.kind = query.cluster.empty() ? IndexKind::kAudit : IndexKind::kClusterAudit,
                   .value = query.cluster,
                   .newest_first = true};
  if (query.before_seq != 0) index.to_seq = query.before_seq - 1;
  IndexWalk walk(log_, index);
  for (std::size_t scanned = 0;; ++scanned) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) return page;
    if (scanned == kViewScanMax || page.operations.size() == limit) {
      page.next_before_seq = event->seq() + 1;
      return page;
    }
    if (!matches(query, *event)) continue;
    const std::string& id = event->operation_requested().id();
    if (!event->operation_requested().has_fulfilment()) {
      ESAAS_TRY(const auto end, log_.read_index({.kind = IndexKind::kOperationEnd, .value = id, .limit = 1}));
      if (end.empty()) continue;
    }
    ESAAS_TRY(state::Operation operation, find(id));
    if (query.status != model::OPERATION_STATUS_UNSPECIFIED && operation.status() != query.status) continue;
    page.operations.push_back(std::move(operation));
  }
}

}  // namespace esaas::store
