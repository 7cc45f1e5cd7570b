#pragma once
// Client: asks the nodes of one managed cluster over HTTP, and sends it requests. It holds no
// state between calls and trusts nothing: bodies are bounded, every request has a deadline, and a
// node that answers for another cluster (a port that was given to somebody else) counts as no
// answer.
//
// Threads: made for one io_context that one thread runs; call it there, callbacks come there.
// Lifetime: calls that are under way keep what they need, so the client may go before its callbacks
// come; the io_context must outlive them.

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "reconcilers/effects/elasticsearch/request_answer.h"
#include "reconcilers/effects/elasticsearch/requests.h"
#include "reconcilers/observation.h"

namespace esaas::es {

/// Where one node listens for HTTP.
struct Endpoint {
  std::string host;
  std::uint32_t port = 0;
};

/// A managed cluster: its name (as in `cluster.name`) and the nodes to try, in this order.
struct Target {
  std::string cluster;
  std::vector<Endpoint> endpoints;
};

class Client {
 public:
  /// The moment at which a question is sent becomes the answer's `observed_at`.
  using Clock = std::function<Time()>;

  Client(boost::asio::io_context& context, Clock clock);

  /// Asks health, shards and settings, and `questions` besides. The nodes are tried in turn until one
  /// answers everything; each gets its share of what is left of `timeout`. The callback always comes,
  /// once, and never from within this call: when no node answers, with health UNKNOWN. What is asked
  /// besides may stay unanswered: the observation's `asked` says what was.
  void observe(Target target, reconcile::Questions questions, Duration timeout,
               std::function<void(reconcile::Observation)> callback);

  /// Sends one request to the first node that belongs to the cluster and answers; one that says 429,
  /// 502, 503 or 504 is asked no more, and the next has its turn. It may reach more than one node, so it must do no
  /// harm twice. Any status is an answer. Errors: kUnavailable (nobody answered), kDeadlineExceeded.
  void request(Target target, SettingRequest request, Duration timeout,
               std::function<void(Result<RequestAnswer>)> callback);

  /// The same for a request whose answer says no more than whether it came through (requests.h makes
  /// it). Errors besides: kUnavailable (not all nodes have acknowledged it in time), kInvalidArgument
  /// (Elasticsearch refused it; its own words are in the detail).
  void put_setting(Target target, SettingRequest request, Duration timeout, std::function<void(Result<void>)> callback);

 private:
  boost::asio::io_context& context_;
  Clock clock_;
};

}  // namespace esaas::es
