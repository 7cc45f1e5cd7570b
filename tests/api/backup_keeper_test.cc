// Backups as they are asked for over HTTP, taken by the keeper of a real log.

#include "api/serve/backup_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/array.hpp>

#include <atomic>

#include "tests/api/test_api.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::api {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

/// The API is there before the keeper, which needs its front.
struct Forwarding final : BackupService {
  BackupService* keeper = nullptr;
  Result<std::string> begin(const std::string& name, bool with_secrets, const command::Caller& caller) override {
    return keeper->begin(name, with_secrets, caller);
  }
  [[nodiscard]] BackupStatus status() const override { return keeper->status(); }
};

class BackupKeeperTest : public ::testing::Test {
 protected:
  BackupKeeperTest() {
    secrets_ = *store::open_secret_store(home_.path() / "secrets");
    log_ = *store::open_rocksdb_log({.directory = home_.path() / "log"});
    EXPECT_TRUE(log_->append(samples_.batch(500)));
  }

  void begin(config::BackupConfig plan) {
    plan.folder = home_.path() / "backups";
    keeper_.emplace(plan, api_.front, *log_, *secrets_, [this] { return from_us(now_us_.load()); });
    forwarding_.keeper = &*keeper_;
  }
  BackupStatus wait_until(const std::function<bool(const BackupStatus&)>& condition) {
    BackupStatus status;
    for (int i = 0; i < 3'000; ++i) {
      status = keeper_->status();
      if (condition(status)) return status;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "not within 30 s";
    return status;
  }
  BackupStatus wait_until_idle(std::size_t backups) {
    return wait_until([&](const BackupStatus& s) { return s.under_way.empty() && s.backups.size() == backups; });
  }

  store::testing::TempDirectory home_;
  store::testing::SampleEvents samples_;
  std::unique_ptr<store::SecretStore> secrets_;
  std::unique_ptr<store::DurableLog> log_;
  std::atomic<std::int64_t> now_us_ = to_us(kTestNow);
  Forwarding forwarding_;
  TestApi api_{{}, 1, &forwarding_};
  std::unique_ptr<TestClient> client_ = api_.connect();
  std::optional<BackupKeeper> keeper_;  // before what it uses goes
};

TEST_F(BackupKeeperTest, TakesOneThatIsAskedForAndNotesWhoAsked) {
  begin({});
  const auto begun = client_->request("POST", "/v1/backups", R"({"name":"before-upgrade","secrets":true})");
  ASSERT_EQ(begun.status, 202U) << begun.body;
  EXPECT_EQ(begun.json().at("name").as_string(), "before-upgrade");
  wait_until_idle(1);
  const auto listed = client_->request("GET", "/v1/backups").json();
  ASSERT_EQ(listed.at("items").as_array().size(), 1U);
  const auto& item = listed.at("items").at(0);
  EXPECT_EQ(item.at("through_seq").as_int64(), 500);
  EXPECT_TRUE(item.at("has_secrets").as_bool());
  EXPECT_EQ(item.at("taken_at").as_string(), to_rfc3339(kTestNow));
  const auto audit = client_->request("GET", "/v1/audit?action=take_backup").json();
  ASSERT_EQ(audit.at("count").as_int64(), 1);
  EXPECT_EQ(audit.at("items").at(0).at("method").as_string(), "POST");
  EXPECT_EQ(audit.at("items").at(0).at("request").at("name").as_string(), "before-upgrade");
}

TEST_F(BackupKeeperTest, NamesOneByItsMomentWhenNoNameIsGiven) {
  begin({});
  const auto begun = client_->request("POST", "/v1/backups");
  ASSERT_EQ(begun.status, 202U) << begun.body;
  EXPECT_EQ(begun.json().at("name").as_string(), "b-20161009t120000z");
  EXPECT_THAT(wait_until_idle(1).backups, SizeIs(1));
}

TEST_F(BackupKeeperTest, RefusesByName) {
  begin({});
  EXPECT_EQ(client_->request("POST", "/v1/backups", R"({"name":"A b"})").status, 400U);
  EXPECT_EQ(client_->request("POST", "/v1/backups", R"({"secrets":1})").status, 400U);
  EXPECT_EQ(client_->request("POST", "/v1/backups", R"({"folder":"x"})").status, 400U);
  ASSERT_EQ(client_->request("POST", "/v1/backups", R"({"name":"a"})").status, 202U);
  wait_until_idle(1);
  const auto again = client_->request("POST", "/v1/backups", R"({"name":"a"})");
  EXPECT_EQ(again.status, 409U);
  EXPECT_THAT(again.body, HasSubstr("there is a backup a"));
}

TEST_F(BackupKeeperTest, WithoutAFolderSaysWhatIsMissing) {
  TestApi without;
  const auto client = without.connect();
  EXPECT_TRUE(client->request("GET", "/v1/backups").json().at("items").as_array().empty());
  const auto refused = client->request("POST", "/v1/backups");
  EXPECT_EQ(refused.status, 409U);
  EXPECT_THAT(refused.body, HasSubstr("backup.directory"));
}

TEST_F(BackupKeeperTest, TakesThemByThePeriodAndKeepsTheNewest) {
  begin({.folder = {}, .period = std::chrono::seconds(60), .keep = 2, .with_secrets = false});
  std::string newest;
  for (int i = 0; i < 4; ++i) {
    const auto status = wait_until([&](const BackupStatus& s) {
      return s.under_way.empty() && !s.backups.empty() && s.backups.back().name != newest;
    });
    newest = status.backups.back().name;
    EXPECT_LE(status.backups.size(), 2U);
    now_us_ += 61'000'000;
    keeper_.reset();  // a restart looks at what is there
    begin({.folder = {}, .period = std::chrono::seconds(60), .keep = 2, .with_secrets = false});
  }
  EXPECT_EQ(client_->request("GET", "/v1/audit?action=take_backup").json().at("count").as_int64(), 0)
      << "nobody asked for them";
}

TEST_F(BackupKeeperTest, TellsWhyOneCameToNothing) {
  begin({});
  ASSERT_EQ(client_->request("POST", "/v1/backups", R"({"name":"good"})").status, 202U);
  wait_until_idle(1);
  const auto holds = *store::Backups::open(home_.path() / "backups");  // as another process would
  ASSERT_EQ(client_->request("POST", "/v1/backups", R"({"name":"bad"})").status, 202U);
  const auto status = wait_until([](const BackupStatus& s) { return !s.failed.empty(); });
  EXPECT_EQ(status.failed, "bad");
  EXPECT_THAT(status.why, HasSubstr("another process"));
  EXPECT_THAT(client_->request("GET", "/v1/backups").body, HasSubstr("another process"));
}

}  // namespace
}  // namespace esaas::api
