#include "store/secrets/secret_store.h"

#include <fcntl.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/checkpoint.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <mutex>
#include <optional>

#include "core/base/assert.h"
#include "store/log/rocksdb_store.h"

namespace esaas::store {
namespace {

constexpr std::size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
using Key = std::array<unsigned char, kKeyBytes>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

/// Of one version; in the order of ids and versions. It is authenticated with what it is the key of.
std::string record_key(std::string_view id, std::uint32_t version) {
  std::string key(id);
  key += '\0';
  for (int shift = 24; shift >= 0; shift -= 8) key += static_cast<char>(version >> shift & 0xFF);
  return key;
}

struct Named {
  std::string id;
  std::uint32_t version = 0;
};

std::optional<Named> parse_record_key(std::string_view key) {
  if (key.size() < 6 || key.front() == '\0' || key[key.size() - 5] != '\0') return std::nullopt;
  Named named{.id = std::string(key.substr(0, key.size() - 5))};
  for (const char c : key.substr(key.size() - 4)) named.version = named.version << 8 | static_cast<unsigned char>(c);
  return named;
}

std::string encrypt(const Key& key, std::string_view record, std::string_view value) {
  std::string sealed(kNonceBytes + value.size() + kTagBytes, '\0');
  randombytes_buf(sealed.data(), kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes_of(sealed) + kNonceBytes, nullptr, bytes_of(value), value.size(),
                                             bytes_of(record), record.size(), nullptr, bytes_of(sealed), key.data());
  return sealed;
}

std::optional<std::string> decrypt(const Key& key, std::string_view record, std::string_view sealed) {
  if (sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
  std::string value(sealed.size() - kNonceBytes - kTagBytes, '\0');
  const auto* box = bytes_of(sealed) + kNonceBytes;
  const int opened =
      crypto_aead_xchacha20poly1305_ietf_decrypt(bytes_of(value), nullptr, nullptr, box, sealed.size() - kNonceBytes,
                                                 bytes_of(record), record.size(), bytes_of(sealed), key.data());
  if (opened != 0) return std::nullopt;
  return value;
}

/// As a file that only this user reads, there as a whole or not at all.
Result<void> keep_key(const std::filesystem::path& file, const Key& key) {
  const auto failed = [&](const char* what) {
    return fail(ErrorCode::kInternal, std::string(what) + " " + file.string() + ": " + std::strerror(errno));
  };
  const std::string temporary = file.string() + ".tmp";
  ::unlink(temporary.c_str());
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return failed("cannot create");
  const bool written = ::write(descriptor, key.data(), key.size()) == static_cast<ssize_t>(key.size());
  const bool synced = ::fsync(descriptor) == 0;
  ::close(descriptor);
  if (!written || !synced) return failed("cannot write");
  if (::rename(temporary.c_str(), file.c_str()) != 0) return failed("cannot rename");
  return {};
}

Result<Key> make_key(const std::filesystem::path& file) {
  Key key{};
  randombytes_buf(key.data(), key.size());
  ESAAS_CHECK(keep_key(file, key));
  return key;
}

Result<Key> read_key(const std::filesystem::path& file) {
  Key key{};
  std::ifstream stream(file, std::ios::binary);
  stream.read(reinterpret_cast<char*>(key.data()), static_cast<std::streamsize>(key.size()));
  if (stream.gcount() != static_cast<std::streamsize>(key.size())) {
    return fail(ErrorCode::kDataLoss, file.string() + " is not the key that the secrets were kept under");
  }
  return key;
}

class RocksDbSecretStore final : public SecretStore {
 public:
  RocksDbSecretStore(std::unique_ptr<rocksdb::DB> db, Key key) : db_(std::move(db)), key_(key) {}
  ~RocksDbSecretStore() override { sodium_memzero(key_.data(), key_.size()); }
  RocksDbSecretStore(const RocksDbSecretStore&) = delete;
  RocksDbSecretStore& operator=(const RocksDbSecretStore&) = delete;

  Result<std::uint32_t> put(std::string_view id, std::string_view value) override {
    const std::lock_guard lock(mutex_);
    ESAAS_TRY(const std::uint32_t newest, newest_version(id));
    const std::string record = record_key(id, newest + 1);
    // The counter stays when a version is erased: no version is ever given twice.
    rocksdb::WriteBatch batch;
    batch.Put(record, encrypt(key_, record, value));
    batch.Put(counter_key(id), std::to_string(newest + 1));
    rocksdb::WriteOptions options;
    options.sync = true;
    if (const auto written = db_->Write(options, &batch); !written.ok()) {
      return std::unexpected(to_error(written, "cannot keep a secret"));
    }
    return newest + 1;
  }

  Result<std::string> get(std::string_view id, std::uint32_t version) const override {
    const std::string record = record_key(id, version);
    std::string sealed;
    const auto status = db_->Get(rocksdb::ReadOptions(), record, &sealed);
    if (status.IsNotFound()) {
      return fail(ErrorCode::kNotFound,
                  "there is no secret " + std::string(id) + " of version " + std::to_string(version));
    }
    if (!status.ok()) return std::unexpected(to_error(status, "cannot read a secret"));
    auto value = decrypt(key_, record, sealed);
    if (!value) return fail(ErrorCode::kDataLoss, "secret " + std::string(id) + " can not be decrypted");
    return std::move(*value);
  }

  Result<std::size_t> erase_unless(const std::function<bool(std::string_view, std::uint32_t)>& is_needed) override {
    const std::lock_guard lock(mutex_);
    rocksdb::WriteBatch batch;
    std::size_t erased = 0;
    if (!holder_.expired()) return erased;
    const std::unique_ptr<rocksdb::Iterator> each(db_->NewIterator(rocksdb::ReadOptions()));
    for (each->SeekToFirst(); each->Valid(); each->Next()) {
      const auto named = parse_record_key(each->key().ToStringView());
      if (!named || is_needed(named->id, named->version)) continue;
      batch.Delete(each->key());
      ++erased;
    }
    if (!each->status().ok()) return std::unexpected(to_error(each->status(), "cannot read the secrets"));
    if (erased == 0) return erased;
    rocksdb::WriteOptions options;
    options.sync = true;
    auto status = db_->Write(options, &batch);
    // What was deleted is in the files until they are written anew.
    if (status.ok()) status = db_->Flush(rocksdb::FlushOptions());
    rocksdb::CompactRangeOptions compaction;
    compaction.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    if (status.ok()) status = db_->CompactRange(compaction, nullptr, nullptr);
    if (!status.ok()) return std::unexpected(to_error(status, "cannot erase secrets"));
    return erased;
  }

  std::shared_ptr<void> hold_erasures() override {
    const std::lock_guard lock(mutex_);
    auto holder = holder_.lock();
    if (holder == nullptr) holder_ = holder = std::make_shared<char>();
    return holder;
  }

  Result<void> copy_to(const std::filesystem::path& directory) const override {
    std::error_code failed;
    std::filesystem::create_directories(directory, failed);
    if (!failed) std::filesystem::permissions(directory, std::filesystem::perms::owner_all, failed);
    if (failed) return fail(ErrorCode::kInternal, "cannot make " + directory.string() + ": " + failed.message());
    if (const auto kept = keep_key(directory / "key", key_); !kept) return kept;
    rocksdb::Checkpoint* made = nullptr;
    auto status = rocksdb::Checkpoint::Create(db_.get(), &made);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    if (status.ok()) status = checkpoint->CreateCheckpoint((directory / "db").string());
    if (!status.ok()) return std::unexpected(to_error(status, "cannot copy the secrets"));
    return {};
  }

 private:
  /// No id begins with a zero byte.
  static std::string counter_key(std::string_view id) { return '\0' + std::string(id); }

  Result<std::uint32_t> newest_version(std::string_view id) const {
    std::string text;
    const auto status = db_->Get(rocksdb::ReadOptions(), counter_key(id), &text);
    if (status.IsNotFound()) return 0U;
    if (!status.ok()) return std::unexpected(to_error(status, "cannot read the secrets"));
    std::uint32_t version = 0;
    std::from_chars(text.data(), text.data() + text.size(), version);
    return version;
  }

  std::mutex mutex_;             // of those who change
  std::weak_ptr<void> holder_;  // while it lives, nothing is erased
  std::unique_ptr<rocksdb::DB> db_;
  Key key_;
};

}  // namespace

Result<std::unique_ptr<SecretStore>> open_secret_store(const std::filesystem::path& directory) {
  ESAAS_ASSERT(sodium_init() >= 0, "libsodium does not start");
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (!failed) std::filesystem::permissions(directory, std::filesystem::perms::owner_all, failed);
  if (failed) return fail(ErrorCode::kInternal, "cannot make " + directory.string() + ": " + failed.message());
  const bool has_secrets = std::filesystem::exists(directory / "db" / "CURRENT");
  const auto key_file = directory / "key";
  auto key = has_secrets || std::filesystem::exists(key_file) ? read_key(key_file) : make_key(key_file);
  if (!key) return std::unexpected(key.error());
  rocksdb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.write_buffer_size = 1U << 20U;
  options.keep_log_file_num = 2;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(options, (directory / "db").string(), &db);
  if (!status.ok()) return std::unexpected(to_error(status, "cannot open the secrets in " + directory.string()));
  return std::make_unique<RocksDbSecretStore>(std::unique_ptr<rocksdb::DB>(db), *key);
}

}  // namespace esaas::store
