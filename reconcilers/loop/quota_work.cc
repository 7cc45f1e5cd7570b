#include "reconcilers/loop/quota_work.h"

#include <algorithm>
#include <cmath>

#include "core/model/ids.h"

namespace esaas::loop {
namespace {

using mesos::wire::quota::QuotaConfig;
using Scalars = google::protobuf::Map<std::string, mesos::wire::Value_Scalar>;

void put(const model::Quantities& quantities, Scalars& scalars) {
  if (quantities.has_cpus_milli()) {
    scalars["cpus"].set_value(static_cast<double>(quantities.cpus_milli()) / 1000.0);
  }
  if (quantities.has_mem_mib()) scalars["mem"].set_value(static_cast<double>(quantities.mem_mib()));
  if (quantities.has_disk_mib()) scalars["disk"].set_value(static_cast<double>(quantities.disk_mib()));
}

void take(const Scalars& scalars, bool without_zeros, model::Quantities& quantities) {
  for (const auto& [name, scalar] : scalars) {
    const auto milli = static_cast<std::uint64_t>(std::max(std::llround(scalar.value() * 1000.0), 0LL));
    if (milli == 0 && without_zeros) continue;
    if (name == "cpus") quantities.set_cpus_milli(milli);
    if (name == "mem") quantities.set_mem_mib(milli / 1000);
    if (name == "disk") quantities.set_disk_mib(milli / 1000);
  }
}

/// In thousandths, as Mesos rounds. Sorted, so that two can be compared.
std::map<std::string, std::int64_t> milli(const Scalars& scalars, bool without_zeros) {
  std::map<std::string, std::int64_t> amounts;
  for (const auto& [name, scalar] : scalars) {
    const std::int64_t amount = std::llround(scalar.value() * 1000.0);
    if (amount != 0 || !without_zeros) amounts[name] = amount;
  }
  return amounts;
}

}  // namespace

QuotaConfig to_config(const std::string& tenant, const model::Quota& quota) {
  QuotaConfig config;
  config.set_role(model::role_of_tenant(tenant));
  put(quota.guarantee(), *config.mutable_guarantees());
  put(quota.limit(), *config.mutable_limits());
  return config;
}

model::Quota to_quota(const QuotaConfig& config) {
  model::Quota quota;
  take(config.guarantees(), true, *quota.mutable_guarantee());
  take(config.limits(), false, *quota.mutable_limit());
  return quota;
}

bool is_same_quota(const QuotaConfig& left, const QuotaConfig& right) {
  return milli(left.guarantees(), true) == milli(right.guarantees(), true) &&
         milli(left.limits(), false) == milli(right.limits(), false);
}

bool is_refusal(const Error& error) {
  return error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kConflict ||
         error.code == ErrorCode::kPermissionDenied || error.code == ErrorCode::kNotFound;
}

QuotaWork::Attempt* QuotaWork::wanted(const state::Tenant& tenant, std::uint64_t durable_seq) {
  const bool is_intended = tenant.has_quota_intended() && tenant.quota_seq() <= durable_seq;
  const bool is_missing = !tenant.has_quota_intended() && missing.contains(tenant.name());
  if (!is_intended && !is_missing) return nullptr;
  Attempt& attempt = attempts[tenant.name()];
  // A newer intent does not wait for the answer to an older one: questions are answered in the order they are sent.
  if (attempt.seq != tenant.quota_seq()) attempt = Attempt{.seq = tenant.quota_seq(), .not_before = {}};
  return &attempt;
}

std::optional<Time> QuotaWork::next(const state::FleetState& state) const {
  std::optional<Time> next;
  const auto sooner = [&next](Time at) {
    if (!next || at < *next) next = at;
  };
  for (const auto& [tenant, attempt] : attempts) {
    if (!attempt.under_way) sooner(attempt.not_before);
  }
  if (compare_due && !comparing && !state.head.tenants().empty()) sooner(*compare_due);
  return next;
}

Duration QuotaWork::pause_after(unsigned failures) {
  constexpr unsigned kDoublingsMax = 6;
  const Duration pause = std::chrono::seconds{1} * (1U << std::min(failures > 0 ? failures - 1 : 0, kDoublingsMax));
  return std::min<Duration>(pause, std::chrono::minutes{1});
}

}  // namespace esaas::loop
