#pragma once
// Client: tells proxies by their control ports what is wanted of them, and asks what they have under way. Every
// conversation has a deadline and every answer a bound; those with one proxy follow one another, so that what was asked
// later is answered later.
//
// Threads: made for one io_context that one thread runs; call it there, callbacks come there. Lifetime: the client and
// the TLS context outlive the conversations, and the io_context outlives both.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "core/base/result.h"
#include "core/base/time.h"
#include "reconcilers/effects/haproxy/runtime.h"

namespace boost::asio::ssl {
class context;
}

namespace esaas::haproxy {

/// Requests under way, by node.
using Sessions = std::map<std::string, std::uint32_t, std::less<>>;

/// What a proxy says of the servers of its orders.
struct Answer {
  Sessions sessions = {};
  std::set<std::string, std::less<>> up = {};  ///< nodes that it found well (nodes_that_are_up)
};

/// One conversation.
struct Question {
  std::string host = {};
  std::uint32_t port = 0;
  /// With the servers' hosts as addresses or names: names are resolved here.
  Orders orders = {};
  bool only_asks = false;  ///< nothing is changed
  /// Whether who shows a certificate with this fingerprint (identity.h) is the proxy; asked before it is told anything.
  /// Without it nobody is.
  std::function<Result<void>(const std::string& fingerprint)> admit = {};
};

class Client {
 public:
  /// `tls`: client_context of identity.h.
  Client(boost::asio::io_context& context, boost::asio::ssl::context& tls);

  /// What the proxy says, once it was seen to be as the orders say; or why not: kUnavailable, kDeadlineExceeded,
  /// kResourceExhausted (too many servers, or too many conversations with this proxy wait already), or what `admit`
  /// answered. The callback always comes, once, and never from within this call.
  void follow(Question question, Duration timeout, std::function<void(Result<Answer>)> callback);

 private:
  struct Waiting {
    Question question;
    Duration timeout;
    std::function<void(Result<Answer>)> callback;
  };
  boost::asio::awaitable<void> talk(std::string proxy);

  boost::asio::io_context& context_;
  boost::asio::ssl::context& tls_;
  std::map<std::string, std::deque<Waiting>, std::less<>> waiting_;  // by proxy; the first is under way
};

}  // namespace esaas::haproxy
