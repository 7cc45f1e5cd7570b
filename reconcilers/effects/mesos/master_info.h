#pragma once
// What masters write into ZooKeeper, read without talking to it. Every master adds one sequential znode
// `json.info_NNNNNNNNNN` below the group's path; the lowest number leads, and its data is MasterInfo as JSON.

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "reconcilers/effects/mesos/endpoint.h"

namespace esaas::mesos {

/// One master by its own account.
struct MasterInfo {
  std::string id;        ///< of this start of the master; may be empty
  std::string hostname;  ///< may be empty
  Endpoint address;      ///< by IP address where it names one, else by hostname
  std::string version;   ///< "1.11.0"; may be empty

  /// Where to connect to. TLS wants the name, which is what a certificate holds.
  Endpoint endpoint(bool tls) const { return tls && !hostname.empty() ? Endpoint{hostname, address.port} : address; }

  friend bool operator==(const MasterInfo&, const MasterInfo&) = default;
};

/// The children of the group that name masters, and those that look as if they should and do not.
struct MasterZnodes {
  std::vector<std::string> in_order;  ///< lowest sequence first
  std::vector<std::string> odd;       ///< "json.info_" and something else than ten digits; sorted
};

/// Others (`log_replicas`, `info_NNNNNNNNNN` of masters before 0.24) are not looked at.
MasterZnodes order_masters(const std::vector<std::string>& children);

/// `address.ip` and `address.port`, or `address.hostname`, or the older fields `hostname` and `port` beside `address`.
/// kInvalidArgument says what is missing.
Result<MasterInfo> parse_master_info(std::string_view bytes);

}  // namespace esaas::mesos
