#pragma once
// FakePorts: keeps what the controller asks for, and runs posted functions when told to. One thread.

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "reconcilers/loop/ports.h"

namespace esaas::loop {

class FakePorts : public Ports {
 public:
  void mesos_start(const std::string& framework_id, const std::vector<std::string>& roles) override;
  void mesos_confirm_framework_id() override { ++confirmations; }
  void mesos_send(mesos::wire::scheduler::Call call) override { calls.push_back(std::move(call)); }
  void mesos_set_roles(const std::vector<std::string>& wanted) override { roles = wanted; }
  void mesos_ask_agents() override { ++agents_asked; }
  void mesos_update_quota(const std::string& tenant, std::uint64_t seq,
                          const mesos::wire::quota::QuotaConfig& config) override {
    quotas_sent.push_back({tenant, seq, config});
  }
  void mesos_ask_quotas() override { ++quotas_asked; }
  void elasticsearch_observe(ClusterAddress address, reconcile::Questions questions) override {
    observed.push_back(std::move(address));
    questions_asked.push_back(std::move(questions));
  }
  void elasticsearch_put(ClusterAddress address, event::Event intent) override;
  void elasticsearch_request(ClusterAddress, event::Event intent) override { requests.push_back(std::move(intent)); }
  void proxy_follow(CompanionAddress address, model::ProxyAccess, event::Event intent) override {
    followed.emplace_back(std::move(address), std::move(intent));
  }
  void kibana_ask(CompanionAddress address) override { kibanas_asked.push_back(std::move(address)); }
  void digest_sign(event::DigestSigned asked) override { digests_asked.push_back(std::move(asked)); }
  void post(std::function<void()> function) override { posted.push_back(std::move(function)); }
  void fatal(const Error& error) override { fatal_errors.push_back(error.detail); }
  void note(std::string_view what, std::vector<std::pair<std::string_view, std::string>> fields) override;

  /// Runs what was posted, and what that posts.
  void run_posted();
  /// Calls of this type so far.
  [[nodiscard]] std::vector<mesos::wire::scheduler::Call> calls_of(mesos::wire::scheduler::Call::Type type) const;

  int starts = 0;
  int confirmations = 0;
  int agents_asked = 0;
  int quotas_asked = 0;
  struct SentQuota {
    std::string tenant;
    std::uint64_t seq = 0;
    mesos::wire::quota::QuotaConfig config;
  };
  std::vector<SentQuota> quotas_sent;
  std::string framework_id;
  std::vector<std::string> roles;
  std::vector<mesos::wire::scheduler::Call> calls;
  std::vector<ClusterAddress> observed;
  std::vector<reconcile::Questions> questions_asked;
  std::vector<event::Event> puts;
  std::vector<event::Event> requests;
  std::vector<std::pair<CompanionAddress, event::Event>> followed;
  std::vector<CompanionAddress> kibanas_asked;
  std::vector<event::DigestSigned> digests_asked;
  std::deque<std::function<void()>> posted;
  std::vector<std::string> fatal_errors;
  std::vector<std::string> notes;
};

}  // namespace esaas::loop
