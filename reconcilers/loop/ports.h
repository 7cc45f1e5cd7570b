#pragma once
// Ports: all that the controller may do to the world. The host implements them with sockets and clocks, the simulation
// with models. Called on the controller's thread only; none blocks, and none calls back into the controller before it
// has returned.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/events/event.pb.h"
#include "reconcilers/effects/mesos/wire/quota.pb.h"
#include "reconcilers/effects/mesos/wire/scheduler.pb.h"
#include "reconcilers/observation.h"

namespace esaas::loop {

/// A managed cluster's nodes as Elasticsearch is reached: host and HTTP port, the likeliest to answer first.
struct ClusterAddress {
  std::string cluster;
  std::string version;
  std::vector<std::pair<std::string, std::uint32_t>> nodes;
};

/// Where a companion answers the controller: a proxy's control port, Kibana's HTTP port.
struct CompanionAddress {
  std::string cluster;
  std::string node;
  std::string task_id;
  std::string host;
  std::uint32_t port = 0;
};

class Ports {
 public:
  virtual ~Ports() = default;

  // ---- Mesos ----
  /// Subscribes; asked for once, when the log says under which id (empty: a new framework). An id that the log does not
  /// hold is of a framework to be taken over: mesos_subscribed must ask for its confirmation, as for a new one.
  virtual void mesos_start(const std::string& framework_id, const std::vector<std::string>& roles) = 0;
  virtual void mesos_confirm_framework_id() = 0;
  /// Sends one call; calls go out in order. Dropped when there is no subscription: reconciliation settles what was
  /// lost.
  virtual void mesos_send(mesos::wire::scheduler::Call call) = 0;
  /// Takes these roles from now on.
  virtual void mesos_set_roles(const std::vector<std::string>& roles) = 0;

  /// GET_AGENTS at the leading master's operator API; the answer, or why there is none, comes to
  /// Controller::agents_answered.
  virtual void mesos_ask_agents() = 0;

  /// UPDATE_QUOTA there; the outcome, with the same tenant and seq, comes to Controller::quota_answered.
  virtual void mesos_update_quota(const std::string& tenant, std::uint64_t seq,
                                  const mesos::wire::quota::QuotaConfig& config) = 0;
  /// GET_QUOTA there; the answer comes to Controller::quotas_answered.
  virtual void mesos_ask_quotas() = 0;

  // ---- Elasticsearch ----
  /// Asks one cluster; the answer comes to Controller::observed, also when nobody answers (health UNKNOWN).
  virtual void elasticsearch_observe(ClusterAddress address, reconcile::Questions questions) = 0;
  /// Puts in force what an ExclusionsIntended, MinimumMasterNodesIntended, AllocationIntended or
  /// VotingExclusionsIntended says; the outcome comes to Controller::setting_answered.
  virtual void elasticsearch_put(ClusterAddress address, event::Event intent) = 0;
  /// Sends what an ElasticsearchRequestIntended says (its `seq` is set); the answer, whatever its status, comes to
  /// Controller::request_answered.
  virtual void elasticsearch_request(ClusterAddress address, event::Event intent) = 0;

  // ---- Companions ----
  /// Tells one proxy who may come in and where to send requests (a ServersIntended with its `seq`), and asks what is
  /// under way to each server; what came of it comes to Controller::proxy_answered. An intent without a seq only asks.
  virtual void proxy_follow(CompanionAddress address, model::ProxyAccess access, event::Event intent) = 0;
  /// Asks Kibana whether it serves; the answer comes to Controller::kibana_answered.
  virtual void kibana_ask(CompanionAddress address) = 0;

  // ---- The log ----
  /// Completes and signs what DigestWork asks for (store::sign_digest), elsewhere: it reads much. What comes of it comes
  /// to Controller::digest_signed.
  virtual void digest_sign(event::DigestSigned asked) = 0;

  // ---- The rest ----
  /// Runs `function` on the controller's thread, soon, and then Controller::turn. May be called from any thread.
  virtual void post(std::function<void()> function) = 0;
  /// A commit failed: the process has to end (design law 2).
  virtual void fatal(const Error& error) = 0;
  /// For the program's log: a snake_case name, and fields. Never a secret.
  virtual void note(std::string_view what, std::vector<std::pair<std::string_view, std::string>> fields) = 0;
};

}  // namespace esaas::loop
