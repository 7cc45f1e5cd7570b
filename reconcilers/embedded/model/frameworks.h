#pragma once
// The life of a framework: subscription, its stream, roles, update, disconnection, failover timeout, removal. Pure.

#include <optional>
#include <string>

#include "reconcilers/embedded/model/world.h"

namespace esaas::embedded {

/// The sentence of a master that does not take `call` at all, or nothing. Covers every call type.
std::optional<std::string> invalid_call(const wire::scheduler::Call& call, const std::optional<std::string>& principal);

/// Precondition: invalid_call found nothing.
SubscribeAnswer subscribe_framework(World& world, const wire::scheduler::Call& call,
                                    const std::optional<std::string>& principal, Time now);

Answer update_framework(World& world, Framework& framework, const wire::scheduler::Call::UpdateFramework& update,
                        Time now);

/// The stream is over: offers and filters go, the failover timeout begins.
void disconnect_framework(World& world, Framework& framework, Time now);

/// Its tasks are killed, its stream ends, its id may never subscribe again. Reservations and volumes stay.
void remove_framework(World& world, const std::string& framework_id, Time now);

/// No roles: all of them. A role that is not the framework's: the call is dropped.
void suppress_roles(Framework& framework, const google::protobuf::RepeatedPtrField<std::string>& roles);
void revive_roles(World& world, Framework& framework, const google::protobuf::RepeatedPtrField<std::string>& roles,
                  Time now);

/// Heartbeats and failover timeouts that are due; returns the next one.
std::optional<Time> tick_frameworks(World& world, Time now);

/// When the framework is removed if it stays away; none while it is connected.
std::optional<Time> removal_due(const Framework& framework);

}  // namespace esaas::embedded
