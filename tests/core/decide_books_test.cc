// Commands about the books: tokens in use, what tenants with a budget are told, backups.

#include "tests/core/story.h"

namespace esaas::test {
namespace {

class DecideBooks : public testing::Test {
 protected:
  DecideBooks() {
    story_.given_search();
    command::IssueToken issue;
    issue.token_id = "tok-1";
    issue.tenant = "shop";
    issue.role = model::TOKEN_ROLE_VIEWER;
    issue.hash = std::string(32, 'h');
    issue.expires_at = story_.now + std::chrono::hours(1);
    story_.accept(issue);
  }

  void set_budget(std::vector<std::uint32_t> percents = {50, 80, 100}) {
    command::SetBudget set;
    set.tenant = "shop";
    set.budget.emplace().set_currency("CNY");
    set.budget->set_minor_digits(2);
    set.budget->set_monthly_minor(1'000'00);
    set.budget->mutable_alert_percents()->Assign(percents.begin(), percents.end());
    story_.accept(set);
  }
  static command::AlertBudget spent(std::int64_t minor, bool projected = false, const std::string& month = "2016-10") {
    return {.tenant = "shop", .month = month, .spent_minor = minor, .projected = projected};
  }
  /// The percent that is told.
  std::uint32_t told(const command::AlertBudget& alert) {
    const auto events = story_.when(alert);
    if (!events) {
      EXPECT_EQ(events.error().rule, "told_once") << events.error().detail;
      return 0;
    }
    for (const auto& event : *events) story_.fold(event);
    return events->front().budget_alerted().percent();
  }

  Story story_;
};

TEST_F(DecideBooks, TellOfATokenOnceForEachAddress) {
  story_.caller = {"tok-1", "shop", model::TOKEN_ROLE_VIEWER, "10.0.0.1", "GET", "/v1/clusters?limit=1"};
  const auto first = story_.when(command::NoteTokenUse{});
  ASSERT_TRUE(first) << first.error().detail;
  ASSERT_EQ(first->size(), 1U);
  EXPECT_EQ(first->front().token_used().token_id(), "tok-1");
  EXPECT_EQ(first->front().tenant(), "shop");
  EXPECT_EQ(first->front().actor().method(), "GET");
  EXPECT_EQ(first->front().actor().url(), "/v1/clusters?limit=1");
  EXPECT_EQ(first->front().cause_seq(), story_.state.find_token("tok-1")->issued_seq());
  story_.fold(first->front());
  EXPECT_EQ(story_.refusal(command::NoteTokenUse{}).code, ErrorCode::kAlreadyExists);
  story_.caller.address = "10.0.0.2";
  EXPECT_TRUE(story_.when(command::NoteTokenUse{}));
  story_.caller.token_id = "tok-2";
  EXPECT_EQ(story_.refusal(command::NoteTokenUse{}).code, ErrorCode::kNotFound);
}

TEST_F(DecideBooks, CutALongUrlWithinNoCharacter) {
  story_.caller = {"tok-1", "shop", model::TOKEN_ROLE_VIEWER, "10.0.0.1", "GET", "/" + std::string(1998, 'a') + "字"};
  const auto events = story_.when(command::NoteTokenUse{});
  ASSERT_TRUE(events);
  const std::string& url = events->front().actor().url();
  EXPECT_TRUE(url.starts_with("/" + std::string(1998, 'a'))) << url;
  EXPECT_LE(url.size(), 2'003U);
  EXPECT_EQ(url.find("字"), std::string::npos);
}

TEST_F(DecideBooks, TellEachPercentOfABudgetOnceAMonth) {
  EXPECT_EQ(told(spent(2'000'00)), 0U) << "there is no budget yet";
  set_budget();
  EXPECT_EQ(told(spent(499'99)), 0U);
  EXPECT_EQ(told(spent(500'00)), 50U);
  EXPECT_EQ(told(spent(799'99)), 0U);
  EXPECT_EQ(told(spent(1'700'00)), 100U);
  EXPECT_EQ(told(spent(1'800'00)), 0U);
  EXPECT_EQ(told(spent(800'00, false, "2016-11")), 80U);
}

TEST_F(DecideBooks, TellOnceAMonthThatItWillComeToMoreAndThenStillWhatIsSpent) {
  set_budget();
  EXPECT_EQ(told(spent(999'99, true)), 0U);
  EXPECT_EQ(told(spent(1'000'00, true)), 100U);
  EXPECT_EQ(told(spent(1'500'00, true)), 0U);
  EXPECT_EQ(told(spent(500'00)), 50U);
  EXPECT_EQ(told(spent(1'000'00)), 100U);
  EXPECT_EQ(told(spent(1'500'00, true, "2016-11")), 100U);
}

TEST_F(DecideBooks, TellOfAProjectionEvenWhenNoPercentIsReached) {
  set_budget({150});
  EXPECT_EQ(told(spent(1'200'00, true)), 100U);
  EXPECT_EQ(told(spent(1'200'00)), 0U);
  EXPECT_EQ(told(spent(1'500'00)), 150U);
}

TEST(DecidePrices, KeepToOneCurrencyAMonthAlsoForTenantsToCome) {
  Story story;
  command::PublishPriceList publish;
  publish.list.set_currency("CNY");
  publish.list.set_minor_digits(2);
  story.accept(publish);
  publish.list.set_currency("USD");
  publish.list.set_effective_at_us(to_us(story.now + std::chrono::hours(1)));
  EXPECT_EQ(story.refusal(publish).rule, "one_currency_a_month");
}

class DecideBackups : public testing::Test {
 protected:
  DecideBackups() { story_.caller = {"tok-root", "", model::TOKEN_ROLE_ADMIN, "10.0.0.1", "POST", "/v1/backups"}; }
  /// Answers the seq of the intent.
  std::uint64_t begin(const std::string& name, bool with_secrets = false) {
    EXPECT_EQ(story_.accept(command::BeginBackup{.name = name, .with_secrets = with_secrets}),
              std::vector<std::string>{"backup_intended"});
    return story_.state.seq();
  }
  event::Event only_event(const command::Command& command) {
    const auto events = story_.when(command);
    EXPECT_TRUE(events) << events.error().detail;
    EXPECT_EQ(events->size(), 1U);
    return events ? events->front() : event::Event();
  }
  Story story_;
};

TEST_F(DecideBackups, BeginOneForWhoAskedForIt) {
  const auto event = only_event(command::BeginBackup{.name = "a", .with_secrets = true});
  EXPECT_EQ(event.backup_intended().name(), "a");
  EXPECT_TRUE(event.backup_intended().with_secrets());
  EXPECT_EQ(event.actor().kind(), event::ACTOR_KIND_USER);
  EXPECT_EQ(event.actor().name(), "tok-root");
  EXPECT_EQ(event.actor().method(), "POST");
  EXPECT_EQ(event.actor().url(), "/v1/backups");
}

TEST_F(DecideBackups, BeginOneThatNobodyAskedFor) {
  story_.caller = {};
  EXPECT_EQ(only_event(command::BeginBackup{.name = "a"}).actor().kind(), event::ACTOR_KIND_CONTROLLER);
}

TEST_F(DecideBackups, RefuseTenantsAndASecondOne) {
  begin("a");
  EXPECT_EQ(story_.refusal(command::BeginBackup{.name = "b"}).rule, "one_backup_at_a_time");
  EXPECT_EQ(story_.refusal(command::BeginBackup{.name = "a"}).rule, "one_backup_at_a_time");
  story_.accept(command::NoteBackup{.name = "a", .through_seq = 1});
  story_.caller.tenant = "shop";
  EXPECT_EQ(story_.refusal(command::BeginBackup{.name = "b"}).code, ErrorCode::kPermissionDenied);
}

TEST_F(DecideBackups, NoteWhatCameOfTheOneThatWasBegun) {
  EXPECT_EQ(story_.refusal(command::NoteBackup{.name = ""}).rule, "begun");
  EXPECT_EQ(story_.refusal(command::NoteBackup{.name = "a"}).rule, "begun");
  const std::uint64_t seq = begin("a");
  EXPECT_EQ(story_.refusal(command::NoteBackup{.name = "b"}).rule, "begun");
  story_.caller = {};
  const auto taken = only_event(command::NoteBackup{.name = "a", .through_seq = 7, .bytes = 8, .took_us = 9});
  EXPECT_EQ(taken.cause_seq(), seq);
  EXPECT_EQ(taken.actor().kind(), event::ACTOR_KIND_CONTROLLER);
  EXPECT_EQ(taken.backup_taken().name(), "a");
  EXPECT_EQ(taken.backup_taken().through_seq(), 7U);
  EXPECT_EQ(taken.backup_taken().bytes(), 8U);
  EXPECT_EQ(taken.backup_taken().took_us(), 9);
  const auto failed = only_event(command::NoteBackup{.name = "a", .failure = "the disk is full"});
  EXPECT_EQ(failed.cause_seq(), seq);
  EXPECT_EQ(failed.backup_failed().name(), "a");
  EXPECT_EQ(failed.backup_failed().why(), "the disk is full");
  story_.fold(failed);
  EXPECT_EQ(story_.refusal(command::NoteBackup{.name = "a"}).rule, "begun") << "once";
  begin("a");
}

}  // namespace
}  // namespace esaas::test
