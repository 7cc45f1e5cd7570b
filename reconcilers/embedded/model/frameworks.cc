#include "reconcilers/embedded/model/frameworks.h"

#include <algorithm>
#include <cstdio>

#include "reconcilers/embedded/model/framework_checks.h"
#include "reconcilers/embedded/model/statuses.h"
#include "reconcilers/embedded/model/tasks.h"

namespace esaas::embedded {
namespace {

using wire::scheduler::Call;
using wire::scheduler::Event;

constexpr std::size_t kRemovedFrameworksMax = 1000;

std::string new_framework_id(World& world) {
  char number[24];
  std::snprintf(number, sizeof number, "-%04llu", static_cast<unsigned long long>(world.frameworks_made++));
  return world.options.master_id + number;
}

/// IPv4 in network byte order as a host integer, for the old field of MasterInfo; 0 for anything else.
std::uint32_t old_style_ip(const std::string& address) {
  unsigned parts[4] = {};
  if (std::sscanf(address.c_str(), "%u.%u.%u.%u", &parts[0], &parts[1], &parts[2], &parts[3]) != 4) return 0;
  return parts[0] | parts[1] << 8U | parts[2] << 16U | parts[3] << 24U;
}

wire::MasterInfo master_info(const ModelOptions& options) {
  wire::MasterInfo info;
  info.set_id(options.master_id);
  info.set_ip(old_style_ip(options.hostname));
  info.set_port(options.port);
  info.set_pid("master@" + options.hostname + ":" + std::to_string(options.port));
  info.set_hostname(options.hostname);
  info.set_version("1.11.0");
  info.mutable_address()->set_hostname(options.hostname);
  info.mutable_address()->set_ip(options.hostname);
  info.mutable_address()->set_port(static_cast<std::int32_t>(options.port));
  info.add_capabilities()->set_type(wire::MasterInfo::Capability::AGENT_UPDATE);
  info.add_capabilities()->set_type(wire::MasterInfo::Capability::QUOTA_V2);
  return info;
}

void send_error(World& world, const StreamId& stream, const std::string& message) {
  Event event;
  event.set_type(Event::ERROR);
  event.mutable_error()->set_message(message);
  world.outputs.events.push_back({stream, std::move(event), true});
}

void send_heartbeat(World& world, Framework& framework, Time now) {
  Event event;
  event.set_type(Event::HEARTBEAT);
  world.send(framework, std::move(event));
  framework.heartbeat_due = now + world.options.heartbeat_interval;
}

void greet(World& world, Framework& framework, Time now) {
  Event event;
  event.set_type(Event::SUBSCRIBED);
  event.mutable_subscribed()->mutable_framework_id()->set_value(framework.id());
  event.mutable_subscribed()->set_heartbeat_interval_seconds(
      static_cast<double>(world.options.heartbeat_interval.count()) / 1e6);
  *event.mutable_subscribed()->mutable_master_info() = master_info(world.options);
  world.send(framework, std::move(event));
  send_heartbeat(world, framework, now);
  resend_unacknowledged(world, framework, now);
  world.allocate_by(now);
}

void forget_offers(World& world, const std::string& framework_id) {
  std::vector<std::string> ids;
  for (const auto& [id, offer] : world.offers) {
    if (offer.framework_id == framework_id) ids.push_back(id);
  }
  for (const std::string& id : ids) world.end_offer(id, false);
}

/// The fault of a subscription, for an ERROR on the stream that was already opened.
std::optional<std::string> refusal(const World& world, const wire::FrameworkInfo& info,
                                   const std::set<std::string>& suppressed) {
  if (auto fault = invalid_framework(info)) return fault;
  const auto& removed = world.removed_frameworks;
  if (info.has_id() && std::find(removed.begin(), removed.end(), info.id().value()) != removed.end()) {
    return "Framework has been removed";
  }
  if (auto fault = invalid_suppression(info, suppressed)) return fault;
  if (!world.frameworks.contains(info.id().value()) && world.frameworks.size() >= world.options.frameworks_max) {
    return "Too many frameworks";
  }
  return std::nullopt;
}

}  // namespace

SubscribeAnswer subscribe_framework(World& world, const Call& call, const std::optional<std::string>& principal,
                                    Time now) {
  wire::FrameworkInfo info = call.subscribe().framework_info();
  if (principal && !info.has_principal()) info.set_principal(*principal);
  if (info.id().value().empty()) info.clear_id();
  const std::set<std::string> suppressed(call.subscribe().suppressed_roles().begin(),
                                         call.subscribe().suppressed_roles().end());
  const StreamId stream = world.new_stream_id();
  if (auto fault = refusal(world, info, suppressed)) {
    send_error(world, stream, *fault);
    return {200, {}, stream};
  }
  if (const auto known = world.frameworks.find(info.id().value()); known != world.frameworks.end()) {
    // A master keeps these two as they were, whatever a new subscription says.
    info.set_user(known->second.record.info().user());
    info.set_checkpoint(known->second.record.info().checkpoint());
    if (auto fault = invalid_update(known->second.record.info(), info)) {
      send_error(world, stream, *fault);
      return {200, {}, stream};
    }
    if (known->second.stream) send_error(world, *known->second.stream, "Framework failed over");
    forget_offers(world, known->first);
  }
  if (!info.has_id()) info.mutable_id()->set_value(new_framework_id(world));
  Framework& framework = world.frameworks[info.id().value()];
  *framework.record.mutable_info() = std::move(info);
  framework.record.set_disconnected_at_us(0);
  framework.stream = stream;
  framework.suppressed = suppressed;
  world.changed();
  greet(world, framework, now);
  return {200, {}, stream};
}

Answer update_framework(World& world, Framework& framework, const Call::UpdateFramework& update, Time now) {
  const std::set<std::string> suppressed(update.suppressed_roles().begin(), update.suppressed_roles().end());
  if (auto fault = invalid_framework(update.framework_info())) {
    return {400, "Supplied FrameworkInfo is not valid: " + *fault};
  }
  if (auto fault = invalid_suppression(update.framework_info(), suppressed)) {
    return {400, "Supplied FrameworkInfo is not valid: " + *fault};
  }
  if (auto fault = invalid_update(framework.record.info(), update.framework_info())) {
    return {400, "FrameworkInfo update is not valid: " + *fault};
  }
  *framework.record.mutable_info() = update.framework_info();
  const std::vector<std::string> roles = framework.roles();
  const auto is_role = [&](const std::string& role) {
    return std::find(roles.begin(), roles.end(), role) != roles.end();
  };
  for (const std::string& role : framework.suppressed) {
    // What is no longer suppressed is revived, and that forgets what was declined.
    if (suppressed.contains(role)) continue;
    std::erase_if(framework.filters, [&](const auto& each) { return each.first.first == role; });
  }
  framework.suppressed = suppressed;
  std::erase_if(framework.filters, [&](const auto& each) { return !is_role(each.first.first); });
  std::vector<std::string> ended;
  for (const auto& [id, offer] : world.offers) {
    if (offer.framework_id == framework.id() && !is_role(offer.role)) ended.push_back(id);
  }
  for (const std::string& id : ended) world.end_offer(id, true);
  world.changed();
  world.allocate_by(now);
  return {200, {}};
}

void disconnect_framework(World& world, Framework& framework, Time now) {
  framework.stream.reset();
  framework.filters.clear();
  forget_offers(world, framework.id());
  framework.record.set_disconnected_at_us(to_us(now));
  world.changed();
  world.allocate_by(now + world.options.allocation_interval);
}

void remove_framework(World& world, const std::string& framework_id, Time now) {
  const auto place = world.frameworks.find(framework_id);
  if (place == world.frameworks.end()) return;
  if (place->second.stream) world.outputs.closed.push_back(*place->second.stream);
  forget_offers(world, framework_id);
  orphan_tasks(world, framework_id);
  std::erase_if(world.operations, [&](const auto& each) { return each.first.first == framework_id; });
  std::erase_if(world.last_offered, [&](const auto& each) { return each.first.first == framework_id; });
  world.frameworks.erase(place);
  world.removed_frameworks.push_back(framework_id);
  if (world.removed_frameworks.size() > kRemovedFrameworksMax) world.removed_frameworks.pop_front();
  world.changed();
  world.allocate_by(now + world.options.allocation_interval);
}

namespace {

std::optional<std::set<std::string>> own_roles(const Framework& framework,
                                               const google::protobuf::RepeatedPtrField<std::string>& wanted) {
  const std::vector<std::string> roles = framework.roles();
  if (wanted.empty()) return std::set<std::string>(roles.begin(), roles.end());
  for (const std::string& role : wanted) {
    if (std::find(roles.begin(), roles.end(), role) == roles.end()) return std::nullopt;
  }
  return std::set<std::string>(wanted.begin(), wanted.end());
}

}  // namespace

void suppress_roles(Framework& framework, const google::protobuf::RepeatedPtrField<std::string>& roles) {
  if (auto own = own_roles(framework, roles)) framework.suppressed.merge(*own);
}

void revive_roles(World& world, Framework& framework, const google::protobuf::RepeatedPtrField<std::string>& roles,
                  Time now) {
  const auto own = own_roles(framework, roles);
  if (!own) return;
  for (const std::string& role : *own) {
    framework.suppressed.erase(role);
    std::erase_if(framework.filters, [&](const auto& each) { return each.first.first == role; });
  }
  world.allocate_by(now);
}

std::optional<Time> removal_due(const Framework& framework) {
  if (framework.stream) return std::nullopt;
  const double seconds = std::max(framework.record.info().failover_timeout(), 0.0);
  const auto timeout = Duration(static_cast<std::int64_t>(seconds * 1e6));
  return from_us(framework.record.disconnected_at_us()) + timeout;
}

std::optional<Time> tick_frameworks(World& world, Time now) {
  std::vector<std::string> over;
  std::optional<Time> next;
  for (auto& [id, framework] : world.frameworks) {
    if (framework.stream) {
      if (framework.heartbeat_due <= now) send_heartbeat(world, framework, now);
      next = std::min(next.value_or(framework.heartbeat_due), framework.heartbeat_due);
      continue;
    }
    const Time due = *removal_due(framework);
    if (due <= now) {
      over.push_back(id);
    } else {
      next = std::min(next.value_or(due), due);
    }
  }
  for (const std::string& id : over) remove_framework(world, id, now);
  return next;
}

}  // namespace esaas::embedded
