#include "reconcilers/embedded/model/operator_calls.h"

#include <cmath>
#include <set>

#include "reconcilers/embedded/model/agents.h"
#include "reconcilers/embedded/model/framework_checks.h"
#include "reconcilers/embedded/model/frameworks.h"
#include "reconcilers/embedded/model/quota.h"

namespace esaas::embedded {
namespace {

using wire::master::Call;
using wire::master::Response;

Response get_agents(const World& world) {
  Response response;
  response.set_type(Response::GET_AGENTS);
  auto* answer = response.mutable_get_agents();
  for (const auto& [id, agent] : world.agents) {
    wire::AgentInfo info;
    info.set_hostname(agent.record.hostname());
    info.set_port(static_cast<std::int32_t>(world.options.port));
    *info.mutable_attributes() = agent.record.attributes();
    if (agent.record.has_domain()) *info.mutable_domain() = agent.record.domain();
    *info.mutable_resources() = agent.total.to_wire();
    info.mutable_id()->set_value(id);
    if (agent.condition == AgentCondition::kUnreachable) continue;
    if (agent.condition == AgentCondition::kRecovering) {
      *answer->add_recovered_agents() = std::move(info);
      continue;
    }
    auto* entry = answer->add_agents();
    *entry->mutable_agent_info() = std::move(info);
    entry->set_active(agent.registered());
    entry->set_deactivated(false);
    entry->set_version("1.11.0");
    entry->set_pid(agent.record.name() + "@" + agent.record.hostname());
    *entry->mutable_total_resources() = agent.total.to_wire();
    *entry->mutable_allocated_resources() = agent.used.to_wire();
    *entry->mutable_offered_resources() = agent.offered.to_wire();
    using Capability = wire::AgentInfo::Capability;
    for (const auto type : {Capability::MULTI_ROLE, Capability::HIERARCHICAL_ROLE, Capability::RESERVATION_REFINEMENT,
                            Capability::AGENT_OPERATION_FEEDBACK}) {
      entry->add_capabilities()->set_type(type);
    }
  }
  return response;
}

Response get_frameworks(const World& world) {
  std::map<std::string, Resources> used;  // by framework, of what runs where the master can see it
  for (const auto& [key, task] : world.tasks) {
    const auto agent = world.agents.find(task.agent_id());
    const bool seen = agent != world.agents.end() && agent->second.condition != AgentCondition::kUnreachable;
    if (seen && !is_terminal(task.record.latest().state())) used[key.framework_id].add(task.resources);
  }
  Response response;
  response.set_type(Response::GET_FRAMEWORKS);
  auto* answer = response.mutable_get_frameworks();
  for (const auto& [id, framework] : world.frameworks) {
    auto* entry = answer->add_frameworks();
    *entry->mutable_framework_info() = framework.record.info();
    entry->set_active(framework.stream.has_value());
    entry->set_connected(framework.stream.has_value());
    entry->set_recovered(false);
    *entry->mutable_allocated_resources() = used[id].to_wire();
  }
  return response;
}

Response get_roles(const World& world) {
  std::map<std::string, std::set<std::string>> frameworks;
  for (const auto& [id, framework] : world.frameworks) {
    for (const std::string& role : framework.roles()) frameworks[role].insert(id);
  }
  for (const auto& [role, quota] : world.quotas) frameworks.try_emplace(role);
  Response response;
  response.set_type(Response::GET_ROLES);
  for (const auto& [name, ids] : frameworks) {
    auto* role = response.mutable_get_roles()->add_roles();
    role->set_name(name);
    role->set_weight(1.0);
    for (const std::string& id : ids) role->add_frameworks()->set_value(id);
  }
  return response;
}

template <typename ScalarMap>
Result<Quantities> quantities_of(const ScalarMap& scalars) {
  Quantities result;
  for (const auto& [name, scalar] : scalars) {
    if (!std::isfinite(scalar.value()) || scalar.value() < 0 || scalar.value() > 1e12) {
      return fail(ErrorCode::kInvalidArgument, "Invalid QuotaConfig: Invalid value of '" + name + "'");
    }
    result[name] = std::llround(scalar.value() * 1000.0);
  }
  return result;
}

Result<void> check_quota(const World& world, const wire::quota::QuotaConfig& config, bool force) {
  const std::string& role = config.role();
  if (role.find('/') != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument, "Updating quota on nested role '" + role + "' is not supported yet");
  }
  if (role == "*" || invalid_role(role)) {
    return fail(ErrorCode::kInvalidArgument, "Invalid QuotaConfig: Invalid role '" + role + "'");
  }
  ESAAS_TRY(const auto guarantees, quantities_of(config.guarantees()));
  ESAAS_TRY(const auto limits, quantities_of(config.limits()));
  for (const auto& [name, milli] : guarantees) {
    const auto limit = limits.find(name);
    if (limit == limits.end() || milli <= limit->second) continue;
    return fail(ErrorCode::kInvalidArgument, "Invalid QuotaConfig: 'QuotaConfig.guarantees' { " + name + ": " +
                                                 milli_to_text(milli) +
                                                 " } is not contained within the 'QuotaConfig.limits' { " + name +
                                                 ": " + milli_to_text(limit->second) + " }");
  }
  if (force) return {};
  const auto used = consumption(world, role, false);
  for (const auto& [name, milli] : limits) {
    const auto place = used.find(name);
    if (place == used.end() || place->second <= milli) continue;
    return fail(ErrorCode::kInvalidArgument, "Invalid QuotaConfig: Role '" + role + "' is already consuming '" +
                                                 to_text(used) + "'; this is more than the requested limits '" +
                                                 to_text(limits) + "' (use 'force' flag to bypass this check)");
  }
  return {};
}

/// All guarantees together, those of the update in place of what the roles had, against what the agents have.
Result<void> check_capacity(const World& world, const Call::UpdateQuota& update) {
  auto quotas = world.quotas;
  for (const auto& config : update.quota_configs()) quotas.insert_or_assign(config.role(), config);
  Quantities promised;
  for (const auto& [role, quota] : quotas) {
    for (const auto& [name, scalar] : quota.guarantees()) promised[name] += std::llround(scalar.value() * 1000.0);
  }
  const Quantities have = capacity(world);
  for (const auto& [name, milli] : promised) {
    if (milli <= quantity(have, name)) continue;
    return fail(ErrorCode::kInvalidArgument, "Invalid QuotaConfig: total quota guarantees '" + to_text(promised) +
                                                 "' exceed cluster capacity '" + to_text(have) +
                                                 "' (use 'force' flag to bypass this check)");
  }
  return {};
}

/// Offers of the role were cut to its old limits, and offers of others may hold what it is promised now: they are taken
/// back and made anew.
void rescind_for(World& world, const wire::quota::QuotaConfig& config) {
  const bool takes_from_others = !unsatisfied_guarantee(world, config.role()).empty();
  std::vector<std::string> ended;
  for (const auto& [id, offer] : world.offers) {
    if (offer.role == config.role() || takes_from_others) ended.push_back(id);
  }
  for (const std::string& id : ended) world.end_offer(id, true);
}

Result<Response> update_quota(World& world, const Call::UpdateQuota& update, Time now) {
  for (const auto& config : update.quota_configs()) ESAAS_CHECK(check_quota(world, config, update.force()));
  if (!update.force()) ESAAS_CHECK(check_capacity(world, update));
  for (const auto& config : update.quota_configs()) {
    if (config.limits().empty() && config.guarantees().empty()) {
      world.quotas.erase(config.role());
      continue;
    }
    world.quotas.insert_or_assign(config.role(), config);
    rescind_for(world, config);
  }
  world.changed();
  world.allocate_by(now + world.options.allocation_interval);
  return Response{};
}

Response get_quota(const World& world) {
  Response response;
  response.set_type(Response::GET_QUOTA);
  auto* status = response.mutable_get_quota()->mutable_status();
  for (const auto& [role, quota] : world.quotas) *status->add_configs() = quota;
  return response;
}

Response get_master(const World& world) {
  Response response;
  response.set_type(Response::GET_MASTER);
  auto* info = response.mutable_get_master()->mutable_master_info();
  info->set_id(world.options.master_id);
  info->set_ip(0);
  info->set_port(world.options.port);
  info->set_hostname(world.options.hostname);
  info->set_version("1.11.0");
  return response;
}

}  // namespace

Result<Response> operate(World& world, const Call& call, Time now) {
  if (!call.IsInitialized()) {
    return fail(ErrorCode::kInvalidArgument,
                "Failed to validate master::Call: Not initialized: " + call.InitializationErrorString());
  }
  if (!call.has_type()) {
    return fail(ErrorCode::kInvalidArgument, "Failed to validate master::Call: Expecting 'type' to be present");
  }
  Response response;
  switch (call.type()) {
    case Call::GET_HEALTH:
      response.set_type(Response::GET_HEALTH);
      response.mutable_get_health()->set_healthy(true);
      return response;
    case Call::GET_VERSION:
      response.set_type(Response::GET_VERSION);
      response.mutable_get_version()->mutable_version_info()->set_version("1.11.0");
      return response;
    case Call::GET_AGENTS: return get_agents(world);
    case Call::GET_FRAMEWORKS: return get_frameworks(world);
    case Call::GET_ROLES: return get_roles(world);
    case Call::GET_MASTER: return get_master(world);
    case Call::GET_QUOTA: return get_quota(world);
    case Call::UPDATE_QUOTA: return update_quota(world, call.update_quota(), now);
    case Call::TEARDOWN: {
      const std::string& id = call.teardown().framework_id().value();
      if (!world.frameworks.contains(id)) {
        return fail(ErrorCode::kInvalidArgument, "No framework found with ID " + id);
      }
      remove_framework(world, id, now);
      return response;
    }
    case Call::MARK_AGENT_GONE: {
      const std::string& id = call.mark_agent_gone().agent_id().value();
      if (world.gone_agents.contains(id) || remove_agent(world, id, now)) return response;
      return fail(ErrorCode::kNotFound, "Agent '" + id + "' not found");
    }
    default:
      return fail(ErrorCode::kUnavailable, Call::Type_Name(call.type()) + " is not supported by the embedded Mesos");
  }
}

}  // namespace esaas::embedded
