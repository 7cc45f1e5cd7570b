#pragma once
// The scheduler client: SchedulerSession driven by real connections (Boost.Beast, plain or TLS).
//
// Two connections to the leading master: one for the event stream, one for all calls, which go out
// one after the other in the order of send(). Protobuf bodies both ways.
//
// Thread-safety: single-threaded. Construct it, call it and run the io_context on one thread (or
// one strand); the handler is called from inside io_context::run, never from inside start, send,
// stop or confirm_framework_id_durable. Lifetime: the handler, the io_context and the ssl::context
// outlive the client. The client may be destroyed at any time, also inside a handler call; nothing
// is called afterwards.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "core/base/result.h"
#include "reconcilers/effects/mesos/endpoint.h"
#include "reconcilers/effects/mesos/scheduler_session.h"
#include "reconcilers/effects/mesos/wire/scheduler.pb.h"
#include "reconcilers/effects/mesos/zookeeper_detector.h"

namespace boost::asio::ssl {
class context;
}  // namespace boost::asio::ssl

namespace esaas::mesos {

/// HTTP basic authentication, as masters with --authenticate_http_frameworks ask for.
struct Credentials {
  std::string principal;
  std::string secret;
};

/// The leading master and how to speak to it: what any other call to it (the operator API) needs.
struct MasterAccess {
  Endpoint master;
  std::optional<Credentials> credentials;
  boost::asio::ssl::context* tls = nullptr;  ///< null: plain HTTP; not owned
};

struct ClientConfig {
  std::vector<Endpoint> masters;                  ///< see parse_master_address; at least one, unless zookeeper
  std::optional<ZookeeperConfig> zookeeper = {};  ///< where the leading master is found instead
  std::optional<Credentials> credentials = {};
  boost::asio::ssl::context* tls = nullptr;  ///< null speaks plain HTTP; not owned
  /// Before a new framework subscribes, the master is asked whether one like it has live tasks (live_framework.h).
  /// While it has, there is no subscription; a master that does not answer such questions is subscribed to with a note.
  bool refuses_beside_live_tasks = false;
  /// The id that start() is given is named by a person and in no log yet. Before the first subscription the master is
  /// asked whether it knows that framework as ours (live_framework.h), and as for a new one the id must be confirmed.
  bool takes_over = false;
  std::uint64_t jitter_seed = 0;
  std::size_t calls_queued_max = 4096;  ///< send() beyond it fails with kResourceExhausted
  std::chrono::milliseconds call_timeout = std::chrono::seconds(30);  ///< from send() to the answer
  std::optional<SessionConfig> session = {};  ///< other waits than the defaults; its masters, tls and seed are replaced
};

class Client {
 public:
  using Call = wire::scheduler::Call;
  using Event = wire::scheduler::Event;
  /// Told once about one call: it was accepted (202: taken, not done; an event tells the outcome)
  /// or why not. kUnavailable and kDeadlineExceeded leave open whether the master got it: settle
  /// that by reconciliation.
  using CallDone = std::function<void(const Call&, const Result<void>&)>;

  class Handler {
   public:
    virtual ~Handler() = default;
    /// A subscription began. Start reconciliation, and REVIVE the roles that want offers. When
    /// `confirmation_needed`, the id is in no log yet: make it durable, then confirm_framework_id_durable();
    /// until then send() fails and events wait.
    virtual void subscribed(const Event::Subscribed& event, bool confirmation_needed) = 0;
    /// Any event but SUBSCRIBED, HEARTBEAT and ERROR.
    virtual void event(const Event& event) = 0;
    /// An event was skipped because it could not be understood; for a log.
    virtual void event_skipped(const std::string& why) = 0;
    /// The subscription, or an attempt at one, failed; another follows by itself. All offers are
    /// void, and calls that were queued have failed. Refused credentials, a live framework beside which nothing is
    /// begun, and one that is not taken over are told once, not again with each attempt, until a subscription worked.
    virtual void disconnected(const std::string& why) = 0;
    /// The client ended for good. With kFailedOver stop acting at once.
    virtual void stopped(StopReason reason, const std::string& why) = 0;
    /// A call that was sent without a callback of its own failed.
    virtual void call_failed(const Call& call, const Error& error) = 0;
    /// Something about finding the master that an operator should know; for a log.
    virtual void master_note(const std::string& text) { static_cast<void>(text); }
  };

  Client(boost::asio::io_context& io, ClientConfig config, Handler& handler);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Subscribes, as a new framework or (with info.id) as an earlier one; see ClientConfig::takes_over. Call once.
  void start(wire::FrameworkInfo info);
  void confirm_framework_id_durable();

  /// Queues a call (any but SUBSCRIBE, TEARDOWN and UPDATE_FRAMEWORK); framework_id is set here.
  /// SUPPRESS and REVIVE are remembered across subscriptions. Without `done` a failure goes to
  /// Handler::call_failed.
  void send(Call call, CallDone done = nullptr);

  /// Takes other roles or labels: at once by UPDATE_FRAMEWORK when subscribed, and with every later
  /// subscription (when not subscribed that is all, and `done` hears of success with an empty
  /// call).
  void update_framework_info(wire::FrameworkInfo info, CallDone done = nullptr);

  /// Leaves without ending the framework. Handler::stopped follows.
  void stop();

  /// Subscribed with a durable id.
  bool ready() const;
  /// What keeps it from being subscribed.
  MasterProblem problem() const;
  /// The master that holds the subscription; null while there is none. Ask anew for each use.
  std::optional<MasterAccess> leading_master() const;
  /// Calls waiting or on their way.
  std::size_t calls_pending() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace esaas::mesos
