#pragma once
// RawClient, RawStream: the wire by hand, for tests that look at status codes, texts and events as they are. Blocking,
// every wait has a deadline. Not thread-safe. Errors of the connection throw boost::system::system_error.

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "reconcilers/effects/mesos/wire/master.pb.h"
#include "reconcilers/effects/mesos/wire/scheduler.pb.h"
#include "reconcilers/embedded/front/messages.h"

namespace esaas::contract {

namespace wire = esaas::mesos::wire;
using embedded::Encoding;
using wire::scheduler::Call;
using wire::scheduler::Event;

struct Endpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
};

struct RawReply {
  unsigned status = 0;
  std::string body;
  std::map<std::string, std::string> headers;  ///< names in lower case
};

using Headers = std::map<std::string, std::string>;

/// Headers of a call in this encoding; `stream` may be empty.
Headers call_headers(Encoding encoding, const std::string& stream = {});

/// One request on a connection of its own.
RawReply request(const Endpoint& to, const std::string& method, const std::string& path, const std::string& body,
                 const Headers& headers);

/// A subscription.
class RawStream {
 public:
  /// Sends the SUBSCRIBE; `head()` tells how it was answered.
  RawStream(const Endpoint& to, const Call& call, Encoding encoding, const Headers& more = {});
  ~RawStream();
  RawStream(const RawStream&) = delete;
  RawStream& operator=(const RawStream&) = delete;

  [[nodiscard]] const RawReply& head() const { return head_; }
  [[nodiscard]] std::string id() const;

  /// The next event that `wanted` likes, dropping the others; nothing when the time is over or the stream ends.
  std::optional<Event> wait(const std::function<bool(const Event&)>& wanted,
                            std::chrono::milliseconds timeout = std::chrono::seconds(15));
  std::optional<Event> wait(Event::Type type, std::chrono::milliseconds timeout = std::chrono::seconds(15));
  /// True when the peer ended the stream in time; events before that are dropped.
  bool wait_for_end(std::chrono::milliseconds timeout = std::chrono::seconds(15));
  void close();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
  RawReply head_;
};

}  // namespace esaas::contract
