#pragma once
// How the configuration names the masters: a list of them, or the ZooKeeper group in which they elect their leader.
// Values only; nothing is resolved or asked here.

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "reconcilers/effects/mesos/endpoint.h"

namespace esaas::mesos {

/// A group of masters in ZooKeeper, as masters are told it with --zk.
struct ZookeeperGroup {
  std::vector<Endpoint> servers;  ///< of the ensemble; at least one
  std::string path;               ///< of the znode whose children are the masters: "/mesos"
  std::string user;               ///< for digest authentication; empty: none
  std::string password;           ///< empty unless the text had it

  /// "zk://h1:2181,h2:2181/mesos", with the user and without the password.
  std::string to_string() const;

  friend bool operator==(const ZookeeperGroup&, const ZookeeperGroup&) = default;
};

/// Where to look for the leading master.
struct MasterAddress {
  std::vector<Endpoint> masters;  ///< tried in turn; empty when they are found through ZooKeeper
  bool tls = false;               ///< the list says https
  bool in_zookeeper = false;
  ZookeeperGroup zookeeper;  ///< of meaning when in_zookeeper
};

/// "http://h1:5050,http://h2:5050" (the scheme once or everywhere, or https), "h1:5050,h2:5050", or
/// "zk://[user[:password]@]h1:2181,h2:2181/path". kInvalidArgument says what is wrong; a password is never repeated.
Result<MasterAddress> parse_master_address(std::string_view text);

/// "zk://..." alone.
Result<ZookeeperGroup> parse_zookeeper_group(std::string_view text);

}  // namespace esaas::mesos
