#pragma once
// A master of a few lines for client tests: it records requests, answers calls as told, and pushes
// whatever bytes a test wants into the event stream. Runs on the test's io_context; plain or TLS.

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include "reconcilers/effects/mesos/endpoint.h"
#include "reconcilers/effects/mesos/wire/scheduler.pb.h"

namespace esaas::mesos::testing {

class FakeMaster {
 public:
  using Call = wire::scheduler::Call;
  using Event = wire::scheduler::Event;

  struct Seen {
    Call call;
    std::string target;
    std::string content_type;
    std::string accept;
    std::string stream_id;
    std::string authorization;
    int connection = 0;  ///< which accepted connection it came on, from 1
  };

  struct Answer {
    int status = 202;
    std::string text = {};
    std::string location = {};
    bool never = false;        ///< leave the call without an answer
    bool close_after = false;  ///< answer as if the connection stayed open, then close it
  };

  FakeMaster(boost::asio::io_context& io, boost::asio::ssl::context* tls = nullptr);
  ~FakeMaster();

  Endpoint endpoint() const;

  /// Sends an event, or raw bytes of the stream, to the newest subscriber.
  void push(const Event& event);
  void push_bytes(std::string bytes);
  /// SUBSCRIBED with this id, then a heartbeat.
  void push_subscribed(const std::string& framework_id = "fw-1", double heartbeat_seconds = 15);
  /// Closes the newest stream.
  void close_stream();
  /// Accepts no more and closes everything.
  void stop();

  std::size_t subscriptions() const;
  /// The calls that were seen, without SUBSCRIBE.
  std::vector<Seen> calls() const;

  std::vector<Seen> seen;
  /// How a request is answered; SUBSCRIBE with 202 becomes 200 and a stream.
  std::function<Answer(const Call&)> answer = [](const Call&) { return Answer{}; };
  std::string stream_content_type = "application/x-protobuf";
  std::string greeting;  ///< when set, sent instead of any HTTP answer

  class Connection;

 private:
  static boost::asio::awaitable<void> accept(FakeMaster& self);

  boost::asio::io_context& io_;
  boost::asio::ssl::context* tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::shared_ptr<Connection> stream_;
  friend class Connection;
};

}  // namespace esaas::mesos::testing
