#pragma once
// The subscription of one framework, as a state machine without I/O.
//
// # What goes in and what comes out
// Inputs are what happened (a response head, body bytes, a lost connection, time) and `now`; each
// answers a list of actions to carry out in order. The machine asks no clock and opens nothing:
// client.cc drives it with sockets, the tests with a list of strings. After each input ask
// `next_wake()` and call `on_time` no later than then.
//
// # One life of a subscription
//
//     start -> OpenStream -> head 200 -> SUBSCRIBED -> [confirmation] -> events ... -> connection
//     lost -> wait -> OpenStream
//
// - Masters are tried in turn without a pause; when all have failed there is a jittered wait, up to
// 15 s. Where something else detects the leader (`masters_detected`), it is the only one that is tried, a change drops
// the stream at once, and without a leader the session waits to be told one.
// - 307 is followed at once, to a bounded depth. 401, 403, 404, 429 and 5xx are retried (another
// leader, an ACL, a credential
//   or a master that is still starting); 400, 406 and 415 stop for good, since the same request
//   would be refused again.
// - The FrameworkID goes into framework_info.id AND the call. A new one is used from the moment it
// is seen, also on a
//   re-subscription, but events are held back and calls are not allowed until the owner says that
//   it is durable: otherwise a crash would leave tasks to a framework that nobody can resume.
// - Silence of five heartbeats drops the connection; a half-open one would look alive for hours.
// - ERROR "removed" means that the id is gone with all its tasks, ERROR "failed over" that a newer
// instance owns it. Both
//   stop the session: going on would either start a second fleet or fight over the first.
//
// Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "reconcilers/effects/mesos/backoff.h"
#include "reconcilers/effects/mesos/endpoint.h"
#include "reconcilers/effects/mesos/recordio.h"
#include "reconcilers/effects/mesos/wire/scheduler.pb.h"

namespace esaas::mesos {

struct SessionConfig {
  std::vector<Endpoint> masters;  ///< at least one, unless masters_detected
  bool masters_detected = false;  ///< begin without masters and wait for on_leader
  std::string principal = {};     ///< whose credentials are sent, for texts; empty: none are
  bool tls = false;               ///< which scheme a redirect may name
  bool takes_over = false;  ///< the id that start() is given is in no log yet: it needs confirmation like a new one
  std::uint64_t jitter_seed = 0;
  Duration backoff_first = std::chrono::milliseconds(500);
  Duration backoff_longest = std::chrono::seconds(15);
  Duration subscribe_timeout = std::chrono::seconds(30);  ///< from OpenStream to SUBSCRIBED
  Duration confirm_timeout = std::chrono::seconds(30);    ///< for confirm_framework_id_durable
  Duration heartbeat_default = std::chrono::seconds(15);  ///< when SUBSCRIBED names no interval
  int heartbeats_missed_max = 5;
  int redirects_max = 5;
};

/// What keeps us from being subscribed.
enum class MasterProblem : std::uint8_t {
  kNone,                ///< nothing: subscribed
  kConnecting,          ///< an attempt is under way, the first or after a change of the leader
  kNoLeader,            ///< no master leads, or none is known yet
  kUnreachable,         ///< the attempts fail; another follows by itself
  kCredentialsRefused,  ///< the master wants other credentials than ours, or some where we have none
  kLiveFramework,       ///< to begin anew would be to begin beside the live tasks of a framework like this one
  kWrongFramework,      ///< the framework that is to be taken over is none that the master knows as ours
};

/// `credentials_refused` and so on; kNone is "none".
std::string_view name_of(MasterProblem problem);

/// Why a session ended for good.
enum class StopReason : std::uint8_t {
  kRequested,            ///< stop() was called
  kFrameworkRemoved,     ///< the FrameworkID was torn down or timed out; its tasks are gone, a person
                         ///< must decide
  kFailedOver,           ///< a newer instance of this framework subscribed; this one must not act any more
  kSubscriptionRefused,  ///< the master will not take this FrameworkInfo or request
};

/// `framework_removed` and so on, for logs.
std::string_view name_of(StopReason reason);

/// Open a connection to `master` and POST `subscribe` on it (never with a Mesos-Stream-Id header).
/// Any earlier stream has been dropped by then.
struct OpenStream {
  Endpoint master;
  wire::scheduler::Call subscribe;
};
/// Close the stream and everything that was sent under its stream id.
struct DropStream {};
/// Tell the owner. With `confirmation_needed` the id must be made durable and confirmed before
/// anything else happens.
struct SubscribedTo {
  wire::scheduler::Event::Subscribed event;
  Endpoint master;
  bool confirmation_needed = false;
};
/// An event for the owner; never SUBSCRIBED, HEARTBEAT or ERROR.
struct DeliverEvent {
  wire::scheduler::Event event;
};
/// A record was well-formed but could not be understood (a newer master's enumerator, say). It is
/// skipped: its content comes back by retry or reconciliation, while dropping the stream would meet
/// the same record again.
struct SkippedEvent {
  std::string why;
};
/// The subscription is gone: offers are void and nothing may be sent. A retry is planned.
struct LostSubscription {
  std::string why;
  MasterProblem problem = MasterProblem::kUnreachable;
};
/// The last action of a session.
struct SessionStopped {
  StopReason reason = StopReason::kRequested;
  std::string why;
};
using SessionAction =
    std::variant<OpenStream, DropStream, SubscribedTo, DeliverEvent, SkippedEvent, LostSubscription, SessionStopped>;
using SessionActions = std::vector<SessionAction>;

/// What matters of the HTTP response to SUBSCRIBE.
struct ResponseHead {
  int status = 0;
  std::string content_type;
  std::string stream_id;   ///< Mesos-Stream-Id
  std::string location;    ///< of a redirect
  std::string error_text;  ///< the body of a refusal, cut to a readable size
};

class SchedulerSession {
 public:
  explicit SchedulerSession(SessionConfig config);

  /// Begins. With `info.id` set this is a re-subscription and needs no confirmation, unless it takes over. Call once.
  SessionActions start(wire::FrameworkInfo info, Time now);
  /// Ends on the owner's wish. The framework stays registered: its tasks go on until
  /// failover_timeout.
  SessionActions stop();

  SessionActions on_response_head(const ResponseHead& head, Time now);
  SessionActions on_body(std::string_view bytes, Time now);
  /// The connection could not be opened, broke, or was closed by the peer.
  SessionActions on_connection_lost(std::string why, Time now);
  /// The frameworks of the master of OpenStream forbid a first subscription (kLiveFramework, kWrongFramework): there is
  /// none for now. It is tried again, since the live one may be torn down, and after a failover of the master the one
  /// to be taken over may be known only when its agents are back.
  SessionActions on_begin_refused(MasterProblem problem, std::string why, Time now);
  SessionActions on_time(Time now);
  /// The answer to a call on the other connection: 403 and 307 mean that the master does not hold
  /// us for subscribed.
  SessionActions on_call_refused(int status, std::string_view text, Time now);

  /// The leading master as it was detected elsewhere; null: nobody leads. A stream to another one is dropped at once,
  /// for a master that does not lead any more may not know it yet. With `masters_detected` alone.
  SessionActions on_leader(const std::optional<Endpoint>& leader, Time now);

  /// The id of SubscribedTo is on disk. Events that waited come out. Harmless when none is awaited.
  SessionActions confirm_framework_id_durable(Time now);

  /// Remembers what SUPPRESS and REVIVE ask for, since SUBSCRIBE and UPDATE_FRAMEWORK replace the
  /// suppressed set.
  void note_call(const wire::scheduler::Call& call);
  /// Replaces what later subscriptions send; the FrameworkID in use is kept.
  void set_framework_info(wire::FrameworkInfo info);

  /// When `on_time` must be called next; nullopt when nothing is awaited.
  std::optional<Time> next_wake() const { return wake_; }
  /// Subscribed, with a durable id: calls may be sent under stream_id() to master().
  bool ready() const { return state_ == State::kReady; }
  bool stopped() const { return state_ == State::kStopped; }
  const std::string& stream_id() const { return stream_id_; }
  const Endpoint& master() const { return current_; }
  const wire::FrameworkInfo& framework_info() const { return info_; }
  /// The suppressed roles that are also roles of the framework, sorted.
  std::vector<std::string> suppressed_roles() const;

 private:
  enum class State : std::uint8_t { kIdle, kWaiting, kOpening, kSubscribing, kUnconfirmed, kReady, kStopped };

  bool stream_open() const { return state_ != State::kIdle && state_ != State::kWaiting && state_ != State::kStopped; }
  void open(const Endpoint& master, Time now, SessionActions& actions);
  void redirect(const ResponseHead& head, Time now, SessionActions& actions);
  void retry(std::string why, Time now, SessionActions& actions, MasterProblem problem = MasterProblem::kUnreachable);
  void stop_for_good(StopReason reason, std::string why, SessionActions& actions);
  void drain_records(Time now, SessionActions& actions);
  void take_record(const std::string& record, Time now, SessionActions& actions);
  void take_subscribed(const wire::scheduler::Event::Subscribed& subscribed, Time now, SessionActions& actions);
  void take_error(const std::string& message, Time now, SessionActions& actions);
  Time silence_deadline() const;
  std::string credentials_text() const;

  SessionConfig config_;
  Backoff backoff_;
  State state_ = State::kIdle;
  wire::FrameworkInfo info_;
  bool id_durable_ = false;
  std::set<std::string> suppressed_;
  std::size_t next_master_ = 0;      // index into config_.masters
  std::size_t failed_in_round_ = 0;  // attempts since the last wait
  int redirects_ = 0;
  Endpoint current_;
  std::string stream_id_;
  RecordDecoder decoder_;
  Duration heartbeat_{};
  Time last_heard_{};
  std::optional<Time> wake_;
};

}  // namespace esaas::mesos
