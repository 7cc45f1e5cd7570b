#pragma once
// BackupKeeper: the thread that takes backups, when it is asked to and from time to time, and deletes old ones. What
// was taken becomes an event.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "api/config/config.h"
#include "api/routes/backup_service.h"
#include "reconcilers/loop/front.h"
#include "store/log/rocksdb_event_log.h"
#include "store/secrets/secret_store.h"

namespace esaas::api {

class BackupKeeper final : public BackupService {
 public:
  /// All of it outlives the keeper. `now` is called on any thread.
  BackupKeeper(config::BackupConfig plan, loop::Front& front, const store::DurableLog& log, store::SecretStore& secrets,
               std::function<Time()> now);
  BackupKeeper(const BackupKeeper&) = delete;
  BackupKeeper& operator=(const BackupKeeper&) = delete;

  Result<std::string> begin(const std::string& name, bool with_secrets, const command::Caller& caller) override;
  [[nodiscard]] BackupStatus status() const override;

 private:
  struct Wish {
    std::string name;
    bool with_secrets = false;
    command::Caller caller;  // without a token: nobody asked
  };

  void run(const std::stop_token& stop);
  [[nodiscard]] std::optional<Wish> next_wish(const std::stop_token& stop);
  void carry_out(const Wish& wish);
  Result<void> take(const Wish& wish);
  [[nodiscard]] Time newest_taken() const;

  const config::BackupConfig plan_;
  loop::Front& front_;
  const store::DurableLog& log_;
  store::SecretStore& secrets_;
  const std::function<Time()> now_;

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  BackupStatus status_;
  std::optional<Wish> wish_;  // that is to be carried out, or is
  Time tried_{};              // by the plan, whatever came of it

  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace esaas::api
