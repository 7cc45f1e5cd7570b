#pragma once
// Front: all that the HTTP API may ask of the controller. Every method may be called from any thread; none blocks on
// I/O. An answer comes on a thread of the controller, once what it tells is durable.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/commands/decide.h"
#include "core/state/state.pb.h"
#include "reconcilers/ledger.h"
#include "reconcilers/observation.h"

namespace esaas::loop {

/// One command as it came over HTTP.
struct Submission {
  command::Command command;
  command::Caller caller;
  std::string idempotency_key;  ///< empty: none. Scoped to the caller's tenant by the controller.
  std::string body_hash;        ///< BLAKE2b-256 of method, path and body: the same key with another body is a conflict
};

/// The answer to a submission that was taken.
struct Accepted {
  std::string operation_id;    ///< empty for commands that are no operation
  std::uint64_t seq = 0;       ///< of the first event it led to
  std::uint64_t revision = 0;  ///< the cluster's, after it
  bool replayed = false;       ///< the idempotency key was seen before: the first answer once more
};

/// What a dry run answers: the events that would be appended, and what the reconcilers would do next, and hold.
struct Preview {
  std::vector<event::Event> events;
  std::vector<event::Event> next;  ///< intents of the first plan after it
  std::vector<state::Hold> holds;
};

/// A consistent picture at one durable seq. Cheap to copy; immutable.
struct FleetView {
  std::uint64_t seq = 0;
  std::vector<std::shared_ptr<const state::Cluster>> clusters;  ///< by name
};

/// The whole of it, at one durable seq. Immutable.
struct Picture {
  std::uint64_t seq = 0;
  std::shared_ptr<const state::Fleet> head;                     ///< its own seq is of the last event that changed it
  std::vector<std::shared_ptr<const state::Cluster>> clusters;  ///< by name
  std::vector<std::shared_ptr<const state::Operation>> operations;  ///< that are open, by id
};

/// What a caller's token turned out to be.
struct TokenView {
  std::string token_id;
  std::string tenant;
  model::TokenRole role = model::TOKEN_ROLE_UNSPECIFIED;
  std::int64_t expires_at_us = 0;
};

/// Liveness for /readyz and /metrics.
struct ControllerStatus {
  bool log_writable = false;  ///< false: read-only (disk reserve, failed commit)
  bool mesos_connected = false;
  std::string mesos_problem;  ///< "none", or one word for what keeps the controller from being subscribed
  std::string framework_id;
  std::string stopped_reason;  ///< not empty: the framework is torn down or fenced
  std::uint64_t durable_seq = 0;
  std::uint64_t sequenced_seq = 0;
  std::size_t queued_commands = 0;
  std::uint32_t leader_term = 0;
  /// Lines of the newest ledger by status; none before the master's books were first seen.
  std::vector<std::pair<reconcile::LedgerStatus, std::size_t>> ledger_lines;
};

class Front {
 public:
  virtual ~Front() = default;

  using Answers = std::function<void(std::vector<Result<Accepted>>)>;
  /// Decides the submissions in order and answers all of them at once, in the same order, when the last is durable.
  /// Each stands alone: one refused does not refuse the others. When the bounded queue is full every answer is
  /// kResourceExhausted, at once and on the calling thread.
  virtual void submit(std::vector<Submission> submissions, Answers answers) = 0;

  /// Decides without appending.
  virtual void preview(Submission submission, std::function<void(Result<Preview>)> answer) = 0;

  /// The ledger of reservations, compared with the master's books that are asked for now. kUnavailable: the master
  /// cannot be asked.
  virtual void ledger(std::function<void(Result<reconcile::Ledger>)> answer) = 0;

  /// Asks the cluster's Elasticsearch, now and of the questions besides. Nothing of the answer is kept: `asked` in it
  /// says which of the questions were answered. kNotFound: there is no such cluster; kUnavailable: no node of it runs,
  /// or none answers; kResourceExhausted: too many ask.
  virtual void observe(std::string cluster, reconcile::Questions questions,
                       std::function<void(Result<reconcile::Observation>)> answer) = 0;

  /// Signs the log up to now; answers the seq of the digest that is over all that was durable, which is the newest one
  /// when nothing was logged since. Errors: kUnavailable (below the reserve of free space), kResourceExhausted, and
  /// those of store::sign_digest.
  virtual void sign_digest(command::Caller caller, std::function<void(Result<std::uint64_t>)> answer) = 0;

  /// Snapshots at the durable seq. Null when there is none (for an operation: none that is open).
  [[nodiscard]] virtual std::shared_ptr<const state::Cluster> cluster(std::string_view name) const = 0;
  [[nodiscard]] virtual FleetView fleet() const = 0;
  [[nodiscard]] virtual Picture picture() const = 0;
  /// Tenants, tokens, sinks and so on. Another pointer when they changed; never null.
  [[nodiscard]] virtual std::shared_ptr<const state::Fleet> head() const = 0;
  [[nodiscard]] virtual std::shared_ptr<const state::Operation> operation(std::string_view id) const = 0;
  [[nodiscard]] virtual std::vector<std::shared_ptr<const state::Operation>> operations() const = 0;
  [[nodiscard]] virtual std::vector<std::string> tenants() const = 0;
  [[nodiscard]] virtual std::shared_ptr<const state::Tenant> tenant(std::string_view name) const = 0;
  /// The token whose BLAKE2b-256 is `hash`, unless revoked. Expiry is the caller's to check against its clock.
  [[nodiscard]] virtual std::optional<TokenView> token(std::string_view hash) const = 0;
  [[nodiscard]] virtual std::vector<std::shared_ptr<const state::Token>> tokens() const = 0;
  [[nodiscard]] virtual ControllerStatus status() const = 0;
};

}  // namespace esaas::loop
