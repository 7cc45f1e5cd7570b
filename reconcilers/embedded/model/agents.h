#pragma once
// Agents: how they come, get lost, come back and go for good. Pure.

#include <optional>
#include <string>

#include "reconcilers/embedded/model/world.h"

namespace esaas::embedded {

Result<std::string> add_agent(World& world, const AgentSpec& spec, Time now);
void lose_agent(World& world, const std::string& agent_id, Time now);
void return_agent(World& world, const std::string& agent_id, Time now);
bool remove_agent(World& world, const std::string& agent_id, Time now);
/// The machine registers anew; the id it has now, or nothing when there is no such agent.
std::optional<std::string> renew_agent(World& world, const std::string& agent_id, Time now);
/// Streams end, offers are forgotten, agents are recovering.
void fail_over(World& world, Time now);

/// Gives up on agents that were away for too long; returns when the next one is.
std::optional<Time> tick_agents(World& world, Time now);

}  // namespace esaas::embedded
