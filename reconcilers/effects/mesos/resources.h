#pragma once
// Resources in the form that RESERVATION_REFINEMENT asks for, and the FrameworkInfo of this
// controller. Pure; any thread.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "reconcilers/effects/mesos/wire/mesos.pb.h"

namespace esaas::mesos {

/// Who a reservation is for. Two reservations of one role with equal labels and principal merge, so
/// the labels must name the node.
struct Reservation {
  std::string role;
  std::string principal;
  std::map<std::string, std::string> labels;
};

/// An amount allocated to `role`, unreserved: "cpus" in cores, "mem" and "disk" in MB (2^20 bytes).
wire::Resource scalar_resource(std::string_view name, double amount, const std::string& role);
/// One range of ports, both ends included, allocated to `role`.
wire::Resource port_resource(std::uint64_t first, std::uint64_t last, const std::string& role);

/// The same resource with a dynamic reservation pushed on top.
wire::Resource reserved(wire::Resource resource, const Reservation& reservation);
/// Turns reserved disk into a persistent volume that appears in the sandbox as `container_path`.
/// `persistence_id` is unique for ever: it is the identity of the data, whatever agent id its
/// machine has.
wire::Resource persistent_volume(wire::Resource reserved_disk, const std::string& persistence_id,
                                 const std::string& principal, const std::string& container_path);

/// The value of a label on the innermost reservation, or "".
std::string reservation_label(const wire::Resource& resource, std::string_view key);

wire::Labels labels(const std::map<std::string, std::string>& values);
std::map<std::string, std::string> label_map(const wire::Labels& labels);

struct FrameworkSpec {
  std::string name = "esaas";
  std::string user;       ///< the default user of tasks; cannot change later
  std::string principal;  ///< must equal the principal of every reservation and the credentials;
                          ///< cannot change later
  std::vector<std::string> roles;
  std::string id;  ///< of an earlier subscription, or empty
  std::string hostname;
  std::string webui_url;
  std::chrono::seconds failover_timeout = std::chrono::weeks(2);
};

/// With checkpointing and the capabilities that this controller relies on.
wire::FrameworkInfo framework_info(const FrameworkSpec& spec);

}  // namespace esaas::mesos
