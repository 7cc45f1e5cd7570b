#include "reconcilers/policy_snapshots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>

#include "reconcilers/effects/elasticsearch/requests.h"
#include "reconcilers/policies.h"
#include "reconcilers/policy_runs.h"
#include "reconcilers/requests.h"
#include "reconcilers/side_operation.h"

namespace esaas::reconcile {
namespace {

constexpr std::string_view kTakePurpose = "policy_take_snapshot";
constexpr std::string_view kDeletePurpose = "policy_delete_snapshot";
/// What was accepted and does not show for so long is not there.
constexpr Duration kShowsWithin = std::chrono::minutes{2};

void begin(const View& view, Draft& draft, const model::SnapshotSchedule& schedule) {
  const std::string name = scheduled_name(view.cluster().name(), view.now());
  std::vector<event::Event> events(1);
  auto& payload = *events.front().mutable_policy_run_began();
  payload.set_policy(std::string(kPolicySnapshots));
  payload.set_subject(subject_of(schedule.repository(), name));
  *payload.add_basis() = figure("every_s", schedule.every_s());
  *payload.add_basis() = figure("keep", schedule.keep());
  events.push_back(intent_of({.purpose = std::string(kTakePurpose),
                              .subject = payload.subject(),
                              .method = "PUT",
                              .path = snapshot_path(schedule.repository(), name) + "?wait_for_completion=false",
                              .body = es::snapshot_body({}, true)}));
  draft.act("begin_policy_run", std::move(events));
}

/// The oldest one of ours that is beyond those that are kept; null: there is none.
const SnapshotInfo* oldest_beyond(const View& view, std::string_view repository, std::uint32_t keep) {
  std::vector<const SnapshotInfo*> good;
  for (const SnapshotInfo& snapshot : view.fresh()->snapshots) {
    if (snapshot.repository != repository || snapshot.state != "SUCCESS") continue;
    if (is_scheduled_name(view.cluster().name(), snapshot.name)) good.push_back(&snapshot);
  }
  if (good.size() <= std::max(keep, 1U)) return nullptr;
  // Their names sort as their moments do.
  return *std::ranges::min_element(good, {}, [](const SnapshotInfo* snapshot) { return snapshot->name; });
}

/// Deletes one that is too many. False: there is none left.
bool delete_oldest(const View& view, Draft& draft, const state::PolicyRun& run, std::string_view repository,
                   std::uint32_t keep) {
  const SnapshotInfo* oldest = oldest_beyond(view, repository, keep);
  if (oldest == nullptr) return false;
  const RequestAnswered answer = ask(view, draft,
                                     {.purpose = std::string(kDeletePurpose),
                                      .subject = subject_of(repository, oldest->name),
                                      .method = "DELETE",
                                      .path = snapshot_path(repository, oldest->name)});
  if (answer.progress != RequestProgress::kRefused) return true;
  if (from_us(answer.request->answered_at_us()) < from_us(run.began_at_us())) {
    // Of an earlier run: it is tried once in each.
    draft.act("ask_elasticsearch", intent_of({.purpose = std::string(kDeletePurpose),
                                              .subject = subject_of(repository, oldest->name),
                                              .method = "DELETE",
                                              .path = snapshot_path(repository, oldest->name)}));
    return true;
  }
  finish_run(draft, run,
             fmt::format("The snapshot is good, but {} could not be deleted: {}", oldest->name, answer.why));
  return true;
}

void go_on(const View& view, Draft& draft, const state::PolicyRun& run, const model::SnapshotSchedule* schedule) {
  if (schedule == nullptr) return finish_run(draft, run, "No schedule is kept any more.");
  const auto slash = run.subject().find('/');
  const std::string repository = run.subject().substr(0, slash);
  const std::string name = run.subject().substr(slash + 1);
  const auto* request = find_request(view.cluster(), {}, kTakePurpose, {}, run.subject());
  if (request != nullptr && !request->answered()) return repeat_request(view, draft, *request);
  // The name is of this moment and this cluster: what has it is ours.
  if (request != nullptr && !request->accepted() && !is_name_taken(request->why())) {
    return finish_run(draft, run, request->why());
  }
  draft.check_soon();
  const SnapshotInfo* snapshot = find_snapshot(*view.fresh(), repository, name);
  if (snapshot == nullptr || snapshot->state == "MISSING") {
    if (view.now() - from_us(run.began_at_us()) < kShowsWithin) return;
    return finish_run(draft, run, "Elasticsearch took the request and does not know of the snapshot.");
  }
  if (snapshot->state == "IN_PROGRESS") return;
  if (snapshot->state != "SUCCESS") {
    return finish_run(draft, run, snapshot->state + (snapshot->reason.empty() ? "" : ": " + snapshot->reason));
  }
  if (!delete_oldest(view, draft, run, repository, schedule->keep())) finish_run(draft, run, {});
}

void hold(Draft& draft, std::string why, Time next_check) {
  draft.hold(kPolicySnapshots, "", {std::move(why), {}}, next_check);
}

}  // namespace

std::string scheduled_name(std::string_view cluster, Time moment) {
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(moment - day));
  return fmt::format("esaas-{}-{:04}{:02}{:02}-{:02}{:02}{:02}", cluster, static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

bool is_scheduled_name(std::string_view cluster, std::string_view name) {
  const std::string prefix = fmt::format("esaas-{}-", cluster);
  constexpr std::string_view kShape = "00000000-000000";
  if (!name.starts_with(prefix) || name.size() != prefix.size() + kShape.size()) return false;
  const std::string_view moment = name.substr(prefix.size());
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool is_digit = std::isdigit(static_cast<unsigned char>(moment[i])) != 0;
    if (kShape[i] == '0' ? !is_digit : moment[i] != '-') return false;
  }
  return true;
}

void keep_snapshots(const View& view, Draft& draft, const model::SnapshotSchedule* schedule) {
  const state::PolicyRun* run = last_run(view.cluster(), kPolicySnapshots);
  if (run != nullptr && !run->finished()) return go_on(view, draft, *run, schedule);
  if (schedule == nullptr) return;
  const Time due =
      run == nullptr ? view.now() : from_us(run->began_at_us()) + std::chrono::seconds{schedule->every_s()};
  if (view.now() < due) {
    draft.check_at(due);
    if (run != nullptr && !run->failure().empty()) {
      hold(draft, fmt::format("Scheduled snapshot {} failed: {}", run->subject(), run->failure()), due);
    }
    return;
  }
  const auto& registered = view.fresh()->repositories;
  if (std::ranges::find(registered, schedule->repository()) == registered.end()) {
    return hold(draft, "A snapshot is due, and repository " + schedule->repository() + " is not registered.",
                view.now() + std::chrono::minutes{1});
  }
  begin(view, draft, *schedule);
}

}  // namespace esaas::reconcile
