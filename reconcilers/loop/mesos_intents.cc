#include "reconcilers/loop/mesos_intents.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "reconcilers/effects/mesos/calls.h"
#include "reconcilers/effects/mesos/resources.h"
#include "reconcilers/loop/disk_source.h"

namespace esaas::loop {
namespace {

namespace wire = mesos::wire;
using Operations = std::vector<wire::Offer::Operation>;

/// What a node needs besides its volume's disk: reserved under its labels.
struct NodeResources {
  std::vector<wire::Resource> without_disk;
  wire::Resource disk;
};

/// As the offer shows the disk of the place, free or reserved for it; null when it does not.
const wire::Resource* shown_disk(const model::Place& place, const wire::Offer& offer) {
  for (const wire::Resource& resource : offer.resources()) {
    if (!resource.disk().has_source() || resource.has_provider_id() || resource.has_revocable()) continue;
    const bool is_its_own = mesos::reservation_label(resource, "place") == place.volume_id();
    if (!resource.reservations().empty() && !is_its_own) continue;
    const auto source = to_disk_source(resource.disk().source());
    if (source && equal(*source, place.disk_source())) return &resource;
  }
  return nullptr;
}

/// Mesos takes what it offered and nothing else: the source goes back as it came, with its metadata, and a mount disk
/// with its very size, which need not be whole MiB.
void set_source(wire::Resource& disk, const model::Place& place, const wire::Offer& offer) {
  if (!place.has_disk_source()) return;
  const wire::Resource* shown = shown_disk(place, offer);
  *disk.mutable_disk()->mutable_source() = shown == nullptr ? to_wire(place.disk_source()) : shown->disk().source();
  if (shown != nullptr && place.disk_source().type() == kMountDisk) *disk.mutable_scalar() = shown->scalar();
}

NodeResources resources_of(const std::string& cluster, const std::string& node, const model::Place& place,
                           const PooledOffer& offer, const std::string& principal) {
  const std::string& role = offer.view.role;
  const mesos::Reservation reservation{.role = role,
                                       .principal = principal,
                                       .labels = {{"cluster", cluster}, {"node", node}, {"place", place.volume_id()}}};
  const auto scalar = [&](std::string_view name, double amount) {
    return mesos::reserved(mesos::scalar_resource(name, amount, role), reservation);
  };
  const auto port = [&](std::uint32_t number) {
    return mesos::reserved(mesos::port_resource(number, number, role), reservation);
  };
  NodeResources made{
      {scalar("cpus", place.resources().cpus_milli() / 1000.0), scalar("mem", place.resources().mem_mib()),
       port(place.http_port()), port(place.transport_port())},
      scalar("disk", place.resources().disk_mib())};
  set_source(made.disk, place, offer.wire);
  return made;
}

/// What the task of a transient place uses: nothing of it is reserved, and its disk is the sandbox's.
std::vector<wire::Resource> unreserved_resources_of(const model::Place& place, const std::string& role) {
  const model::Resources& all = place.resources();
  const model::Resources& lent = place.revocable();
  const auto scalar = [&](std::string_view name, double amount, bool is_revocable) {
    wire::Resource resource = mesos::scalar_resource(name, amount, role);
    if (is_revocable) resource.mutable_revocable();
    return resource;
  };
  return {scalar("cpus", all.cpus_milli() / 1000.0, lent.cpus_milli() > 0),
          scalar("mem", all.mem_mib(), lent.mem_mib() > 0), scalar("disk", all.disk_mib(), false),
          mesos::port_resource(place.http_port(), place.http_port(), role),
          mesos::port_resource(place.transport_port(), place.transport_port(), role)};
}

wire::Resource volume_of(const NodeResources& resources, const model::Place& place, const std::string& principal) {
  return mesos::persistent_volume(resources.disk, place.volume_id(), principal, kVolumePath);
}

wire::CommandInfo command_of(const model::LaunchSpec& launch, const std::string& task_user) {
  wire::CommandInfo command;
  command.set_shell(true);
  command.set_value(launch.command());
  if (!task_user.empty()) command.set_user(task_user);
  for (const auto& variable : launch.environment()) {
    auto& added = *command.mutable_environment()->add_variables();
    added.set_name(variable.name());
    added.set_value(variable.value());
  }
  for (const auto& uri : launch.uris()) {
    auto& added = *command.add_uris();
    added.set_value(uri.uri());
    added.set_extract(uri.extract());
    added.set_cache(uri.cache());
    added.set_executable(uri.executable());
    if (!uri.output_file().empty()) added.set_output_file(uri.output_file());
  }
  return command;
}

wire::TaskInfo task_of(const std::string& cluster, const event::TaskLaunchIntended& intent, const model::Place& place,
                       const PooledOffer& offer, const WireIdentity& identity) {
  wire::TaskInfo task;
  task.set_name(cluster + "." + intent.node());
  task.mutable_task_id()->set_value(intent.task_id());
  task.mutable_agent_id()->set_value(intent.agent_id());
  if (place.transient()) {
    for (auto& resource : unreserved_resources_of(place, offer.view.role)) *task.add_resources() = std::move(resource);
  } else {
    const NodeResources resources = resources_of(cluster, intent.node(), place, offer, identity.principal);
    for (const auto& resource : resources.without_disk) *task.add_resources() = resource;
    *task.add_resources() = volume_of(resources, place, identity.principal);
  }
  *task.mutable_command() = command_of(intent.launch(), identity.task_user);
  const std::chrono::nanoseconds grace = std::chrono::milliseconds{intent.launch().kill_grace_ms()};
  task.mutable_kill_policy()->mutable_grace_period()->set_nanoseconds(grace.count());
  *task.mutable_labels() = mesos::labels({{"cluster", cluster}, {"node", intent.node()}, {"place", place.volume_id()}});
  return task;
}

void add_place(Operations& operations, const std::string& cluster, const event::PlaceIntended& intent,
               const PooledOffer& offer, const std::string& principal) {
  if (intent.place().transient()) return;  // nothing is reserved for it
  NodeResources resources = resources_of(cluster, intent.node(), intent.place(), offer, principal);
  std::vector<wire::Resource> all = resources.without_disk;
  all.push_back(resources.disk);
  operations.push_back(mesos::calls::reserve(intent.reserve_operation(), std::move(all)));
  operations.push_back(
      mesos::calls::create(intent.create_operation(), {volume_of(resources, intent.place(), principal)}));
}

bool is_reserved_for(const wire::Resource& resource, const std::string& volume_id) {
  return !resource.reservations().empty() && mesos::reservation_label(resource, "place") == volume_id;
}

/// Only what the place lacks, under its labels: with what is there already it is one reservation.
void add_growth(Operations& operations, const std::string& cluster, const event::PlaceGrowthIntended& intent,
                const model::Place& place, const PooledOffer& offer, const std::string& principal) {
  if (place.volume_id() != intent.volume_id()) return;
  const auto lack = [](std::uint32_t after, std::uint32_t before) { return after > before ? after - before : 0; };
  model::Place addition = place;
  model::Resources& size = *addition.mutable_resources();
  size.set_cpus_milli(lack(intent.after().cpus_milli(), intent.before().cpus_milli()));
  size.set_mem_mib(lack(intent.after().mem_mib(), intent.before().mem_mib()));
  size.set_disk_mib(lack(intent.after().disk_mib(), intent.before().disk_mib()));
  NodeResources made = resources_of(cluster, intent.node(), addition, offer, principal);
  std::vector<wire::Resource> lacking;
  for (wire::Resource& resource : made.without_disk) {
    if (resource.name() != "ports" && resource.scalar().value() > 0) lacking.push_back(std::move(resource));
  }
  if (size.disk_mib() > 0) lacking.push_back(std::move(made.disk));
  if (!lacking.empty()) operations.push_back(mesos::calls::reserve(intent.reserve_operation(), std::move(lacking)));
}

/// The volume as the offer shows it, by the disk that is reserved beside it.
void add_volume_growth(Operations& operations, const event::VolumeGrowthIntended& intent, const wire::Offer& offer) {
  const wire::Resource* volume = nullptr;
  std::optional<wire::Resource> addition;
  for (const wire::Resource& resource : offer.resources()) {
    if (resource.name() != "disk" || !is_reserved_for(resource, intent.volume_id())) continue;
    if (resource.disk().has_persistence()) {
      volume = &resource;
    } else if (!addition) {
      addition = resource;
    } else {
      addition->mutable_scalar()->set_value(addition->scalar().value() + resource.scalar().value());
    }
  }
  if (volume == nullptr || !addition) return;
  operations.push_back(mesos::calls::grow_volume(intent.grow_operation(), *volume, std::move(*addition)));
}

/// What is reserved beside the place as it is: all that the offer shows of a place whose task runs.
void add_growth_release(Operations& operations, const event::PlaceGrowthReleaseIntended& intent,
                        const model::Place& place, const wire::Offer& offer) {
  if (place.volume_id() != intent.volume_id()) return;
  const bool is_free = std::ranges::any_of(offer.resources(), [&](const wire::Resource& resource) {
    return is_reserved_for(resource, intent.volume_id()) && resource.disk().has_persistence();
  });
  std::vector<wire::Resource> added;
  for (const wire::Resource& resource : offer.resources()) {
    if (!is_reserved_for(resource, intent.volume_id()) || resource.disk().has_persistence()) continue;
    if (resource.name() == "ports") continue;
    std::int64_t milli = std::llround(resource.scalar().value() * 1000.0);
    if (is_free && resource.name() == "cpus") milli -= place.resources().cpus_milli();
    if (is_free && resource.name() == "mem") milli -= std::int64_t{place.resources().mem_mib()} * 1000;
    if (milli <= 0) continue;
    added.push_back(resource);
    added.back().mutable_scalar()->set_value(static_cast<double>(milli) / 1000.0);
  }
  if (!added.empty()) operations.push_back(mesos::calls::unreserve(intent.unreserve_operation(), std::move(added)));
}

/// What the offer shows is what there is: a place may have lost its volume or half of its reservation.
void add_release(Operations& operations, const std::string& volume_id, const std::string& destroy,
                 const std::string& unreserve, const wire::Offer& offer) {
  std::vector<wire::Resource> volumes;
  std::vector<wire::Resource> reserved;
  for (const auto& resource : offer.resources()) {
    if (!is_reserved_for(resource, volume_id)) continue;
    wire::Resource plain = resource;
    if (resource.disk().has_persistence()) {
      volumes.push_back(resource);
      // The source is the disk, not what was made on it.
      plain.mutable_disk()->clear_persistence();
      plain.mutable_disk()->clear_volume();
      if (!plain.disk().has_source()) plain.clear_disk();
    }
    reserved.push_back(std::move(plain));
  }
  if (!volumes.empty() && !destroy.empty()) operations.push_back(mesos::calls::destroy(destroy, std::move(volumes)));
  if (!reserved.empty()) operations.push_back(mesos::calls::unreserve(unreserve, std::move(reserved)));
}

}  // namespace

std::optional<wire::scheduler::Call> accept_call(const std::string& cluster, const model::Place& place,
                                                 const std::vector<event::Event>& intents, const PooledOffer& offer,
                                                 const WireIdentity& identity) {
  Operations operations;
  for (const event::Event& intent : intents) {
    if (intent.has_place_intended()) {
      add_place(operations, cluster, intent.place_intended(), offer, identity.principal);
    } else if (intent.has_task_launch_intended()) {
      operations.push_back(
          mesos::calls::launch({task_of(cluster, intent.task_launch_intended(), place, offer, identity)}));
    } else if (intent.has_place_growth_intended()) {
      add_growth(operations, cluster, intent.place_growth_intended(), place, offer, identity.principal);
    } else if (intent.has_volume_growth_intended()) {
      add_volume_growth(operations, intent.volume_growth_intended(), offer.wire);
    } else if (intent.has_place_growth_release_intended()) {
      add_growth_release(operations, intent.place_growth_release_intended(), place, offer.wire);
    } else if (intent.has_place_release_intended()) {
      const auto& release = intent.place_release_intended();
      add_release(operations, release.volume_id(), release.destroy_operation(), release.unreserve_operation(),
                  offer.wire);
    } else if (intent.has_orphan_release_intended()) {
      const auto& release = intent.orphan_release_intended();
      add_release(operations, release.volume_id(), release.destroy_operation(), release.unreserve_operation(),
                  offer.wire);
    }
  }
  if (operations.empty()) return std::nullopt;
  return mesos::calls::accept({offer.view.id}, std::move(operations), mesos::calls::Refusal{0});
}

wire::scheduler::Call kill_call(const event::TaskKillIntended& intent, const std::string& agent_id) {
  wire::scheduler::Call call = mesos::calls::kill(intent.task_id(), agent_id, std::chrono::nanoseconds{0});
  call.mutable_kill()->clear_kill_policy();  // the policy that the task was launched with stays in force
  return call;
}

}  // namespace esaas::loop
