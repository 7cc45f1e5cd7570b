#include "api/routes/fleet_gauges.h"

#include "api/routes/tenant_use.h"

namespace esaas::api {
namespace {

using Samples = std::vector<Metrics::Sample>;

/// Nothing before the ledger was first compared: no imbalance is known is not the same as that there is none.
Samples ledger_lines(const loop::Front& front) {
  Samples samples;
  for (const auto& [status, lines] : front.status().ledger_lines) {
    samples.push_back({{{"status", std::string(reconcile::name_of(status))}}, static_cast<double>(lines)});
  }
  return samples;
}

void add_limits(Samples& samples, const std::string& tenant, const std::string& kind, const model::Quantities& of) {
  const auto add = [&](const char* resource, bool given, std::uint64_t amount) {
    if (!given) return;
    samples.push_back({{{"tenant", tenant}, {"resource", resource}, {"kind", kind}}, static_cast<double>(amount)});
  };
  add("cpus_milli", of.has_cpus_milli(), of.cpus_milli());
  add("mem_mib", of.has_mem_mib(), of.mem_mib());
  add("disk_mib", of.has_disk_mib(), of.disk_mib());
}

void add_amounts(Samples& samples, const std::string& tenant, const std::string& kind, const command::Amounts& of) {
  const auto add = [&](const char* resource, std::uint64_t amount) {
    samples.push_back({{{"tenant", tenant}, {"resource", resource}, {"kind", kind}}, static_cast<double>(amount)});
  };
  add("cpus_milli", of.cpus_milli);
  add("mem_mib", of.mem_mib);
  add("disk_mib", of.disk_mib);
}

Samples tenant_resources(const loop::Front& front) {
  Samples samples;
  auto uses = use_by_tenant(front.fleet());
  for (const std::string& name : front.tenants()) {
    const auto tenant = front.tenant(name);
    if (tenant == nullptr) continue;
    add_limits(samples, name, "guarantee", tenant->quota().guarantee());
    add_limits(samples, name, "limit", tenant->quota().limit());
    const TenantUse& use = uses[name];
    add_amounts(samples, name, "wanted", use.wanted);
    add_amounts(samples, name, "reserved", use.reserved);
    add_amounts(samples, name, "used", use.used);
  }
  return samples;
}

}  // namespace

void add_fleet_gauges(Metrics& metrics, const loop::Front& front) {
  metrics.add_gauges("esaas_ledger_lines", "Reservations by what the newest look at the master's books says of them",
                     [&front] { return ledger_lines(front); });
  metrics.add_gauges("esaas_tenant_resources",
                     "What tenants are promised (guarantee), may have (limit), want, have reserved and use",
                     [&front] { return tenant_resources(front); });
}

}  // namespace esaas::api
