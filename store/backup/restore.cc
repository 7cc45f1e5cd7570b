#include "store/backup/restore.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/events/codec.h"
#include "store/backup/log_copy.h"
#include "store/backup/log_export.h"
#include "store/snapshots/durable_file.h"
#include "store/views/time_search.h"

namespace esaas::store {
namespace {

namespace fs = std::filesystem;

Result<void> check_free(const fs::path& place, const char* what) {
  std::error_code error;
  if (!fs::exists(place, error) || fs::is_empty(place, error)) return {};
  return fail(ErrorCode::kConflict,
              place.string() + " has " + what + " already: name another data directory, or move it away");
}

/// Makes it the log, at once.
Result<void> put_in_place(const fs::path& made, const fs::path& place) {
  std::error_code error;
  fs::remove(place, error);  // an empty folder
  fs::rename(made, place, error);
  if (error) return fail(ErrorCode::kInternal, "cannot rename " + made.string() + ": " + error.message());
  return sync_directory(place.parent_path());
}

Result<std::unique_ptr<DurableLog>> open_there(const fs::path& directory) {
  return open_rocksdb_log({.directory = directory, .create_if_missing = false, .env = nullptr});
}

/// What was said of the backup when it was taken.
Result<void> check_chain(const DurableLog& log, const Backup& backup) {
  if (log.last_seq() < backup.through_seq) {
    return fail(ErrorCode::kDataLoss, "backup " + backup.name + " ends at event " + std::to_string(log.last_seq()) +
                                          " and not at " + std::to_string(backup.through_seq));
  }
  ESAAS_TRY(const Hash hash, log.hash_of(backup.through_seq));
  if (to_hex(to_bytes(hash)) == backup.chain_hash) return {};
  return fail(ErrorCode::kDataLoss, "event " + std::to_string(backup.through_seq) + " of backup " + backup.name +
                                        " is not the one that was backed up");
}

Result<std::uint64_t> last_wanted(const DurableLog& log, const RestoreLimit& limit) {
  std::uint64_t last = log.last_seq();
  if (limit.time) {
    ESAAS_TRY(const std::uint64_t after, first_seq_at(log, *limit.time + Duration{1}));
    last = std::min(last, after - 1);
  }
  if (limit.seq && *limit.seq > log.last_seq()) {
    return fail(ErrorCode::kNotFound, "the backup ends at event " + std::to_string(log.last_seq()), "until");
  }
  if (limit.seq) last = std::min(last, *limit.seq);
  if (last > 0) return last;
  return fail(ErrorCode::kNotFound, "nothing had happened by then", "until");
}

/// The log in `whole` up to the limit, in `cut`.
Result<void> cut_log(const fs::path& whole, std::uint64_t last, std::vector<IdempotencyEntry> keys,
                     const fs::path& cut) {
  ESAAS_TRY(const auto records, open_stored_records(whole));
  ESAAS_TRY(const auto log, open_rocksdb_log({.directory = cut}));
  return copy_log(*records, last, std::move(keys), *log);
}

Result<void> restore_secrets(const Backups& backups, const Backup& backup, const fs::path& place) {
  const fs::path made = place.string() + ".restoring";
  std::error_code error;
  fs::remove_all(made, error);
  {
    ESAAS_TRY(const auto secrets, open_secret_store(backups.secrets_of(backup)));
    ESAAS_CHECK(secrets->copy_to(made));
  }
  ESAAS_CHECK(write_durably(made / kUnfinished, {}));
  return put_in_place(made, place);
}

}  // namespace

Result<bool> was_restored_within(const EventLog& log, Duration span, Time now) {
  if (log.events_to_index() > 0) return true;
  ESAAS_TRY(const auto found,
            log.read_index({.kind = IndexKind::kBook, .value = "restore", .newest_first = true, .limit = 1}));
  if (found.empty()) return false;
  ESAAS_TRY(const event::Event restored, log.read_one(found.front()));
  return from_us(restored.wall_at_us()) + span > now;
}

Result<std::uint64_t> note_restored(DurableLog& log, const std::string& source, std::int64_t taken_at_us,
                                    const std::string& who, Time now) {
  ESAAS_TRY(const event::Event last, log.read_one(log.last_seq()));
  event::Event event;
  event.set_seq(last.seq() + 1);
  event.set_time_at_us(std::max(to_us(now), last.time_at_us()));
  event.set_wall_at_us(to_us(now));
  event.set_leader_term(last.leader_term());
  event.set_schema_version(event::kSchemaVersion);
  event.set_min_reader_version(event::kReaderVersion);
  event.mutable_actor()->set_kind(event::ACTOR_KIND_USER);
  event.mutable_actor()->set_name(to_valid_utf8(who));
  event.mutable_actor()->set_address("local");
  event.mutable_log_restored()->set_through_seq(last.seq());
  event.mutable_log_restored()->set_source(to_valid_utf8(source));
  event.mutable_log_restored()->set_taken_at_us(taken_at_us);
  ESAAS_CHECK(log.append({.events = {std::move(event)}, .idempotency = {}}));
  return log.last_seq();
}

Result<Restored> restore(const Backups& backups, const Backup& backup, const RestoreLimit& limit,
                         const RestoreTarget& target, const std::string& who, Time now) {
  std::error_code error;
  ESAAS_CHECK(check_free(target.log_directory, "a log"));
  if (backup.has_secrets && fs::exists(target.secret_directory / kUnfinished, error)) {
    fs::remove_all(target.secret_directory, error);
  }
  if (backup.has_secrets) ESAAS_CHECK(check_free(target.secret_directory, "secrets"));
  const fs::path whole = target.log_directory.string() + ".restoring";
  const fs::path cut = target.log_directory.string() + ".cutting";
  fs::remove_all(whole, error);
  fs::remove_all(cut, error);
  ESAAS_CHECK(backups.copy_log(backup, whole));
  ESAAS_CHECK(acknowledge_all(whole));
  ESAAS_TRY(auto log, open_there(whole));
  ESAAS_CHECK(check_chain(*log, backup));
  ESAAS_TRY(const std::uint64_t last, last_wanted(*log, limit));
  const fs::path* made = &whole;
  if (last < log->last_seq()) {
    ESAAS_TRY(auto keys, log->idempotency_entries());
    log.reset();
    ESAAS_CHECK(cut_log(whole, last, std::move(keys), cut));
    made = &cut;
    ESAAS_TRY(log, open_there(cut));
  }
  Restored restored{.through_seq = last};
  ESAAS_TRY(restored.seq, note_restored(*log, backup.name, backup.taken_at_us, who, now));
  log.reset();
  if (backup.has_secrets) ESAAS_CHECK(restore_secrets(backups, backup, target.secret_directory));
  ESAAS_CHECK(put_in_place(*made, target.log_directory));
  fs::remove(target.secret_directory / kUnfinished, error);
  fs::remove_all(whole, error);
  return restored;
}

Result<Restored> import_log(const std::vector<fs::path>& files, const fs::path& log_directory, const std::string& who,
                            Time now) {
  ESAAS_CHECK(check_free(log_directory, "a log"));
  const fs::path made = log_directory.string() + ".restoring";
  std::error_code error;
  fs::remove_all(made, error);
  ESAAS_TRY(auto log, open_rocksdb_log({.directory = made}));
  for (const fs::path& file : files) ESAAS_CHECK(append_export(file, *log));
  if (log->last_seq() == 0) return fail(ErrorCode::kInvalidArgument, "there is no event in what is to be imported");
  Restored restored{.through_seq = log->last_seq()};
  const std::int64_t newest_us = log->last_time_at_us();
  ESAAS_TRY(restored.seq, note_restored(*log, files.back().filename().string(), newest_us, who, now));
  log.reset();
  ESAAS_CHECK(put_in_place(made, log_directory));
  return restored;
}

}  // namespace esaas::store
