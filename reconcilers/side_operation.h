#pragma once
// SideOperation: one operation that runs beside the active one, while it is reconciled: what all kinds of them share.
// Whatever it plans is its own, by its id. Lives within one call of `reconcile`.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reconcilers/requests.h"

namespace esaas::reconcile {

/// Rules by which a side operation waits. The sentence of the hold, and its figure "operation", tell which.
inline constexpr std::string_view kSideOperationPaused = "side_operation_paused";
inline constexpr std::string_view kSideOperationWaitsForHealth = "side_operation_waits_for_health";
inline constexpr std::string_view kSideOperationWaitsForResume = "side_operation_waits_for_resume";
inline constexpr std::string_view kSideOperationWaitsForSnapshot = "side_operation_waits_for_snapshot";
inline constexpr std::string_view kSideOperationWaitsForShards = "side_operation_waits_for_shards";

class SideOperation {
 public:
  SideOperation(const View& view, Draft& draft, const state::Operation& operation)
      : view_(view), draft_(draft), operation_(operation) {}

  [[nodiscard]] const View& view() const { return view_; }
  [[nodiscard]] const state::Operation& record() const { return operation_; }
  [[nodiscard]] const model::Request& request() const { return operation_.request(); }

  /// What the cluster said, if it was asked after the operation had started and after every answer since; null: not
  /// yet, and the plan looks again soon.
  [[nodiscard]] const Observation* seen();
  /// The same, asked after this moment too.
  [[nodiscard]] const Observation* seen_after(std::int64_t moment_us);

  /// The operation's request of this purpose and subject, or null.
  [[nodiscard]] const state::ElasticsearchRequest* find(std::string_view purpose, std::string_view subject) const;
  /// `ask` for this operation.
  RequestAnswered ask(WantedRequest wanted);

  /// Says how far it is, if that is news.
  void step(std::string_view name, std::size_t done, std::size_t total);
  void hold(std::string_view rule, std::string_view why, std::vector<model::Figure> basis = {});
  void succeed(std::string detail);
  void fail(std::string detail);

 private:
  void finish(model::OperationStatus status, std::string detail);

  const View& view_;
  Draft& draft_;
  const state::Operation& operation_;
};

/// "REPOSITORY/SNAPSHOT": a snapshot as the subject of a request.
std::string subject_of(std::string_view repository, std::string_view snapshot);
/// The path of a snapshot.
std::string snapshot_path(std::string_view repository, std::string_view snapshot);

/// What the observation says of the snapshot; null: it was not asked about, or there was no answer.
const SnapshotInfo* find_snapshot(const Observation& observation, std::string_view repository,
                                  std::string_view snapshot);

/// Elasticsearch refused to take a snapshot because one of its name is there.
bool is_name_taken(std::string_view why);

// One function for each kind.
void reconcile_settings(SideOperation& operation);
void reconcile_replicas(SideOperation& operation);
void reconcile_open(SideOperation& operation);
void reconcile_close(SideOperation& operation);
void reconcile_repository(SideOperation& operation);
void reconcile_take_snapshot(SideOperation& operation);
void reconcile_delete_snapshot(SideOperation& operation);
void reconcile_restore(SideOperation& operation);

}  // namespace esaas::reconcile
