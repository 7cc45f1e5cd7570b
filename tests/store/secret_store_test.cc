// Secrets: kept, found again, and gone from the files once they are erased.

#include "store/secrets/secret_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "store/secrets/references.h"
#include "tests/store/temp_directory.h"

namespace esaas::store {
namespace {

constexpr std::string_view kPlanted = "planted-password-5d41402abc4b2a76";

/// In any file, as it is.
bool lies_in(const std::filesystem::path& folder, std::string_view text) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream stream(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    if (bytes.find(text) != std::string::npos) return true;
  }
  return false;
}

TEST(SecretStore, KeepsVersionsAndFindsThemAfterAnotherStart) {
  const testing::TempDirectory folder;
  {
    const auto secrets = *open_secret_store(folder.path());
    EXPECT_EQ(*secrets->put("proxy/search/anna", "one"), 1U);
    EXPECT_EQ(*secrets->put("proxy/search/anna", "two"), 2U);
    EXPECT_EQ(*secrets->put("anna", "three"), 1U);
  }
  const auto secrets = *open_secret_store(folder.path());
  EXPECT_EQ(*secrets->get("proxy/search/anna", 1), "one");
  EXPECT_EQ(*secrets->get("proxy/search/anna", 2), "two");
  EXPECT_EQ(*secrets->get("anna", 1), "three");
  EXPECT_EQ(secrets->get("anna", 2).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(secrets->get("bert", 1).error().code, ErrorCode::kNotFound);
}

TEST(SecretStore, WhatIsErasedIsGoneAndItsVersionIsNotGivenAgain) {
  const testing::TempDirectory folder;
  const auto secrets = *open_secret_store(folder.path());
  ASSERT_TRUE(secrets->put("anna", "one"));
  ASSERT_TRUE(secrets->put("anna", "two"));
  ASSERT_TRUE(secrets->put("bert", "three"));
  const auto erased = secrets->erase_unless([](std::string_view id, std::uint32_t) { return id == "bert"; });
  EXPECT_EQ(*erased, 2U);
  EXPECT_FALSE(secrets->get("anna", 2));
  EXPECT_EQ(*secrets->get("bert", 1), "three");
  EXPECT_EQ(*secrets->put("anna", "four"), 3U);
}

TEST(SecretStore, NoFileHoldsASecretAsItIs) {
  const testing::TempDirectory folder;
  {
    const auto secrets = *open_secret_store(folder.path());
    ASSERT_TRUE(secrets->put("anna", kPlanted));
    EXPECT_FALSE(lies_in(folder.path(), kPlanted));
  }
  EXPECT_FALSE(lies_in(folder.path(), kPlanted));
  EXPECT_TRUE(lies_in(folder.path(), "anna"));  // the search itself finds what is there
}

TEST(SecretStore, WithoutItsKeyNothingIsReadOrWritten) {
  const testing::TempDirectory folder;
  ASSERT_TRUE((*open_secret_store(folder.path()))->put("anna", "one"));
  std::filesystem::remove(folder.path() / "key");
  const auto without = open_secret_store(folder.path());
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code, ErrorCode::kDataLoss);
  std::ofstream(folder.path() / "key") << std::string(32, 'x');
  const auto wrong = *open_secret_store(folder.path());
  EXPECT_EQ(wrong->get("anna", 1).error().code, ErrorCode::kDataLoss);
}

TEST(SecretStore, IsOfOneProcessAndOneUser) {
  const testing::TempDirectory folder;
  const auto secrets = *open_secret_store(folder.path());
  EXPECT_FALSE(open_secret_store(folder.path()));
  using std::filesystem::perms;
  const auto others = perms::group_all | perms::others_all;
  EXPECT_EQ(std::filesystem::status(folder.path() / "key").permissions() & others, perms::none);
  EXPECT_EQ(std::filesystem::status(folder.path()).permissions() & others, perms::none);
}

TEST(SecretReferences, AreThoseOfClustersOfOpenOperationsAndOfSinks) {
  state::FleetState fleet;
  auto& user = *fleet.clusters["search"].mutable_spec()->mutable_access()->add_users();
  user.set_secret_id("proxy/search/1");
  user.set_secret_version(3);
  auto& asked = *fleet.operations["op-9"].mutable_request()->mutable_proxies()->mutable_access()->add_users();
  asked.set_secret_id("proxy/search/2");
  asked.set_secret_version(1);
  auto& webhook = *fleet.head.add_sinks()->mutable_sink()->mutable_webhook();
  webhook.set_secret_id("sink/alerts");
  webhook.set_secret_version(2);
  fleet.head.add_sinks()->mutable_sink()->mutable_webhook()->set_url("http://unsigned.example/");
  EXPECT_THAT(secrets_of(fleet),
              ::testing::ElementsAre(std::pair("proxy/search/1", 3U), std::pair("proxy/search/2", 1U),
                                     std::pair("sink/alerts", 2U)));
}

}  // namespace
}  // namespace esaas::store
