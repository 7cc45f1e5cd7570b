// The number of replicas of indices that are there. Closed ones keep theirs, and so do those whose replicas follow the
// number of nodes by themselves; the outcome names them.

#include <fmt/format.h>

#include <algorithm>

#include "reconcilers/effects/elasticsearch/requests.h"
#include "reconcilers/index_replicas.h"
#include "reconcilers/side_operation.h"

namespace esaas::reconcile {
namespace {

struct Selection {
  std::vector<const IndexInfo*> differ;
  std::size_t matching = 0;
  std::vector<std::string> left_alone;
  std::vector<std::string> missing;  ///< named, not by a pattern, and not there
};

Selection select(const model::SetReplicas& wanted, const Observation& seen) {
  Selection selection;
  for (const IndexInfo& index : seen.indices) {
    if (!matches_any(wanted.indices(), index.name)) continue;
    if (!index.open || expands_by_itself(index)) {
      selection.left_alone.push_back(index.name + (index.open ? " (expands by itself)" : " (closed)"));
      continue;
    }
    ++selection.matching;
    if (index.replicas != wanted.replicas()) selection.differ.push_back(&index);
  }
  for (const std::string& name : wanted.indices()) {
    const bool is_there = name.find('*') != std::string::npos || name == "_all" ||
                          std::ranges::find(seen.indices, name, &IndexInfo::name) != seen.indices.end();
    if (!is_there) selection.missing.push_back(name);
  }
  return selection;
}

std::string detail_of(const SideOperation& operation, const Selection& selection, const Observation& seen) {
  const std::uint32_t replicas = operation.request().replicas().replicas();
  std::string detail = fmt::format("{} indices have {} replicas.", selection.matching, replicas);
  if (!selection.left_alone.empty()) detail += " Left alone: " + listed(selection.left_alone) + ".";
  const std::uint32_t others = seen.health.data_nodes() == 0 ? 0 : seen.health.data_nodes() - 1;
  if (replicas > others) {
    detail += fmt::format(" There are {} data nodes, so {} copies of each shard can not be assigned.",
                          seen.health.data_nodes(), replicas - others);
  }
  return detail;
}

/// Waits for each request of the operation. True: all are answered and none was refused.
bool are_accepted(SideOperation& operation, std::int64_t& answered_at_us) {
  bool all = true;
  for (const state::ElasticsearchRequest& request : operation.view().cluster().requests()) {
    if (request.operation() != operation.record().id() || request.purpose() != kSetReplicas) continue;
    if (request.answered() && !request.accepted()) {
      operation.fail(request.why());
      return false;
    }
    answered_at_us = std::max(answered_at_us, request.answered_at_us());
    if (request.answered()) continue;
    operation.ask({.purpose = request.purpose(), .subject = request.subject()});
    all = false;
  }
  return all;
}

}  // namespace

void reconcile_replicas(SideOperation& operation) {
  std::int64_t answered_at_us = 0;
  if (!are_accepted(operation, answered_at_us)) return;
  const Observation* seen = operation.seen_after(answered_at_us);
  if (seen == nullptr) return;
  const model::SetReplicas& wanted = operation.request().replicas();
  const Selection selection = select(wanted, *seen);
  operation.step("replicas", selection.matching - selection.differ.size(), selection.matching);
  if (!selection.missing.empty()) {
    // Elasticsearch says best what is wrong with it.
    operation.ask({.purpose = std::string(kSetReplicas),
                   .subject = selection.missing.front(),
                   .method = "PUT",
                   .path = "/" + path_escaped(selection.missing.front()) + "/_settings?master_timeout=10s&timeout=10s",
                   .body = es::replicas_body(wanted.replicas())});
    return;
  }
  if (selection.differ.empty()) return operation.succeed(detail_of(operation, selection, *seen));
  for (WantedRequest& request : replicas_requests(kSetReplicas, selection.differ, wanted.replicas())) {
    if (operation.find(kSetReplicas, request.subject) != nullptr) {
      return operation.fail("Elasticsearch took the change, and something else has changed the replicas of " +
                            request.subject + " since.");
    }
    operation.ask(std::move(request));
  }
}

}  // namespace esaas::reconcile
