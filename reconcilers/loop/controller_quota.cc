// Quotas: what is intended goes to the master until it has answered, and what it holds is compared with the state after
// each subscription and every few minutes.

#include <utility>

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
    const model::Quota& quota = tenant.has_quota_intended() ? tenant.quota_intended() : tenant.quota();
    ports_.mesos_update_quota(tenant.name(), attempt->seq, to_config(tenant.name(), quota));
  }
  if (quota_work_.comparing || !quota_work_.compare_due || now < *quota_work_.compare_due || !has_quotas(state())) {
    return;
  }
  quota_work_.comparing = true;
  ports_.mesos_ask_quotas();
}

void Controller::quota_answered(const std::string& tenant_name, std::uint64_t seq, const Result<void>& outcome,
                                Time now) {
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
    if (!intended) return;  // it was only sent again
    event.mutable_tenant_quota_applied()->set_name(tenant_name);
    *event.mutable_tenant_quota_applied()->mutable_quota() = tenant->quota_intended();
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
  for (const state::Tenant& tenant : state().head.tenants()) {
    if (!tenant.has_quota() || tenant.has_quota_intended() || quota_work_.attempts.contains(tenant.name())) continue;
    const auto ours = to_config(tenant.name(), tenant.quota());
    if (is_same_quota(ours, held_for(*quotas, ours.role()))) continue;
    ports_.note("quota_missing", {{"tenant", tenant.name()}});
    quota_work_.missing.insert(tenant.name());
  }
}

}  // namespace esaas::loop
