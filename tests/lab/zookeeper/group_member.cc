#include "tests/lab/zookeeper/group_member.h"

#include <zookeeper/zookeeper.h>

#include <array>
#include <chrono>
#include <thread>

namespace esaas::mesos::testing {
namespace {

constexpr int kSessionTimeoutMs = 4000;
constexpr auto kConnectTimeout = std::chrono::seconds(10);

void on_event(zhandle_t*, int, int, const char*, void*) {}

}  // namespace

std::string master_info_json(const Endpoint& address) {
  const std::string port = std::to_string(address.port);
  return R"({"address":{"hostname":"localhost","ip":")" + address.host + R"(","port":)" + port +
         R"(},"hostname":"localhost","id":"m-)" + port + R"(","ip":16777343,"pid":"master@)" + address.to_string() +
         R"(","port":)" + port + R"(,"version":"1.11.0"})";
}

GroupMember::GroupMember(const std::string& server, const std::string& login) : only_for_itself_(!login.empty()) {
  zoo_set_debug_level(static_cast<ZooLogLevel>(0));
  handle_ = zookeeper_init(server.c_str(), &on_event, kSessionTimeoutMs, nullptr, nullptr, 0);
  const auto deadline = std::chrono::steady_clock::now() + kConnectTimeout;
  while (!connected() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (only_for_itself_) {
    zoo_add_auth(handle_, "digest", login.data(), static_cast<int>(login.size()), nullptr, nullptr);
  }
}

GroupMember::~GroupMember() {
  if (handle_ != nullptr) zookeeper_close(handle_);
}

bool GroupMember::connected() const { return handle_ != nullptr && zoo_state(handle_) == ZOO_CONNECTED_STATE; }

std::string GroupMember::join(const std::string& path, const std::string& info, const std::string& prefix) {
  for (auto slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const int rc =
        zoo_create(handle_, path.substr(0, slash).c_str(), "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, nullptr, 0);
    if (rc != ZOK && rc != ZNODEEXISTS) return {};
    if (slash == std::string::npos) break;
  }
  std::array<char, 512> made{};
  const ACL_vector& access = only_for_itself_ ? ZOO_CREATOR_ALL_ACL : ZOO_OPEN_ACL_UNSAFE;
  const int rc = zoo_create(handle_, (path + "/" + prefix).c_str(), info.data(), static_cast<int>(info.size()), &access,
                            ZOO_EPHEMERAL_SEQUENTIAL, made.data(), static_cast<int>(made.size()));
  return rc == ZOK ? made.data() : std::string();
}

bool GroupMember::make(const std::string& path, const std::string& data) {
  return zoo_create(handle_, path.c_str(), data.data(), static_cast<int>(data.size()), &ZOO_OPEN_ACL_UNSAFE,
                    ZOO_PERSISTENT, nullptr, 0) == ZOK;
}

bool GroupMember::write(const std::string& path, const std::string& data) {
  return zoo_set(handle_, path.c_str(), data.data(), static_cast<int>(data.size()), -1) == ZOK;
}

bool GroupMember::remove(const std::string& path) { return zoo_delete(handle_, path.c_str(), -1) == ZOK; }

}  // namespace esaas::mesos::testing
