// Which certificate a proxy's task is known by.

#include "reconcilers/loop/proxy_certificates.h"

#include <gtest/gtest.h>

#include "store/secrets/references.h"
#include "tests/store/temp_directory.h"

namespace esaas::loop {
namespace {

TEST(ProxyCertificates, TheFirstOfATaskIsTheOnlyOne) {
  ProxyCertificates certificates(nullptr);
  EXPECT_TRUE(certificates.admit("task-1", "aa"));
  EXPECT_TRUE(certificates.admit("task-1", "aa"));
  const auto refused = certificates.admit("task-1", "bb");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kPermissionDenied);
  EXPECT_NE(refused.error().detail.find("task-1"), std::string::npos);
  EXPECT_TRUE(certificates.admit("task-2", "bb")) << "another task has a key of its own";
  EXPECT_TRUE(certificates.admit("task-1", "aa")) << "who was refused changes nothing";
}

TEST(ProxyCertificates, IsKnownAfterTheControllerWasStartedAnew) {
  const store::testing::TempDirectory folder;
  const auto open = [&] { return *store::open_secret_store(folder.path()); };
  {
    const auto secrets = open();
    EXPECT_TRUE(ProxyCertificates(secrets.get()).admit("task-1", "aa"));
  }
  const auto secrets = open();
  EXPECT_EQ(ProxyCertificates(secrets.get()).admit("task-1", "bb").error().code, ErrorCode::kPermissionDenied);
  EXPECT_TRUE(ProxyCertificates(secrets.get()).admit("task-1", "aa"));
}

TEST(ProxyCertificates, IsKeptAsLongAsItsTaskIsTheNewestOfItsNode) {
  state::FleetState fleet;
  state::Cluster& cluster = fleet.clusters["search"];
  for (const auto& [name, role] :
       {std::pair("proxy", model::NODE_ROLE_PROXY), std::pair("data", model::NODE_ROLE_DATA)}) {
    model::NodeGroup& group = *cluster.mutable_spec()->add_node_groups();
    group.set_name(name);
    group.add_roles(role);
    state::Node& node = *cluster.add_nodes();
    node.set_group(name);
    node.mutable_task()->set_task_id(role == model::NODE_ROLE_PROXY ? "task-2" : "task-3");
  }
  const auto needed = store::secrets_of(fleet);
  EXPECT_TRUE(needed.contains({store::proxy_certificate_id("task-2"), 1U}));
  EXPECT_FALSE(needed.contains({store::proxy_certificate_id("task-3"), 1U})) << "it is no proxy's";
  EXPECT_FALSE(needed.contains({store::proxy_certificate_id("task-1"), 1U}));
}

/// What is kept cannot be read.
class Unreadable final : public store::SecretStore {
 public:
  Result<std::uint32_t> put(std::string_view, std::string_view) override {
    ADD_FAILURE() << "something is put in its place";
    return 1U;
  }
  [[nodiscard]] Result<std::string> get(std::string_view, std::uint32_t) const override {
    return fail(ErrorCode::kDataLoss, "under another key");
  }
  Result<std::size_t> erase_unless(const std::function<bool(std::string_view, std::uint32_t)>&) override { return 0U; }
  [[nodiscard]] std::shared_ptr<void> hold_erasures() override { return nullptr; }
  [[nodiscard]] Result<void> copy_to(const std::filesystem::path&) const override {
    return fail(ErrorCode::kDataLoss, "under another key");
  }
};

TEST(ProxyCertificates, WhatCannotBeReadAdmitsNobody) {
  Unreadable secrets;
  EXPECT_EQ(ProxyCertificates(&secrets).admit("task-1", "aa").error().code, ErrorCode::kDataLoss);
}

}  // namespace
}  // namespace esaas::loop
