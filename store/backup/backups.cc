#include "store/backup/backups.h"

#include <fcntl.h>
#include <rocksdb/utilities/backup_engine.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/text.h"
#include "store/log/rocksdb_store.h"
#include "store/snapshots/durable_file.h"

namespace esaas::store {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t kNameLengthMax = 63;

rocksdb::BackupEngineOptions engine_options(const fs::path& folder, const BackupsOptions& wanted) {
  rocksdb::BackupEngineOptions options((folder / "log").string());
  options.share_table_files = true;
  options.share_files_with_checksum = true;
  options.sync = true;
  options.backup_rate_limit = wanted.bytes_per_second_max;
  return options;
}

std::string metadata_of(const Backup& backup) {
  return json::serialize(json::object{{"name", backup.name},
                                      {"through_seq", backup.through_seq},
                                      {"chain_hash", backup.chain_hash},
                                      {"taken_at_us", backup.taken_at_us},
                                      {"has_secrets", backup.has_secrets}});
}

Result<Backup> backup_of(const rocksdb::BackupInfo& info, const fs::path& folder) {
  boost::system::error_code failed;
  const json::value value = json::parse(info.app_metadata, failed);
  const auto* object = failed ? nullptr : value.if_object();
  try {
    if (object != nullptr) {
      return Backup{.id = info.backup_id,
                    .name = std::string(object->at("name").as_string()),
                    .through_seq = object->at("through_seq").to_number<std::uint64_t>(),
                    .chain_hash = std::string(object->at("chain_hash").as_string()),
                    .taken_at_us = object->at("taken_at_us").to_number<std::int64_t>(),
                    .bytes = info.size,
                    .has_secrets = object->at("has_secrets").as_bool()};
    }
  } catch (const std::exception&) {  // a field is missing, or of another type
  }
  return fail(ErrorCode::kDataLoss,
              "backup " + std::to_string(info.backup_id) + " in " + folder.string() + " does not say what it is of");
}

/// Whoever holds it writes to the folder. A crash lets go of it.
Result<int> lock_folder(const fs::path& folder) {
  const fs::path file = folder / "LOCK";
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return fail(ErrorCode::kInternal, "cannot open " + file.string() + ": " + std::strerror(errno));
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  ::close(descriptor);
  return fail(ErrorCode::kUnavailable, "another process uses the backups in " + folder.string());
}

/// They are in their place as a whole, or not at all.
Result<void> copy_secrets(const SecretStore& secrets, const fs::path& place) {
  const fs::path partial = place.parent_path() / ".partial";  // no backup has such a name
  std::error_code error;
  fs::remove_all(partial, error);
  fs::remove_all(place, error);
  fs::create_directories(place.parent_path(), error);
  ESAAS_CHECK(secrets.copy_to(partial));
  fs::rename(partial, place, error);
  if (!error) return sync_directory(place.parent_path());
  return fail(ErrorCode::kInternal, "cannot put secrets into " + place.string() + ": " + error.message());
}

}  // namespace

Result<void> check_backup_name(const std::string& name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (!name.empty() && name.size() <= kNameLengthMax && name.front() != '-' && std::ranges::all_of(name, fits))
    return {};
  return fail(ErrorCode::kInvalidArgument,
              "name: a backup's has 1 to 63 lower-case letters, digits and \"-\", and begins with no \"-\"", "name",
              "dns_label");
}

std::string backup_name_at(Time time) {
  std::string name = "b-";
  for (const char c : to_rfc3339(time).substr(0, 19)) {
    if (c == 'T') name += 't';
    if (c >= '0' && c <= '9') name += c;
  }
  return name + "z";
}

Backups::Backups(fs::path folder, std::unique_ptr<rocksdb::BackupEngine> engine, int lock)
    : folder_(std::move(folder)), engine_(std::move(engine)), lock_(lock) {}

Backups::Backups(Backups&& other) noexcept
    : folder_(std::move(other.folder_)), engine_(std::move(other.engine_)), lock_(std::exchange(other.lock_, -1)) {}

Backups& Backups::operator=(Backups&& other) noexcept {
  std::swap(folder_, other.folder_);
  std::swap(engine_, other.engine_);
  std::swap(lock_, other.lock_);
  return *this;
}

Backups::~Backups() {
  engine_.reset();
  if (lock_ >= 0) ::close(lock_);
}

Result<Backups> Backups::open(const fs::path& folder, const BackupsOptions& options) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(ErrorCode::kInternal, "cannot make " + folder.string() + ": " + error.message());
  ESAAS_TRY(const int lock, lock_folder(folder));
  rocksdb::BackupEngine* engine = nullptr;
  const auto status = rocksdb::BackupEngine::Open(rocksdb::Env::Default(), engine_options(folder, options), &engine);
  Backups backups(folder, std::unique_ptr<rocksdb::BackupEngine>(engine), lock);
  if (!status.ok()) return std::unexpected(to_error(status, "cannot open the backups in " + folder.string()));
  // Of one that a crash interrupted: files that no backup names.
  if (const auto cleaned = backups.engine_->GarbageCollect(); !cleaned.ok()) {
    return std::unexpected(to_error(cleaned, "cannot clean the backups in " + folder.string()));
  }
  ESAAS_TRY(const auto known, backups.list());
  for (fs::directory_iterator kept(folder / "secrets", error), end; !error && kept != end; kept.increment(error)) {
    const bool is_known = std::ranges::find(known, kept->path().filename().string(), &Backup::name) != known.end();
    std::error_code ignored;
    if (!is_known) fs::remove_all(kept->path(), ignored);
  }
  return backups;
}

Result<Backup> Backups::take(const DurableLog& log, const Wish& wish) {
  ESAAS_CHECK(check_backup_name(wish.name));
  ESAAS_TRY(const auto known, list());
  if (std::ranges::find(known, wish.name, &Backup::name) != known.end()) {
    return fail(ErrorCode::kAlreadyExists, "name: there is a backup " + wish.name, "name", "unique");
  }
  Backup backup;
  backup.name = wish.name;
  backup.taken_at_us = to_us(wish.now);
  backup.has_secrets = wish.secrets != nullptr;
  // What the log refers to when it is copied is kept until it is copied too.
  const auto held = wish.secrets != nullptr ? wish.secrets->hold_erasures() : nullptr;
  backup.through_seq = log.last_seq();
  ESAAS_TRY(const Hash hash, log.hash_of(backup.through_seq));
  backup.chain_hash = to_hex(to_bytes(hash));
  rocksdb::CreateBackupOptions options;
  options.flush_before_backup = false;  // the write-ahead log is copied with it
  std::uint32_t id = 0;
  const std::stop_callback on_stop(wish.stop, [this] { engine_->StopBackup(); });
  const auto status = engine_->CreateNewBackupWithMetadata(options, &log.database(), metadata_of(backup), &id);
  if (status.IsIncomplete()) return fail(ErrorCode::kUnavailable, "backup " + wish.name + " was stopped");
  if (!status.ok()) return std::unexpected(to_error(status, "cannot take backup " + wish.name));
  if (wish.secrets != nullptr) {
    if (const auto copied = copy_secrets(*wish.secrets, secrets_of(backup)); !copied) {
      engine_->DeleteBackup(id);
      return std::unexpected(copied.error());
    }
  }
  return find(wish.name);
}

Result<std::vector<Backup>> Backups::list() const {
  std::vector<rocksdb::BackupInfo> infos;
  engine_->GetBackupInfo(&infos);
  std::vector<Backup> backups;
  for (const rocksdb::BackupInfo& info : infos) {
    ESAAS_TRY(Backup backup, backup_of(info, folder_));
    backups.push_back(std::move(backup));
  }
  return backups;
}

Result<Backup> Backups::find(const std::string& name) const {
  ESAAS_TRY(const auto backups, list());
  const auto found = std::ranges::find(backups, name, &Backup::name);
  if (found != backups.end()) return *found;
  return fail(ErrorCode::kNotFound, "there is no backup " + name + " in " + folder_.string());
}

bool Backups::has_what_it_says(const Backup& backup) const {
  std::error_code error;
  return !backup.has_secrets || fs::is_directory(secrets_of(backup), error);
}

Result<void> Backups::remove(const std::string& name) {
  ESAAS_TRY(const Backup backup, find(name));
  const auto status = engine_->DeleteBackup(backup.id);
  if (!status.ok()) return std::unexpected(to_error(status, "cannot delete backup " + name));
  std::error_code ignored;
  fs::remove_all(secrets_of(backup), ignored);
  return {};
}

Result<void> Backups::verify(const std::string& name) const {
  ESAAS_TRY(const Backup backup, find(name));
  const auto status = engine_->VerifyBackup(backup.id, true);
  if (status.ok()) return {};
  return fail(ErrorCode::kDataLoss, "backup " + name + " is broken: " + status.ToString());
}

Result<std::vector<std::string>> Backups::keep_newest(std::size_t count) {
  ESAAS_TRY(const auto backups, list());
  count = std::max<std::size_t>(count, 1);
  std::vector<std::string> gone;
  for (std::size_t i = 0; i + count < backups.size(); ++i) {
    ESAAS_CHECK(remove(backups[i].name));
    gone.push_back(backups[i].name);
  }
  return gone;
}

Result<void> Backups::copy_log(const Backup& backup, const fs::path& directory) const {
  const std::string database = database_path({.directory = directory}).string();
  std::error_code error;
  fs::create_directories(database, error);
  if (error) return fail(ErrorCode::kInternal, "cannot make " + database + ": " + error.message());
  const auto status = engine_->RestoreDBFromBackup(backup.id, database, database);
  if (status.ok()) return {};
  if (status.IsCorruption() || status.IsNotFound()) {
    return fail(ErrorCode::kDataLoss, "backup " + backup.name + " is broken: " + status.ToString());
  }
  return std::unexpected(to_error(status, "cannot restore backup " + backup.name));
}

fs::path Backups::secrets_of(const Backup& backup) const { return folder_ / "secrets" / backup.name; }

}  // namespace esaas::store
