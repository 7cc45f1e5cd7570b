#pragma once
// BackupKeeper: the thread that takes the backups which the log says are intended, intends one itself from time to
// time, and deletes old ones. What came of each becomes an event; one that was under way when the process ended is
// begun again by the next.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "api/config/config.h"
#include "api/routes/backup_service.h"
#include "core/state/state.pb.h"
#include "reconcilers/loop/front.h"
#include "store/log/rocksdb_event_log.h"
#include "store/secrets/secret_store.h"

namespace esaas::api {

/// What a keeper stands on. All of it outlives the keeper.
struct BackupGround {
  loop::Front& front;
  const store::DurableLog& log;
  store::SecretStore& secrets;
  std::function<Time()> now;  ///< called on any thread
  /// Whether there is room for a backup now; null: there is. May block on the disk.
  std::function<Result<void>()> check_room = nullptr;
};

class BackupKeeper final : public BackupService {
 public:
  /// Without a folder in the plan none is taken: what the log says is intended fails.
  BackupKeeper(config::BackupConfig plan, BackupGround ground);
  BackupKeeper(const BackupKeeper&) = delete;
  BackupKeeper& operator=(const BackupKeeper&) = delete;
  /// Stops the one that is under way, soon; it stays intended.
  ~BackupKeeper() override = default;

  [[nodiscard]] Result<void> check(const std::string& name) const override;
  void look() override;
  [[nodiscard]] BackupStatus status() const override;

 private:
  using Intent = state::BackupState;

  [[nodiscard]] Result<void> check_folder() const;
  void run(const std::stop_token& stop);
  void read_folder();
  Result<void> read_log();
  [[nodiscard]] std::optional<Intent> pending() const;
  [[nodiscard]] bool is_time() const;
  void intend(const std::stop_token& stop);
  void carry_out(const std::stop_token& stop, const Intent& intent);
  Result<store::Backup> take(const std::stop_token& stop, const Intent& intent);
  Result<std::optional<store::Backup>> find_taken(store::Backups& backups, const Intent& intent) const;
  void note(const std::stop_token& stop, const Intent& intent, const Result<store::Backup>& taken);
  std::optional<Result<loop::Accepted>> ask(const std::stop_token& stop, command::Command command);
  void rest(const std::stop_token& stop, Duration duration);

  const config::BackupConfig plan_;
  const BackupGround ground_;

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  bool is_asked_to_look_ = false;
  BackupStatus known_;  // the folder, and what failed; what is under way is in the published state

  // Of the thread:
  Time tried_{};                   // by the plan, whatever came of it
  std::uint64_t settled_seq_ = 0;  // the newest intent whose outcome is durable
  bool is_refusal_told_ = false;   // of the plan's next

  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace esaas::api
