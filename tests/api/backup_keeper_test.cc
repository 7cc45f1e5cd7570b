// Backups as they are asked for over HTTP, taken by the keeper of a real log.

#include "api/serve/backup_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/array.hpp>

#include <atomic>
#include <chrono>
#include <fstream>

#include "tests/api/test_api.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::api {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Kind = event::Event::PayloadCase;

/// The API is there before the keeper, which needs its front.
struct Forwarding final : BackupService {
  BackupService* keeper = nullptr;
  [[nodiscard]] Result<void> check(const std::string& name) const override { return keeper->check(name); }
  void look() override { keeper->look(); }
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
    plan.folder = folder();
    begin_with(plan);
  }
  void begin_with(const config::BackupConfig& plan) {
    keeper_.emplace(plan, BackupGround{.front = api_.front,
                                       .log = *log_,
                                       .secrets = *secrets_,
                                       .now = [this] { return from_us(now_us_.load()); },
                                       .check_room = [this]() -> Result<void> {
                                         if (has_room_) return {};
                                         return fail(ErrorCode::kResourceExhausted, "no room", "", "backup_free_space");
                                       }});
    forwarding_.keeper = &*keeper_;
  }
  [[nodiscard]] std::filesystem::path folder() const { return home_.path() / "backups"; }

  BackupStatus wait_until(const std::function<bool(const BackupStatus&)>& condition) {
    BackupStatus status;
    for (int i = 0; i < 3'000; ++i) {
      status = keeper_->status();
      if (condition(status)) return status;
      std::this_thread::sleep_for(10ms);
    }
    ADD_FAILURE() << "not within 30 s";
    return status;
  }
  BackupStatus wait_until_idle(std::size_t backups) {
    return wait_until([&](const BackupStatus& s) { return s.under_way.empty() && s.backups.size() == backups; });
  }
  BackupStatus wait_until_failed() {
    return wait_until([](const BackupStatus& s) { return !s.failed.empty(); });
  }

  TestResponse ask(const std::string& body, const std::string& key = "") {
    const TestClient::Headers headers{{"Idempotency-Key", key}};
    return client_->request("POST", "/v1/backups", body, key.empty() ? TestClient::Headers{} : headers);
  }
  /// A backup that is to be taken while no keeper runs.
  std::uint64_t intend(const std::string& name, bool with_secrets = false) {
    return api_.front.must(command::BeginBackup{.name = name, .with_secrets = with_secrets}).seq;
  }
  void take(const std::string& name, store::SecretStore* secrets = nullptr) {
    const auto taken =
        (*store::Backups::open(folder())).take(*log_, {.name = name, .now = kTestNow, .secrets = secrets});
    ASSERT_TRUE(taken) << taken.error().detail;
  }

  /// What the controller logged of this kind.
  std::vector<event::Event> logged(Kind kind) {
    std::vector<event::Event> found;
    for (std::uint64_t seq = 1; seq <= api_.front.log.last_seq(); ++seq) {
      auto event = *api_.front.log.read_one(seq);
      if (event.payload_case() == kind) found.push_back(std::move(event));
    }
    return found;
  }
  /// In the log that the keeper backs up, as if it were the controller's.
  void copy_to_log(Kind kind) {
    for (event::Event& event : logged(kind)) {
      event.set_seq(log_->last_seq() + 1);
      ASSERT_TRUE(log_->append({.events = {event}, .idempotency = {}}));
    }
  }

  store::testing::TempDirectory home_;
  store::testing::SampleEvents samples_;
  std::unique_ptr<store::SecretStore> secrets_;
  std::unique_ptr<store::DurableLog> log_;
  std::atomic<std::int64_t> now_us_ = to_us(kTestNow);
  std::atomic<bool> has_room_ = true;
  Forwarding forwarding_;
  TestApi api_{{}, 1, &forwarding_};
  std::unique_ptr<TestClient> client_ = api_.connect();
  std::optional<BackupKeeper> keeper_;  // before what it uses goes
};

/// So slow that it takes minutes.
config::BackupConfig slow() {
  config::BackupConfig plan;
  plan.kib_per_second_max = 1;
  return plan;
}

TEST_F(BackupKeeperTest, TakesOneThatIsAskedForAndNotesWhoAsked) {
  begin({});
  const auto begun = ask(R"({"name":"before-upgrade","secrets":true})");
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
  const auto& entry = audit.at("items").at(0);
  EXPECT_EQ(entry.at("method").as_string(), "POST");
  EXPECT_EQ(entry.at("request").at("name").as_string(), "before-upgrade");
  EXPECT_EQ(entry.at("seq").as_int64(), begun.json().at("seq").as_int64());
  const auto taken = logged(Kind::kBackupTaken);
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_EQ(taken.front().cause_seq(), begun.json().at("seq").to_number<std::uint64_t>());
  EXPECT_EQ(taken.front().backup_taken().through_seq(), 500U);
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
  EXPECT_EQ(ask(R"({"name":"A b"})").status, 400U);
  EXPECT_EQ(ask(R"({"secrets":1})").status, 400U);
  EXPECT_EQ(ask(R"({"folder":"x"})").status, 400U);
  ASSERT_EQ(ask(R"({"name":"a"})").status, 202U);
  wait_until_idle(1);
  const auto again = ask(R"({"name":"a"})");
  EXPECT_EQ(again.status, 409U);
  EXPECT_THAT(again.body, HasSubstr("there is a backup a"));
  EXPECT_THAT(logged(Kind::kBackupIntended), SizeIs(1)) << "what is refused leaves nothing";
}

TEST_F(BackupKeeperTest, TheSameKeyGivesTheSameAnswerAlsoWhenItWasTaken) {
  begin({});
  const auto first = ask(R"({"name":"a"})", "key-1");
  ASSERT_EQ(first.status, 202U) << first.body;
  wait_until_idle(1);
  const auto again = ask(R"({"name":"a"})", "key-1");
  EXPECT_EQ(again.status, 202U) << again.body;
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.headers.at("idempotency-replayed"), "true");
  const auto other = ask(R"({"name":"b"})", "key-1");
  EXPECT_EQ(other.status, 409U);
  EXPECT_EQ(other.problem_rule(), "same_key_same_request");
  const auto unnamed = ask("{}", "key-2");
  ASSERT_EQ(unnamed.status, 202U) << unnamed.body;
  wait_until_idle(2);
  EXPECT_EQ(ask("{}", "key-2").body, unnamed.body);
  EXPECT_THAT(logged(Kind::kBackupIntended), SizeIs(2));
}

TEST_F(BackupKeeperTest, ADryRunBeginsNothing) {
  begin({});
  const auto preview = client_->request("POST", "/v1/backups?dry_run=true", R"({"name":"a"})");
  EXPECT_EQ(preview.status, 200U) << preview.body;
  EXPECT_THAT(logged(Kind::kBackupIntended), SizeIs(0));
}

TEST_F(BackupKeeperTest, OneAtATimeAndAStopLeavesItForTheNextStart) {
  begin(slow());
  ASSERT_EQ(ask(R"({"name":"long"})").status, 202U);
  const auto second = ask(R"({"name":"second"})");
  EXPECT_EQ(second.status, 409U);
  EXPECT_EQ(second.problem_rule(), "one_backup_at_a_time");
  const auto under_way = client_->request("GET", "/v1/backups").json().at("under_way");
  EXPECT_EQ(under_way.at("name").as_string(), "long");
  std::this_thread::sleep_for(500ms);  // it copies
  const auto stop = std::chrono::steady_clock::now();
  keeper_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - stop, 5s);
  EXPECT_TRUE(api_.front.head()->has_backup()) << "it is still to be taken";
  EXPECT_THAT(logged(Kind::kBackupFailed), SizeIs(0));
  begin({});
  EXPECT_EQ(wait_until_idle(1).backups.front().name, "long");
  EXPECT_TRUE((*store::Backups::open(folder())).verify("long"));
  EXPECT_THAT(logged(Kind::kBackupTaken), SizeIs(1));
}

TEST_F(BackupKeeperTest, TakesWhatWasIntendedBeforeItStarted) {
  const std::uint64_t seq = intend("before");
  begin({});
  wait_until_idle(1);
  ASSERT_THAT(logged(Kind::kBackupTaken), SizeIs(1));
  EXPECT_EQ(logged(Kind::kBackupTaken).front().cause_seq(), seq);
}

TEST_F(BackupKeeperTest, WhatWasTakenAndNotNotedIsNoted) {
  intend("whole");
  take("whole");
  ASSERT_TRUE(log_->append(samples_.batch(10)));
  begin({});
  const auto status = wait_until_idle(1);
  EXPECT_EQ(status.backups.front().through_seq, 500U) << "it was not taken again";
  ASSERT_THAT(logged(Kind::kBackupTaken), SizeIs(1));
  EXPECT_EQ(logged(Kind::kBackupTaken).front().backup_taken().through_seq(), 500U);
}

TEST_F(BackupKeeperTest, WhatHasNotItsSecretsIsTakenAgain) {
  intend("half", true);
  take("half", &*secrets_);
  std::filesystem::remove_all(folder() / "secrets" / "half");
  ASSERT_TRUE(log_->append(samples_.batch(10)));
  begin({});
  const auto status = wait_until_idle(1);
  EXPECT_EQ(status.backups.front().through_seq, 510U);
  EXPECT_TRUE(std::filesystem::exists(folder() / "secrets" / "half" / "key"));
}

TEST_F(BackupKeeperTest, ABackupOfAnotherLogIsLeftAlone) {
  {
    const auto other = *store::open_rocksdb_log({.directory = home_.path() / "other"});
    ASSERT_TRUE(other->append(store::testing::SampleEvents(7).batch(400)));
    ASSERT_TRUE((*store::Backups::open(folder())).take(*other, {.name = "theirs", .now = kTestNow}));
  }
  intend("theirs");
  begin({});
  const auto status = wait_until_failed();
  EXPECT_THAT(status.why, HasSubstr("there is a backup theirs"));
  ASSERT_THAT(status.backups, SizeIs(1));
  EXPECT_EQ(status.backups.front().through_seq, 400U);
}

TEST_F(BackupKeeperTest, WithoutAFolderSaysWhatIsMissing) {
  begin_with({});
  EXPECT_TRUE(client_->request("GET", "/v1/backups").json().at("items").as_array().empty());
  const auto refused = client_->request("POST", "/v1/backups");
  EXPECT_EQ(refused.status, 409U);
  EXPECT_THAT(refused.body, HasSubstr("backup.directory"));
  EXPECT_EQ(refused.problem_rule(), "backup_directory");
}

TEST_F(BackupKeeperTest, WhatIsIntendedWhenTheFolderWasTakenOutOfTheConfigurationFails) {
  const std::uint64_t seq = intend("orphan");
  begin_with({});
  const auto status = wait_until_failed();
  EXPECT_EQ(status.failed, "orphan");
  EXPECT_THAT(status.why, HasSubstr("backup_directory"));
  const auto failed = logged(Kind::kBackupFailed);
  ASSERT_THAT(failed, SizeIs(1));
  EXPECT_EQ(failed.front().cause_seq(), seq);
}

TEST_F(BackupKeeperTest, NoneIsBegunThatHasNoRoom) {
  intend("asked-before");
  has_room_ = false;
  begin({});
  EXPECT_THAT(wait_until_failed().why, HasSubstr("backup_free_space"));
  const auto refused = ask(R"({"name":"a"})");
  EXPECT_EQ(refused.status, 429U);
  EXPECT_EQ(refused.problem_rule(), "backup_free_space");
  EXPECT_THAT(logged(Kind::kBackupIntended), SizeIs(1));
  has_room_ = true;
  ASSERT_EQ(ask(R"({"name":"a"})").status, 202U);
  EXPECT_EQ(wait_until_idle(1).failed, "") << "one was taken since";
}

TEST_F(BackupKeeperTest, TakesThemByThePeriodAndKeepsTheNewest) {
  const config::BackupConfig plan{.folder = {}, .period = 60s, .keep = 2, .with_secrets = false};
  begin(plan);
  std::string newest;
  for (int i = 0; i < 4; ++i) {
    const auto status = wait_until([&](const BackupStatus& s) {
      return s.under_way.empty() && !s.backups.empty() && s.backups.back().name != newest;
    });
    newest = status.backups.back().name;
    EXPECT_LE(status.backups.size(), 2U);
    keeper_.reset();  // a restart looks at what is there
    now_us_ += 61'000'000;
    begin(plan);
  }
  keeper_.reset();
  EXPECT_EQ(client_->request("GET", "/v1/audit?action=take_backup").json().at("count").as_int64(), 0)
      << "nobody asked for them";
}

TEST_F(BackupKeeperTest, OneThatFailsByThePlanIsTriedOnceAPeriodAlsoOverRestarts) {
  std::ofstream(folder()) << "no folder";
  const config::BackupConfig plan{.folder = {}, .period = 60s, .keep = 2, .with_secrets = false};
  begin(plan);
  const auto status = wait_until_failed();
  EXPECT_EQ(status.failed_seq, logged(Kind::kBackupIntended).front().seq());
  for (int i = 0; i < 50; ++i) keeper_->look();
  std::this_thread::sleep_for(1500ms);
  EXPECT_THAT(logged(Kind::kBackupIntended), SizeIs(1));
  copy_to_log(Kind::kBackupIntended);
  copy_to_log(Kind::kBackupFailed);
  keeper_.reset();
  now_us_ += 59'000'000;
  begin(plan);
  EXPECT_EQ(wait_until_failed().failed, status.failed) << "as the log says";
  std::this_thread::sleep_for(1500ms);
  EXPECT_THAT(logged(Kind::kBackupIntended), SizeIs(1));
  now_us_ += 1'000'000;
  wait_until([&](const BackupStatus&) { return logged(Kind::kBackupFailed).size() == 2; });
  EXPECT_THAT(logged(Kind::kBackupIntended), SizeIs(2));
}

TEST_F(BackupKeeperTest, DoesNotPressAControllerThatIsFull) {
  intend("asked-before");
  api_.front.refuse_all();
  const std::size_t before = api_.front.submissions_seen();
  begin({});
  wait_until([](const BackupStatus& s) { return s.backups.size() == 1; });
  for (int i = 0; i < 20; ++i) std::this_thread::sleep_for(50ms);
  EXPECT_EQ(api_.front.submissions_seen() - before, 1U) << "it waits before it asks again";
  EXPECT_EQ(keeper_->status().under_way, "asked-before") << "until it is in the log";
}

TEST_F(BackupKeeperTest, TellsWhyOneCameToNothing) {
  begin({});
  ASSERT_EQ(ask(R"({"name":"good"})").status, 202U);
  wait_until_idle(1);
  const auto holds = *store::Backups::open(folder());  // as another process would
  const auto begun = ask(R"({"name":"bad"})");
  ASSERT_EQ(begun.status, 202U);
  const auto status = wait_until_failed();
  EXPECT_EQ(status.failed, "bad");
  EXPECT_THAT(status.why, HasSubstr("another process"));
  const auto failed = client_->request("GET", "/v1/backups").json().at("failed");
  EXPECT_EQ(failed.at("seq").as_int64(), begun.json().at("seq").as_int64()) << "the request's";
  ASSERT_THAT(logged(Kind::kBackupFailed), SizeIs(1));
  EXPECT_THAT(logged(Kind::kBackupFailed).front().backup_failed().why(), HasSubstr("another process"));
}

}  // namespace
}  // namespace esaas::api
