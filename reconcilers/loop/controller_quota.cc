// Quotas: what is intended goes to the master until it has answered, and what it holds is compared with the state after
// each subscription and every few minutes: what somebody else set by hand is told, and ours is sent again.

#include <utility>
#include <vector>

#include "core/model/ids.h"
#include "reconcilers/loop/controller.h"

namespace esaas::loop {
namespace {

using GetQuota = mesos::wire::master::Response::GetQuota;

mesos::wire::quota::QuotaConfig held_for(const GetQuota& quotas, const std::string& role) {
  for (const auto& config : quotas.status().configs()) {
    if (config.role() == role) return config;
  }
  return {};
}

}  // namespace

void Controller::settle_quotas(Time now) {
  if (!connected_ || !stopped_reason_.empty()) return;
  for (const state::Tenant& tenant : state().head.tenants()) {
    QuotaWork::Attempt* attempt = quota_work_.wanted(tenant, sequencer_.durable_seq());
    if (attempt == nullptr || attempt->under_way || now < attempt->not_before) continue;
    attempt->under_way = true;
    quota_work_.touched.insert(tenant.name());
    const model::Quota& quota = tenant.has_quota_intended() ? tenant.quota_intended() : tenant.quota();
    ports_.mesos_update_quota(tenant.name(), attempt->seq, to_config(tenant.name(), quota));
  }
  const bool is_due = quota_work_.compare_due && now >= *quota_work_.compare_due && !state().head.tenants().empty();
  if (quota_work_.comparing || !is_due) return;
  quota_work_.comparing = true;
  quota_work_.touched.clear();
  ports_.mesos_ask_quotas();
}

void Controller::quota_answered(const std::string& tenant_name, std::uint64_t seq, const Result<void>& outcome,
                                Time now) {
  quota_work_.touched.insert(tenant_name);
  const auto found = quota_work_.attempts.find(tenant_name);
  if (found == quota_work_.attempts.end() || found->second.seq != seq) return;  // a newer one took its place
  if (!outcome && !is_refusal(outcome.error())) {
    QuotaWork::Attempt& attempt = found->second;
    attempt.under_way = false;
    attempt.not_before = now + QuotaWork::pause_after(++attempt.failures);
    ports_.note("quota_not_sent", {{"tenant", tenant_name}, {"why", outcome.error().detail}});
    return;
  }
  quota_work_.attempts.erase(found);
  quota_work_.missing.erase(tenant_name);
  const state::Tenant* tenant = state().find_tenant(tenant_name);
  if (tenant == nullptr || tenant->quota_seq() != seq) return;
  const bool intended = tenant->has_quota_intended();
  event::Event event;
  if (outcome) {
    // Only sent again; that ours is in force is news where somebody else's was.
    if (!intended && !tenant->has_quota_found()) return;
    event.mutable_tenant_quota_applied()->set_name(tenant_name);
    *event.mutable_tenant_quota_applied()->mutable_quota() = intended ? tenant->quota_intended() : tenant->quota();
  } else {
    if (!intended && tenant->quota_refused() == outcome.error().detail) return;  // no news
    auto& refused = *event.mutable_tenant_quota_refused();
    refused.set_name(tenant_name);
    *refused.mutable_quota() = intended ? tenant->quota_intended() : tenant->quota();
    refused.set_why(outcome.error().detail);
  }
  event.set_tenant(tenant_name);
  event.set_cause_seq(seq);
  append_fleet(std::move(event), event::ACTOR_KIND_MESOS, now);
}

void Controller::quotas_answered(const Result<GetQuota>& quotas, Time now) {
  quota_work_.comparing = false;
  if (!quotas) {
    ports_.note("quotas_not_compared", {{"why", quotas.error().detail}});
    if (connected_) quota_work_.compare_due = now + QuotaWork::pause_after(++quota_work_.compare_failures);
    return;
  }
  quota_work_.compare_failures = 0;
  if (connected_) quota_work_.compare_due = now + options_.ledger_period;
  std::vector<event::Event> findings;
  for (const state::Tenant& tenant : state().head.tenants()) {
    const bool is_changing = tenant.has_quota_intended() || quota_work_.attempts.contains(tenant.name()) ||
                             quota_work_.touched.contains(tenant.name());
    if (!is_changing) compare_quota(tenant, *quotas, findings);
  }
  for (event::Event& finding : findings) append_fleet(std::move(finding), event::ACTOR_KIND_MESOS, now);
}

/// What the master holds for a tenant against what it last took from us. Ours is sent again; a tenant of whose quota
/// the log knows nothing is only reported, for nobody has asked us for one.
void Controller::compare_quota(const state::Tenant& tenant, const GetQuota& quotas,
                               std::vector<event::Event>& findings) {
  const auto ours = to_config(tenant.name(), tenant.quota());
  const auto theirs = held_for(quotas, ours.role());
  const bool is_same = is_same_quota(ours, theirs);
  const model::Quota expected = to_quota(ours);
  const model::Quota found = is_same ? expected : to_quota(theirs);
  const auto bytes = [](const model::Quota& quota) { return quota.SerializeAsString(); };
  // What differs in a resource, or by a fraction, that the model has no word for is sent again without an event.
  const bool is_told = is_same || bytes(found) == bytes(expected)
                           ? !tenant.has_quota_found()
                           : tenant.has_quota_found() && bytes(tenant.quota_found()) == bytes(found);
  if (!is_told) {
    event::Event event;
    auto& payload = *event.mutable_tenant_quota_found();
    payload.set_name(tenant.name());
    *payload.mutable_expected() = expected;
    *payload.mutable_found() = found;
    event.set_tenant(tenant.name());
    event.set_cause_seq(tenant.quota_seq());
    findings.push_back(std::move(event));
  }
  if (is_same || !tenant.has_quota()) return;
  ports_.note("quota_differs", {{"tenant", tenant.name()}});
  quota_work_.missing.insert(tenant.name());
}

}  // namespace esaas::loop
