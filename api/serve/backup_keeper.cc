#include "api/serve/backup_keeper.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "api/logging/log.h"
#include "core/base/text.h"
#include "core/base/time.h"

namespace esaas::api {
namespace {

/// The published state is looked at this often besides when somebody says that it has changed.
constexpr std::chrono::seconds kUntilNextLook{1};
/// What the controller does not take now is asked of it again after so long, and told once.
constexpr std::chrono::seconds kUntilAskedAgain{5};
constexpr std::chrono::seconds kAnswerTimeout{60};
/// Newest events about backups that tell what came of the last ones.
constexpr std::size_t kEventsRead = 200;
constexpr std::size_t kWhyLengthMax = 1'000;

std::string why_of(const Error& error) {
  std::string why = to_valid_utf8(error.detail.substr(0, kWhyLengthMax));
  return error.rule.empty() ? why : why + " (rule " + error.rule + ")";
}

}  // namespace

BackupKeeper::BackupKeeper(config::BackupConfig plan, BackupGround ground)
    : plan_(std::move(plan)), ground_(std::move(ground)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

Result<void> BackupKeeper::check(const std::string& name) const {
  ESAAS_CHECK(check_folder());
  {
    const std::lock_guard lock(mutex_);
    if (std::ranges::find(known_.backups, name, &store::Backup::name) != known_.backups.end()) {
      return fail(ErrorCode::kAlreadyExists, "name: there is a backup " + name, "name", "unique");
    }
  }
  return ground_.check_room ? ground_.check_room() : Result<void>{};
}

Result<void> BackupKeeper::check_folder() const {
  if (!plan_.folder.empty()) return {};
  return fail(ErrorCode::kConflict, "no folder is configured for backups (backup.directory)", "", "backup_directory");
}

void BackupKeeper::look() {
  const std::lock_guard lock(mutex_);
  is_asked_to_look_ = true;
  wake_.notify_one();
}

BackupStatus BackupKeeper::status() const {
  const auto head = ground_.front.head();
  const std::lock_guard lock(mutex_);
  BackupStatus status = known_;
  if (!head->has_backup()) return status;
  status.under_way = head->backup().name();
  status.under_way_seq = head->backup().seq();
  status.since_us = head->backup().intended_at_us();
  // What it came to is told when it is in the log.
  if (status.failed_seq == status.under_way_seq) status.failed.clear();
  return status;
}

void BackupKeeper::run(const std::stop_token& stop) {
  if (!plan_.folder.empty()) read_folder();
  if (const auto read = read_log(); !read) log::error("backups_not_known", {{"why", read.error().detail}});
  while (!stop.stop_requested()) {
    if (const auto intent = pending()) {
      carry_out(stop, *intent);
    } else if (is_time()) {
      intend(stop);
    } else {
      rest(stop, kUntilNextLook);
    }
  }
}

void BackupKeeper::read_folder() {
  const auto backups = store::Backups::open(plan_.folder);
  auto listed = backups ? backups->list() : std::unexpected(backups.error());
  if (!listed) return log::error("backups_not_usable", {{"why", listed.error().detail}});
  const std::lock_guard lock(mutex_);
  known_.backups = std::move(*listed);
}

/// When the plan's newest was tried, and whether the newest failed: so that what fails is tried once a period, however
/// often this process is started.
Result<void> BackupKeeper::read_log() {
  store::IndexQuery newest{.kind = store::IndexKind::kBook, .value = "backup"};
  newest.newest_first = true;
  newest.limit = kEventsRead;
  ESAAS_TRY(const auto seqs, ground_.log.read_index(newest));
  bool is_outcome_known = false;
  for (const std::uint64_t seq : seqs) {
    ESAAS_TRY(const event::Event event, ground_.log.read_one(seq));
    const bool is_planned = event.has_backup_intended() && event.actor().kind() != event::ACTOR_KIND_USER;
    if (is_planned) tried_ = std::max(tried_, from_us(event.time_at_us()));
    if (event.has_backup_failed() && !is_outcome_known) {
      const std::lock_guard lock(mutex_);
      known_.failed = event.backup_failed().name();
      known_.failed_seq = event.cause_seq();
      known_.why = event.backup_failed().why();
    }
    is_outcome_known = is_outcome_known || event.has_backup_failed() || event.has_backup_taken();
  }
  return {};
}

std::optional<BackupKeeper::Intent> BackupKeeper::pending() const {
  const auto head = ground_.front.head();
  if (!head->has_backup() || head->backup().seq() <= settled_seq_) return std::nullopt;
  return head->backup();
}

bool BackupKeeper::is_time() const {
  if (plan_.folder.empty() || plan_.period.count() == 0) return false;
  const std::lock_guard lock(mutex_);
  const Time taken = known_.backups.empty() ? Time{} : from_us(known_.backups.back().taken_at_us);
  return ground_.now() - std::max(taken, tried_) >= plan_.period;
}

void BackupKeeper::intend(const std::stop_token& stop) {
  const Time now = ground_.now();
  const auto answer =
      ask(stop, command::BeginBackup{.name = store::backup_name_at(now), .with_secrets = plan_.with_secrets});
  if (answer && *answer) {
    tried_ = now;
    is_refusal_told_ = false;
    return;
  }
  if (answer && !std::exchange(is_refusal_told_, true)) {
    log::warning("backup_not_begun", {{"why", answer->error().detail}});
  }
  rest(stop, kUntilAskedAgain);
}

void BackupKeeper::carry_out(const std::stop_token& stop, const Intent& intent) {
  const auto taken = take(stop, intent);
  if (!taken && stop.stop_requested()) {
    log::info("backup_stopped", {{"name", intent.name()}});  // the next process takes it
    return;
  }
  if (taken) {
    log::info("backup_taken", {{"name", taken->name}, {"through_seq", std::to_string(taken->through_seq)}});
  } else {
    log::error("backup_failed", {{"name", intent.name()}, {"why", why_of(taken.error())}});
  }
  {
    const std::lock_guard lock(mutex_);
    known_.failed = taken ? std::string() : intent.name();
    known_.failed_seq = taken ? 0 : intent.seq();
    known_.why = taken ? std::string() : why_of(taken.error());
  }
  note(stop, intent, taken);
}

Result<store::Backup> BackupKeeper::take(const std::stop_token& stop, const Intent& intent) {
  ESAAS_CHECK(check_folder());
  ESAAS_TRY(auto backups,
            store::Backups::open(plan_.folder, {.bytes_per_second_max = plan_.kib_per_second_max * 1024}));
  ESAAS_TRY(auto taken, find_taken(backups, intent));
  if (!taken) {
    if (ground_.check_room) ESAAS_CHECK(ground_.check_room());
    ESAAS_TRY(taken, backups.take(ground_.log, {.name = intent.name(),
                                                .now = ground_.now(),
                                                .secrets = intent.with_secrets() ? &ground_.secrets : nullptr,
                                                .stop = stop}));
  }
  if (intent.is_planned()) {
    const auto kept = backups.keep_newest(plan_.keep);  // the new one is there all the same
    if (!kept) log::warning("old_backups_not_deleted", {{"why", kept.error().detail}});
  }
  ESAAS_TRY(auto listed, backups.list());
  const std::lock_guard lock(mutex_);
  known_.backups = std::move(listed);
  return std::move(*taken);
}

/// What a process took that ended before it could say so. It is of this intent when this log, with the intent in it, is
/// what it copied; only such a one is removed when it is not whole.
Result<std::optional<store::Backup>> BackupKeeper::find_taken(store::Backups& backups, const Intent& intent) const {
  ESAAS_TRY(const auto all, backups.list());
  const auto found = std::ranges::find(all, intent.name(), &store::Backup::name);
  if (found == all.end()) return std::optional<store::Backup>();
  bool is_of_this = found->through_seq >= intent.seq() && found->through_seq <= ground_.log.last_seq();
  if (is_of_this) {
    ESAAS_TRY(const Hash hash, ground_.log.hash_of(found->through_seq));
    is_of_this = to_hex(to_bytes(hash)) == found->chain_hash;
  }
  if (!is_of_this) {
    return fail(ErrorCode::kAlreadyExists, "name: there is a backup " + intent.name() + " already", "name", "unique");
  }
  if (backups.has_what_it_says(*found)) return std::optional(*found);
  ESAAS_CHECK(backups.remove(intent.name()));
  return std::optional<store::Backup>();
}

/// Until it is in the log.
void BackupKeeper::note(const std::stop_token& stop, const Intent& intent, const Result<store::Backup>& taken) {
  command::NoteBackup outcome{.name = intent.name()};
  if (taken) {
    outcome.through_seq = taken->through_seq;
    outcome.bytes = taken->bytes;
    outcome.took_us = std::max<std::int64_t>(to_us(ground_.now()) - taken->taken_at_us, 0);
  } else {
    outcome.failure = why_of(taken.error());
  }
  bool is_told = false;
  while (!stop.stop_requested()) {
    const auto answer = ask(stop, outcome);
    // A conflict: it is noted already, by an answer that came too late.
    if (answer && (*answer || answer->error().code == ErrorCode::kConflict)) {
      settled_seq_ = intent.seq();
      return;
    }
    if (answer && !std::exchange(is_told, true)) {
      log::warning("backup_not_noted", {{"name", intent.name()}, {"why", answer->error().detail}});
    }
    rest(stop, kUntilAskedAgain);
  }
}

/// The controller's answer; nothing when none came, or the keeper is to end.
std::optional<Result<loop::Accepted>> BackupKeeper::ask(const std::stop_token& stop, command::Command command) {
  struct Answer {
    std::mutex mutex;
    std::condition_variable_any came;
    std::optional<Result<loop::Accepted>> value;
  };
  const auto answer = std::make_shared<Answer>();  // it may come when nobody waits any more
  std::vector<loop::Submission> submissions(1);
  submissions.front().command = std::move(command);
  ground_.front.submit(std::move(submissions), [answer](std::vector<Result<loop::Accepted>> answers) {
    const std::lock_guard lock(answer->mutex);
    answer->value = std::move(answers.front());
    answer->came.notify_one();
  });
  std::unique_lock lock(answer->mutex);
  answer->came.wait_for(lock, stop, kAnswerTimeout, [&] { return answer->value.has_value(); });
  return answer->value;
}

void BackupKeeper::rest(const std::stop_token& stop, Duration duration) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, stop, duration, [this] { return is_asked_to_look_; });
  is_asked_to_look_ = false;
}

}  // namespace esaas::api
