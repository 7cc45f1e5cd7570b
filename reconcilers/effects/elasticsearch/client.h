#pragma once
// Client: asks the nodes of one managed cluster over HTTP, and changes its settings. It holds no
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

  /// Asks health, shards and settings. The nodes are tried in turn until one answers everything;
  /// each gets its share of what is left of `timeout`. The callback always comes, once, and never
  /// from within this call: when no node answers, with health UNKNOWN.
  void observe(Target target, Duration timeout, std::function<void(reconcile::Observation)> callback);

  /// PUT /_cluster/settings with `body` (requests.h makes it), on the first node that takes it.
  /// Errors: kUnavailable (nobody answered), kDeadlineExceeded, kInvalidArgument (Elasticsearch
  /// refused the setting; its own words are in the detail).
  void put_settings(Target target, std::string body, Duration timeout, std::function<void(Result<void>)> callback);

 private:
  boost::asio::io_context& context_;
  Clock clock_;
};

}  // namespace esaas::es
