#pragma once
// What a master does in ZooKeeper, for tests: a session of its own, the group's path made, and an ephemeral sequential
// znode json.info_NNNNNNNNNN with MasterInfo, which goes with the member. Not thread-safe.

#include <string>

#include "reconcilers/effects/mesos/endpoint.h"

struct _zhandle;

namespace esaas::mesos::testing {

/// MasterInfo as a master of 1.11 writes it.
std::string master_info_json(const Endpoint& address);

class GroupMember {
 public:
  /// Connects to `server` ("HOST:PORT"). With "USER:PASSWORD" what it makes is for that user alone.
  explicit GroupMember(const std::string& server, const std::string& login = {});
  /// Ends the session: what it made is gone at once.
  ~GroupMember();
  GroupMember(const GroupMember&) = delete;
  GroupMember& operator=(const GroupMember&) = delete;

  [[nodiscard]] bool connected() const;
  /// Makes the path and the znode; answers the znode's path, empty when it failed.
  std::string join(const std::string& path, const std::string& info, const std::string& prefix = "json.info_");
  bool make(const std::string& path, const std::string& data);
  bool write(const std::string& path, const std::string& data);
  bool remove(const std::string& path);

 private:
  _zhandle* handle_ = nullptr;
  bool only_for_itself_ = false;
};

}  // namespace esaas::mesos::testing
