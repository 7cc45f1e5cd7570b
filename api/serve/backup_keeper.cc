#include "api/serve/backup_keeper.h"

#include <algorithm>

#include "api/logging/log.h"
#include "core/base/time.h"

namespace esaas::api {
namespace {

/// "b-20261129t143000z": the order of names is the order of time.
std::string name_of(Time time) {
  std::string name = "b-";
  for (const char c : to_rfc3339(time).substr(0, 19)) {
    if (c == 'T') name += 't';
    if (c >= '0' && c <= '9') name += c;
  }
  return name + "z";
}

}  // namespace

BackupKeeper::BackupKeeper(config::BackupConfig plan, loop::Front& front, const store::DurableLog& log,
                           store::SecretStore& secrets, std::function<Time()> now)
    : plan_(std::move(plan)),
      front_(front),
      log_(log),
      secrets_(secrets),
      now_(std::move(now)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Result<std::string> BackupKeeper::begin(const std::string& name, bool with_secrets, const command::Caller& caller) {
  const std::string wanted = name.empty() ? name_of(now_()) : name;
  ESAAS_CHECK(store::check_backup_name(wanted));
  const std::lock_guard lock(mutex_);
  if (wish_) {
    return fail(ErrorCode::kConflict, "backup " + wish_->name + " is being taken", "", "one_backup_at_a_time");
  }
  if (std::ranges::find(status_.backups, wanted, &store::Backup::name) != status_.backups.end()) {
    return fail(ErrorCode::kAlreadyExists, "name: there is a backup " + wanted, "name", "unique");
  }
  wish_ = Wish{.name = wanted, .with_secrets = with_secrets, .caller = caller};
  status_.under_way = wanted;
  status_.since_us = to_us(now_());
  wake_.notify_one();
  return wanted;
}

BackupStatus BackupKeeper::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void BackupKeeper::run(const std::stop_token& stop) {
  {
    const auto backups = store::Backups::open(plan_.folder);
    auto listed = backups ? backups->list() : std::unexpected(backups.error());
    const std::lock_guard lock(mutex_);
    if (listed) status_.backups = std::move(*listed);
    if (!listed) log::error("backups_not_usable", {{"why", listed.error().detail}});
  }
  while (const auto wish = next_wish(stop)) carry_out(*wish);
}

Time BackupKeeper::newest_taken() const {
  return status_.backups.empty() ? Time{} : from_us(status_.backups.back().taken_at_us);
}

/// Nothing when the keeper is to end.
std::optional<BackupKeeper::Wish> BackupKeeper::next_wish(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto is_asked = [this] { return wish_.has_value(); };
  while (!stop.stop_requested()) {
    if (wish_) return wish_;
    if (plan_.period.count() == 0) {
      wake_.wait(lock, stop, is_asked);
      continue;
    }
    const Duration waited = now_() - std::max(newest_taken(), tried_);
    if (waited < plan_.period) {
      wake_.wait_for(lock, stop, std::min<Duration>(plan_.period - waited, std::chrono::hours(1)), is_asked);
      continue;
    }
    tried_ = now_();
    wish_ = Wish{.name = name_of(tried_), .with_secrets = plan_.with_secrets, .caller = {}};
    status_.under_way = wish_->name;
    status_.since_us = to_us(tried_);
  }
  return std::nullopt;
}

void BackupKeeper::carry_out(const Wish& wish) {
  const auto taken = take(wish);
  const std::lock_guard lock(mutex_);
  wish_.reset();
  status_.under_way.clear();
  status_.failed = taken ? std::string() : wish.name;
  status_.why = taken ? std::string() : taken.error().detail;
  if (!taken) log::error("backup_failed", {{"name", wish.name}, {"why", taken.error().detail}});
}

Result<void> BackupKeeper::take(const Wish& wish) {
  const Time begun = now_();
  ESAAS_TRY(auto backups, store::Backups::open(plan_.folder));
  ESAAS_TRY(const store::Backup taken,
            backups.take(log_, {.name = wish.name, .now = begun, .secrets = wish.with_secrets ? &secrets_ : nullptr}));
  const bool is_of_the_plan = wish.caller.token_id.empty();
  if (is_of_the_plan) {
    const auto kept = backups.keep_newest(plan_.keep);  // the new one is there all the same
    if (!kept) log::warning("old_backups_not_deleted", {{"why", kept.error().detail}});
  }
  ESAAS_TRY(auto listed, backups.list());
  log::info("backup_taken", {{"name", taken.name}, {"through_seq", std::to_string(taken.through_seq)}});
  std::vector<loop::Submission> submissions(1);
  submissions.front().caller = wish.caller;
  submissions.front().command = command::NoteBackup{
      .name = taken.name, .through_seq = taken.through_seq, .bytes = taken.bytes, .took_us = (now_() - begun).count()};
  front_.submit(std::move(submissions), [name = taken.name](const std::vector<Result<loop::Accepted>>& answers) {
    if (!answers.front()) log::warning("backup_not_noted", {{"name", name}, {"why", answers.front().error().detail}});
  });
  const std::lock_guard lock(mutex_);
  status_.backups = std::move(listed);
  return {};
}

}  // namespace esaas::api
