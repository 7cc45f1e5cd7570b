#pragma once
// QuotaWork: which tenants' quotas are on their way to the master, and when to try again or to compare. Kept in memory
// and never logged: after a restart the state says what is intended, and the master what it holds. Pure; one thread.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/state/fleet_state.h"
#include "reconcilers/effects/mesos/wire/quota.pb.h"

namespace esaas::loop {

/// The quota as the operator API carries it, for the tenant's role.
mesos::wire::quota::QuotaConfig to_config(const std::string& tenant, const model::Quota& quota);
/// What it says of cpus, memory and disk; a guarantee of nothing is left out. Fractions are cut.
model::Quota to_quota(const mesos::wire::quota::QuotaConfig& config);
/// Both promise and limit the same. A guarantee of nothing is none; a limit of nothing is one.
bool is_same_quota(const mesos::wire::quota::QuotaConfig& left, const mesos::wire::quota::QuotaConfig& right);
/// The master has said that it will not do that; anything else may succeed later.
bool is_refusal(const Error& error);

struct QuotaWork {
  struct Attempt {
    std::uint64_t seq = 0;  ///< of the intent
    bool under_way = false;
    unsigned failures = 0;  ///< in a row
    Time not_before;
  };
  std::map<std::string, Attempt, std::less<>> attempts;  ///< by tenant
  std::set<std::string, std::less<>> missing;            ///< tenants whose quota the master does not hold
  std::set<std::string, std::less<>> touched;  ///< tenants to whose quota something was done since `comparing`
  bool comparing = false;
  unsigned compare_failures = 0;
  std::optional<Time> compare_due;  ///< while subscribed

  /// The attempt for what is intended, or missing, of this tenant now; null when there is nothing to send.
  Attempt* wanted(const state::Tenant& tenant, std::uint64_t durable_seq);
  /// When to look again; nothing: not before an answer.
  [[nodiscard]] std::optional<Time> next(const state::FleetState& state) const;
  /// 1 s, 2 s, 4 s, ... up to a minute.
  static Duration pause_after(unsigned failures);
};

}  // namespace esaas::loop
