#pragma once
// OperatorClient: asks the leading master's operator API, one question after the other, each with a deadline. Nothing
// is asked twice here: who needs an answer asks again.
//
// Single-threaded, on the thread of the io_context. An answer comes from inside io_context::run, never from inside the
// question. Lifetime: the io_context outlives the client, and whatever `leader` gives the TLS context of outlives the
// question. The client may be destroyed at any time; nothing is called afterwards.

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "core/base/result.h"
#include "reconcilers/effects/mesos/client.h"
#include "reconcilers/effects/mesos/operator_calls.h"

namespace esaas::mesos {

class OperatorClient {
 public:
  using Response = wire::master::Response;
  template <typename T>
  using Done = std::function<void(const Result<T>&)>;
  /// Who leads now, and how to speak to it; nothing: nobody is known to lead. Called when a question is sent.
  using Leader = std::function<std::optional<MasterAccess>()>;

  struct Limits {
    std::chrono::milliseconds answer_timeout = std::chrono::seconds(30);  ///< from the question to its whole answer
    std::size_t queued_max = 1024;                                        ///< questions that wait
    std::size_t answer_bytes_max = std::size_t{256} << 20;                ///< GET_AGENTS of a large fleet is long
  };

  OperatorClient(boost::asio::io_context& io, Leader leader, Limits limits);
  OperatorClient(boost::asio::io_context& io, Leader leader) : OperatorClient(io, std::move(leader), Limits{}) {}
  ~OperatorClient();
  OperatorClient(const OperatorClient&) = delete;
  OperatorClient& operator=(const OperatorClient&) = delete;

  /// Errors: those of operator_calls::read_answer; kUnavailable and kDeadlineExceeded leave open whether the master got
  /// it; kResourceExhausted when the queue is full.
  void ask(wire::master::Call call, Done<Response> done);

  /// All agents that the master knows, with what they have and what is reserved and offered of it.
  void ask_agents(Done<Response::GetAgents> done);
  /// The quota of every role that has one.
  void ask_quota(Done<Response::GetQuota> done);
  void update_quota(wire::quota::QuotaConfig config, Done<void> done);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace esaas::mesos
