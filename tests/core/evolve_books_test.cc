// What events do to the books: tokens that were used, digests, sinks, prices, closed months, budgets, backups.
#include "core/state/evolve_books.h"

#include "tests/core/story.h"

namespace esaas::state {
namespace {

using test::Story;

class Books : public testing::Test {
 protected:
  Books() {
    event::Event created;
    created.mutable_tenant_created()->set_name("shop");
    story_.fold(created);
    event::Event issued;
    issued.mutable_token_issued()->set_token_id("tok-1");
    story_.fold(issued);
  }
  void use(const std::string& address) {
    event::Event used;
    used.mutable_token_used()->set_token_id("tok-1");
    used.mutable_token_used()->set_address(address);
    story_.fold(used);
  }
  void configure(const std::string& name, std::uint64_t from_seq) {
    event::Event configured;
    configured.mutable_sink_configured()->mutable_after()->set_name(name);
    configured.mutable_sink_configured()->mutable_after()->set_from_seq(from_seq);
    story_.fold(configured);
  }
  void advance(const std::string& name, std::uint64_t through) {
    event::Event advanced;
    advanced.mutable_sink_advanced()->set_name(name);
    advanced.mutable_sink_advanced()->set_through_seq(through);
    story_.fold(advanced);
  }
  void stall(const std::string& name, const std::string& why) {
    event::Event stalled;
    stalled.mutable_sink_stalled()->set_name(name);
    stalled.mutable_sink_stalled()->set_why(why);
    story_.fold(stalled);
  }
  void close(const std::string& month, const std::string& corrects = "") {
    event::Event closed;
    closed.mutable_invoice_closed()->mutable_invoice()->set_tenant("shop");
    closed.mutable_invoice_closed()->mutable_invoice()->set_month(month);
    closed.mutable_invoice_closed()->mutable_invoice()->set_corrects(corrects);
    story_.fold(closed);
  }
  [[nodiscard]] const Fleet& head() const { return story_.state.head; }
  Story story_;
};

TEST_F(Books, RememberWhenAndFromWhereATokenWasFirstUsed) {
  use("10.0.0.1");
  const auto first = head().tokens(0).used_at_us();
  EXPECT_NE(first, 0);
  use("10.0.0.2");
  use("10.0.0.1");
  EXPECT_EQ(head().tokens(0).used_at_us(), first);
  ASSERT_EQ(head().tokens(0).addresses_size(), 2);
  EXPECT_EQ(head().tokens(0).addresses(1), "10.0.0.2");
}

TEST_F(Books, ForgetTheOldestOfManyAddresses) {
  for (int i = 0; i <= kTokenAddressesMax; ++i) use("10.0.0." + std::to_string(i));
  ASSERT_EQ(head().tokens(0).addresses_size(), kTokenAddressesMax);
  EXPECT_EQ(head().tokens(0).addresses(0), "10.0.0.1");
}

TEST_F(Books, ASinkGoesOnWhereItWas) {
  configure("b", 0);
  configure("a", 100);
  ASSERT_EQ(head().sinks_size(), 2);
  EXPECT_EQ(head().sinks(0).sink().name(), "a");
  EXPECT_EQ(head().sinks(0).through_seq(), 99U);
  stall("a", "connection refused");
  EXPECT_EQ(head().sinks(0).stalled(), "connection refused");
  const auto since = head().sinks(0).stalled_since_us();
  stall("a", "timed out");
  EXPECT_EQ(head().sinks(0).stalled_since_us(), since);
  advance("a", 120);
  EXPECT_EQ(head().sinks(0).through_seq(), 120U);
  EXPECT_EQ(head().sinks(0).stalled(), "");
  advance("a", 110);
  EXPECT_EQ(head().sinks(0).through_seq(), 120U) << "a late word takes nothing back";
  configure("a", 100);
  EXPECT_EQ(head().sinks(0).through_seq(), 120U);
  configure("a", 50);
  EXPECT_EQ(head().sinks(0).through_seq(), 49U) << "it was asked to begin elsewhere";
}

TEST_F(Books, ASinkThatIsRemovedIsGone) {
  configure("a", 0);
  event::Event removed;
  removed.mutable_sink_removed()->set_name("a");
  story_.fold(removed);
  EXPECT_EQ(head().sinks_size(), 0);
}

TEST_F(Books, PriceListsAreInTheOrderOfTenantAndTime) {
  for (const auto& [tenant, from] : {std::pair("shop", 5), std::pair("", 9), std::pair("", 3)}) {
    event::Event published;
    published.mutable_price_list_published()->mutable_price_list()->set_tenant(tenant);
    published.mutable_price_list_published()->mutable_price_list()->set_effective_at_us(from);
    story_.fold(published);
  }
  ASSERT_EQ(head().price_lists_size(), 3);
  EXPECT_EQ(head().price_lists(0).effective_at_us(), 3);
  EXPECT_EQ(head().price_lists(1).effective_at_us(), 9);
  EXPECT_EQ(head().price_lists(2).tenant(), "shop");
}

TEST_F(Books, ACorrectionClosesNoMonth) {
  close("2026-10");
  close("2026-11", "inv-1");
  EXPECT_EQ(head().tenants(0).closed_month(), "2026-10");
  close("2026-11");
  EXPECT_EQ(head().tenants(0).closed_month(), "2026-11");
}

TEST_F(Books, ANewBudgetHasAlertedNobody) {
  event::Event alerted;
  alerted.mutable_budget_alerted()->set_tenant("shop");
  alerted.mutable_budget_alerted()->set_month("2026-11");
  alerted.mutable_budget_alerted()->set_percent(80);
  story_.fold(alerted);
  EXPECT_EQ(head().tenants(0).alerted_percent(), 80U);
  alerted.mutable_budget_alerted()->set_projected(true);
  alerted.mutable_budget_alerted()->set_percent(100);
  story_.fold(alerted);
  EXPECT_EQ(head().tenants(0).alerted_percent(), 80U) << "a projection is not spent";
  EXPECT_EQ(head().tenants(0).projected_month(), "2026-11");
  event::Event set;
  set.mutable_budget_set()->set_tenant("shop");
  set.mutable_budget_set()->mutable_after()->set_monthly_minor(100'00);
  story_.fold(set);
  EXPECT_EQ(head().tenants(0).budget().monthly_minor(), 100'00);
  EXPECT_EQ(head().tenants(0).alerted_month(), "");
  EXPECT_EQ(head().tenants(0).projected_month(), "");
  set.mutable_budget_set()->clear_after();
  story_.fold(set);
  EXPECT_FALSE(head().tenants(0).has_budget());
}

TEST_F(Books, KeepTheNewestDigestAndTheKeyThatSigns) {
  event::Event key;
  key.mutable_signing_key_created()->set_key_id("k1");
  story_.fold(key);
  event::Event digest;
  digest.mutable_digest_signed()->set_through_seq(2);
  digest.mutable_digest_signed()->set_root("root");
  story_.fold(digest);
  EXPECT_EQ(head().signing_key_id(), "k1");
  EXPECT_EQ(head().digest().seq(), head().seq());
  EXPECT_EQ(head().digest().root(), "root");
}

class BackupBooks : public testing::Test {
 protected:
  std::uint64_t intend(const std::string& name, event::ActorKind who) {
    event::Event event;
    event.mutable_backup_intended()->set_name(name);
    event.mutable_backup_intended()->set_with_secrets(true);
    event.mutable_actor()->set_kind(who);
    return story_.fold(event);
  }
  void taken(const std::string& name) {
    event::Event event;
    event.mutable_backup_taken()->set_name(name);
    story_.fold(event);
  }
  void failed(const std::string& name) {
    event::Event event;
    event.mutable_backup_failed()->set_name(name);
    story_.fold(event);
  }
  [[nodiscard]] const Fleet& head() const { return story_.state.head; }
  Story story_;
};

TEST_F(BackupBooks, KnowTheOneThatIsToBeTakenUntilItsOutcome) {
  const std::uint64_t seq = intend("a", event::ACTOR_KIND_USER);
  ASSERT_TRUE(head().has_backup());
  EXPECT_EQ(head().backup().seq(), seq);
  EXPECT_EQ(head().backup().name(), "a");
  EXPECT_TRUE(head().backup().with_secrets());
  EXPECT_EQ(head().backup().intended_at_us(), story_.state.head.time_at_us());
  EXPECT_FALSE(head().backup().is_planned());
  taken("b");
  EXPECT_TRUE(head().has_backup()) << "that is another";
  taken("a");
  EXPECT_FALSE(head().has_backup());
  intend("c", event::ACTOR_KIND_CONTROLLER);
  EXPECT_TRUE(head().backup().is_planned());
  failed("c");
  EXPECT_FALSE(head().has_backup());
}

TEST_F(BackupBooks, OfOlderLogsWithoutIntentsAreLeftAsTheyAre) {
  taken("a");
  failed("a");
  EXPECT_FALSE(head().has_backup());
}

}  // namespace
}  // namespace esaas::state
