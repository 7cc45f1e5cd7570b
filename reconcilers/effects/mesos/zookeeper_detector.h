#pragma once
// ZookeeperDetector: follows which master leads a group in ZooKeeper.
//
// # What it does
// Watches the children of the group's path and reads the znode with the lowest sequence (master_info.h). A znode that
// is no MasterInfo is skipped with a note. An empty group, or a path that is not there yet, means that nobody leads.
//
// # What it believes when ZooKeeper is silent
// The last answer stays: ZooKeeper's silence (no quorum, a cut network) says nothing about the master, whose own stream
// tells whether it lives. A session that expired is replaced by a new handle; an old one is never used again. A handle
// that stays without connection is replaced too, so that names of servers are resolved anew.
//
// # Threads
// Debian's C client has two threads of its own, and its opening and closing may block (names are resolved, threads
// joined). So the detector has a thread as well: callbacks of the C client are posted there, and what they lead to is
// posted to the owner's io_context. The handler is called from inside its run(), and never after the destructor.
//
// Construct, use and destroy on the one thread that runs the io_context. The destructor waits for the C client's
// threads: at most a name resolution, and 3 s when ZooKeeper hangs.

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "reconcilers/effects/mesos/master_address.h"
#include "reconcilers/effects/mesos/master_info.h"

namespace esaas::mesos {

struct ZookeeperConfig {
  ZookeeperGroup group;  ///< with a user: digest authentication with group.password
  std::chrono::milliseconds session_timeout = std::chrono::seconds(10);
  std::chrono::milliseconds retry_after = std::chrono::seconds(1);  ///< after a read or a handle that failed
};

class ZookeeperDetector {
 public:
  class Handler {
   public:
    virtual ~Handler() = default;
    /// The first answer, and each that differs from the one before. Null: nobody leads.
    virtual void leader_changed(const std::optional<MasterInfo>& leader) = 0;
    /// Something that an operator should know; never the same again before it was well in between.
    virtual void detector_note(const std::string& text) = 0;
    /// Whether the ensemble answers; first told when it does, or when it has not for a session timeout.
    virtual void zookeeper_answers(bool answers) = 0;
  };

  ZookeeperDetector(boost::asio::io_context& io, ZookeeperConfig config, Handler& handler);
  ~ZookeeperDetector();
  ZookeeperDetector(const ZookeeperDetector&) = delete;
  ZookeeperDetector& operator=(const ZookeeperDetector&) = delete;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace esaas::mesos
