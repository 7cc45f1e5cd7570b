#pragma once
// FakeFront: a controller in a few lines: decides and evolves as the real one does and appends to a log in memory,
// without Mesos, Elasticsearch or reconcilers. Answers come on a thread of its own, or never (`hold_answers`).
// Thread-safe.

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "core/base/time.h"
#include "core/state/fleet_state.h"
#include "reconcilers/loop/front.h"
#include "store/log/memory_event_log.h"
#include "tests/api/fake_secrets.h"

namespace esaas::api {

/// 2016-10-09T12:00:00Z: the moment at which tests stand still.
inline const Time kTestNow = from_us(1'476'014'400'000'000);

class FakeFront final : public loop::Front {
 public:
  FakeFront();
  ~FakeFront() override;

  void submit(std::vector<loop::Submission> submissions, Answers answers) override;
  void preview(loop::Submission submission, std::function<void(Result<loop::Preview>)> answer) override;
  /// Compares with `books`; kUnavailable while there are none.
  void ledger(std::function<void(Result<reconcile::Ledger>)> answer) override;
  /// Answers of `observation` what is asked; kUnavailable while there is none.
  void observe(std::string cluster, reconcile::Questions questions,
               std::function<void(Result<reconcile::Observation>)> answer) override;
  /// Signs at once, with a key that `signing_secrets` keeps.
  void sign_digest(command::Caller caller, std::function<void(Result<std::uint64_t>)> answer) override;
  [[nodiscard]] std::shared_ptr<const state::Cluster> cluster(std::string_view name) const override;
  [[nodiscard]] loop::FleetView fleet() const override;
  [[nodiscard]] loop::Picture picture() const override;
  [[nodiscard]] std::shared_ptr<const state::Fleet> head() const override;
  [[nodiscard]] std::shared_ptr<const state::Operation> operation(std::string_view id) const override;
  [[nodiscard]] std::vector<std::shared_ptr<const state::Operation>> operations() const override;
  [[nodiscard]] std::vector<std::string> tenants() const override;
  [[nodiscard]] std::shared_ptr<const state::Tenant> tenant(std::string_view name) const override;
  [[nodiscard]] std::optional<loop::TokenView> token(std::string_view hash) const override;
  [[nodiscard]] std::vector<std::shared_ptr<const state::Token>> tokens() const override;
  [[nodiscard]] loop::ControllerStatus status() const override;

  // ---- For tests ----
  store::MemoryEventLog log;
  FakeSecrets signing_secrets;
  std::optional<reconcile::MasterBooks> books;
  std::optional<reconcile::Observation> observation;  ///< without snapshots of repositories that it does not list
  bool notes_token_uses = false;                      ///< else their first use is as good as in the log
  loop::ControllerStatus liveness;                    ///< what status() tells, besides the seqs
  Duration later{0};                                  ///< than kTestNow: the time of what is appended
  /// Decides and appends as a caller of all tenants; the test fails when it is refused.
  loop::Accepted must(command::Command command);
  /// Appends an event as a reconciler would.
  void append(event::Event event);
  /// Answers nothing from now on.
  void hold_answers();
  /// Answers every submission that the bounded queue is full.
  void refuse_all();
  [[nodiscard]] std::size_t submissions_seen() const;

 private:
  Result<loop::Accepted> accept(const loop::Submission& submission);
  void stamp_and_append(std::vector<event::Event> events, std::vector<store::IdempotencyEntry> keys = {});
  void answer_later(std::function<void()> answer);
  void run();

  mutable std::mutex mutex_;
  state::FleetState state_;
  std::map<std::string, std::pair<std::string, loop::Accepted>> keys_;
  std::size_t seen_ = 0;
  bool held_ = false;
  bool full_ = false;

  std::condition_variable wake_;
  std::deque<std::function<void()>> answers_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace esaas::api
