// An invoice is derived again from the log alone, and whatever was done to either is found.

#include "store/billing/bill_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/hash.h"
#include "core/billing/month.h"
#include "store/billing/invoice.h"
#include "store/digests/digest.h"
#include "store/digests/merkle.h"
#include "store/log/memory_event_log.h"
#include "store/log/record_codec.h"
#include "tests/store/stretched_log.h"

namespace esaas::store {
namespace {

using billing::Month;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::StretchedLog;

class BillCheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fleet_.grow(300);
    fleet_.publish(700'000'001);
    fleet_.grow(200);
    sign_digest();
    fleet_.grow(3'500);
    ASSERT_GT(from_us(log_.last_time_at_us()), month_.end());
    close();
  }

  void sign_digest() {
    if (digests_++ == 0) {
      event::Event created = testing::plain_event(log_.last_seq() + 1);
      created.mutable_signing_key_created()->set_key_id(key_.id);
      created.mutable_signing_key_created()->set_public_key(key_.public_key);
      fleet_.add(std::move(created));
    }
    event::Event event = testing::plain_event(log_.last_seq() + 1);
    auto& digest = *event.mutable_digest_signed();
    digest.set_first_seq(1);
    digest.set_through_seq(log_.last_seq());
    MerkleTree tree;
    for (std::uint64_t seq = 1; seq <= log_.last_seq(); ++seq) tree.add(*log_.hash_of(seq));
    digest.set_root(to_bytes(tree.root()));
    digest.set_chain_hash(to_bytes(*log_.hash_of(log_.last_seq())));
    sign(digest, key_);
    fleet_.add(std::move(event));
  }
  void close() {
    const auto invoice = closing_invoice(log_, "team-1", month_);
    ASSERT_TRUE(invoice) << invoice.error().detail;
    ASSERT_GT(invoice->lines_size(), 5);
    fleet_.close(*invoice);
    invoice_ = (*closed_invoices(log_, "team-1", {})).back();
  }
  BillCheck check(const model::Invoice* claimed = nullptr, const std::string& public_key = {}) {
    const auto checked = check_bill(log_, {.id = invoice_.id(), .copy = claimed, .public_key = public_key});
    EXPECT_TRUE(checked) << checked.error().detail;
    return checked.value_or(BillCheck{});
  }
  /// Somebody's copy, with something changed.
  template <typename Change>
  BillCheck check_changed(Change&& change) {
    model::Invoice copy = invoice_;
    change(copy);
    return check(&copy);
  }
  /// The log written anew with an event changed, its chain made to fit, and the same invoice in it.
  template <typename Change>
  BillCheck check_rewritten(std::uint64_t seq, Change&& change) {
    MemoryEventLog forged;
    const auto cursor = *log_.read(1);
    for (const event::Event* event = *cursor->next(); event != nullptr; event = *cursor->next()) {
      event::Event copy = *event;
      if (copy.seq() == seq) change(copy);
      EXPECT_TRUE(forged.append({{copy}, {}}));
    }
    const auto checked = check_bill(forged, {.id = invoice_.id()});
    EXPECT_TRUE(checked) << checked.error().detail;
    return checked.value_or(BillCheck{});
  }
  /// The first event of the tenant for which it holds.
  template <typename Is>
  std::uint64_t find(Is&& is) {
    const auto cursor = *log_.read(1);
    for (const event::Event* event = *cursor->next(); event != nullptr; event = *cursor->next()) {
      if (event->tenant() == "team-1" && is(*event)) return event->seq();
    }
    ADD_FAILURE() << "no such event";
    return 0;
  }

  MemoryEventLog log_;
  StretchedLog fleet_{log_, 5, 10, 2'000};
  Month month_ = *Month::parse("2016-10");
  model::Invoice invoice_;
  SigningKey key_ = make_signing_key();
  int digests_ = 0;
  std::string root_;
};

TEST_F(BillCheckTest, FindsAnInvoiceRight) {
  const BillCheck checked = check();
  EXPECT_TRUE(checked.is_right());
  EXPECT_EQ(checked.lines_checked, static_cast<std::uint64_t>(invoice_.lines_size()));
  EXPECT_EQ(checked.derived_minor, invoice_.total_minor());
  EXPECT_GT(invoice_.digest_seq(), 0U) << "it names the newest digest";
  EXPECT_FALSE(checked.is_under_digest) << "which is older than what it comes from";
  EXPECT_TRUE(check(&invoice_).is_right());
}

TEST_F(BillCheckTest, SaysWhenADigestIsOverAllOfIt) {
  sign_digest();
  fleet_.close(*closing_invoice(log_, "team-2", month_));
  invoice_ = (*closed_invoices(log_, "team-2", {})).back();
  EXPECT_TRUE(check().is_under_digest);
}

TEST_F(BillCheckTest, HoldsTheDigestAgainstTheKeyThatWasKeptElsewhere) {
  EXPECT_EQ(check().signing_key_id, key_.id);
  EXPECT_TRUE(check(nullptr, key_.public_key).is_right());
  const BillCheck other = check(nullptr, make_signing_key().public_key);
  EXPECT_THAT(other.findings, Contains(HasSubstr("is not what its key signed")));
  EXPECT_EQ(other.signing_key_id, "");
  // Whoever writes the log anew can sign it with a key of their own, but not with that one.
  const SigningKey forger = make_signing_key();
  MemoryEventLog forged;
  const auto cursor = *log_.read(1);
  for (const event::Event* event = *cursor->next(); event != nullptr; event = *cursor->next()) {
    event::Event copy = *event;
    if (copy.has_signing_key_created()) {
      copy.mutable_signing_key_created()->set_key_id(forger.id);
      copy.mutable_signing_key_created()->set_public_key(forger.public_key);
    }
    auto* const digest = copy.has_digest_signed() ? copy.mutable_digest_signed() : nullptr;
    if (digest != nullptr) {
      MerkleTree tree;
      for (std::uint64_t seq = 1; seq <= digest->through_seq(); ++seq) tree.add(*forged.hash_of(seq));
      digest->set_root(to_bytes(tree.root()));
      sign(*digest, forger);
      root_ = digest->root();
    }
    if (copy.has_invoice_closed()) copy.mutable_invoice_closed()->mutable_invoice()->set_digest_root(root_);
    ASSERT_TRUE(forged.append({{copy}, {}}));
  }
  const auto taken = check_bill(forged, {.id = invoice_.id()});
  EXPECT_TRUE(taken->is_right()) << ::testing::PrintToString(taken->findings);
  const auto held = check_bill(forged, {.id = invoice_.id(), .public_key = key_.public_key});
  EXPECT_THAT(held->findings, Contains(HasSubstr("is not what its key signed")));
}

TEST_F(BillCheckTest, FindsADigestThatNobodySigned) {
  const BillCheck checked = check_rewritten(invoice_.digest_seq(), [](event::Event& event) {
    event.mutable_digest_signed()->set_signature(std::string(64, 'x'));
  });
  EXPECT_THAT(checked.findings, Contains(HasSubstr("its signature is not of key")));
}

TEST_F(BillCheckTest, AsksForADigestWhereAKeyIsNamed) {
  MemoryEventLog unsigned_log;
  StretchedLog fleet(unsigned_log, 5, 10, 2'000);
  fleet.grow(3'500);
  fleet.close(*closing_invoice(unsigned_log, "team-1", month_));
  const std::string id = closed_invoices(unsigned_log, "team-1", {})->back().id();
  EXPECT_TRUE(check_bill(unsigned_log, {.id = id})->is_right());
  EXPECT_THAT(check_bill(unsigned_log, {.id = id, .public_key = key_.public_key})->findings,
              Contains(HasSubstr("names no digest")));
}

TEST_F(BillCheckTest, FindsFiguresThatNothingCanComeTo) {
  const BillCheck checked = check_changed([](model::Invoice& copy) {
    for (int i = 0; i < 2; ++i) copy.mutable_lines(i)->set_amount_minor(INT64_MAX);
  });
  EXPECT_THAT(checked.findings, Contains(HasSubstr("more than can be billed")));
}

TEST_F(BillCheckTest, KnowsNoOtherInvoices) {
  const auto unknown = check_bill(log_, {.id = "inv-1"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
}

TEST_F(BillCheckTest, ShowsTheFiguresOfALineThatWasChanged) {
  const BillCheck checked = check_changed([](model::Invoice& copy) {
    auto& line = *copy.mutable_lines(2);
    line.set_amount_minor(line.amount_minor() + 1);
    copy.set_total_minor(copy.total_minor() + 1);
  });
  ASSERT_THAT(checked.lines, SizeIs(1));
  EXPECT_EQ(checked.lines[0].billed->amount_minor(), checked.lines[0].derived->amount_minor() + 1);
  EXPECT_EQ(checked.billed_minor, checked.derived_minor + 1);
  EXPECT_THAT(checked.findings, Contains(HasSubstr("not the invoice of the log")));
}

TEST_F(BillCheckTest, FindsEveryFigureThatSomebodyChangesInACopy) {
  using Line = model::InvoiceLine;
  const std::vector<std::function<void(Line&)>> changes{
      [](Line& line) { line.set_cluster("other"); },     [](Line& line) { line.set_kind("ssd"); },
      [](Line& line) { line.set_price_list("pl-7"); },   [](Line& line) { line.set_quantity(line.quantity() + "0"); },
      [](Line& line) { line.set_unit("hours"); },        [](Line& line) { line.set_price_nanos(1); },
      [](Line& line) { line.set_factor_permille(999); }, [](Line& line) { line.set_amount_minor(-5); },
      [](Line& line) { line.set_first_seq(1); },         [](Line& line) { line.set_last_seq(1); }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const BillCheck checked = check_changed([&](model::Invoice& copy) { changes[i](*copy.mutable_lines(1)); });
    EXPECT_THAT(checked.lines, ::testing::Not(IsEmpty())) << "change " << i;
  }
  EXPECT_FALSE(check_changed([](model::Invoice& copy) { copy.set_total_minor(1); }).is_right());
  EXPECT_FALSE(check_changed([](model::Invoice& copy) { copy.set_currency("EUR"); }).is_right());
  EXPECT_FALSE(check_changed([](model::Invoice& copy) { copy.set_tenant("team-2"); }).is_right());
  EXPECT_FALSE(check_changed([](model::Invoice& copy) { copy.mutable_lines()->RemoveLast(); }).is_right());
  EXPECT_FALSE(check_changed([](model::Invoice& copy) { *copy.add_lines() = copy.lines(0); }).is_right());
  EXPECT_FALSE(check_changed([](model::Invoice& copy) { copy.set_last_seq(copy.last_seq() - 1); }).is_right());
  EXPECT_FALSE(check_changed([](model::Invoice& copy) { copy.set_last_seq(copy.last_seq() + 1); }).is_right());
  EXPECT_FALSE(check_changed([](model::Invoice& copy) { copy.set_last_seq(0); }).is_right());
  EXPECT_FALSE(check_changed([](model::Invoice& copy) { copy.set_digest_seq(copy.digest_seq() - 1); }).is_right());
  EXPECT_FALSE(check_changed([](model::Invoice& copy) { copy.set_digest_root(std::string(32, 'x')); }).is_right());
  EXPECT_FALSE(check_changed([](model::Invoice& copy) { copy.clear_digest_seq(); }).is_right());
}

TEST_F(BillCheckTest, FindsUseThatWasChangedThoughTheChainWasMadeToFit) {
  const std::uint64_t seq = find([](const event::Event& event) { return event.has_place_intended(); });
  const BillCheck checked = check_rewritten(seq, [](event::Event& event) {
    event.mutable_place_intended()->mutable_place()->mutable_resources()->set_cpus_milli(1'000);
  });
  EXPECT_THAT(checked.lines, ::testing::Not(IsEmpty()));
  EXPECT_LT(checked.derived_minor, checked.billed_minor);
  EXPECT_THAT(checked.findings, Contains(HasSubstr("as they are in this log"))) << "and the digest";
}

TEST_F(BillCheckTest, FindsThatSomethingNotBilledWasChangedByTheDigest) {
  const std::uint64_t seq = find([](const event::Event& event) { return event.has_node_joined(); });
  const BillCheck checked =
      check_rewritten(seq, [](event::Event& event) { event.mutable_node_joined()->set_task_id("another"); });
  EXPECT_THAT(checked.lines, IsEmpty());
  EXPECT_THAT(checked.findings, Contains(HasSubstr("as they are in this log")));
}

TEST_F(BillCheckTest, FindsAnInvoiceThatWasChangedInTheLog) {
  const std::uint64_t seq = std::stoull(invoice_.id().substr(4));
  const BillCheck checked = check_rewritten(seq, [](event::Event& event) {
    auto& invoice = *event.mutable_invoice_closed()->mutable_invoice();
    auto& line = *invoice.mutable_lines(invoice.lines_size() - 1);
    line.set_amount_minor(line.amount_minor() + 10'000);
  });
  EXPECT_THAT(checked.lines, SizeIs(1));
  EXPECT_THAT(checked.findings, Contains(HasSubstr("its lines sum to")));
}

TEST_F(BillCheckTest, FindsBytesThatWereChangedInPlace) {
  const std::uint64_t seq = find([](const event::Event& event) { return event.has_task_status_changed(); });
  event::Event event = *log_.read_one(seq);
  event.mutable_task_status_changed()->set_source("SOURCE_NOBODY");
  ASSERT_TRUE(encode_record(event, log_.stored_bytes(seq)));
  EXPECT_THAT(check().findings, Contains(HasSubstr("the chain is broken there")));
  log_.stored_bytes(seq) = "no record at all";
  const BillCheck broken = check();
  EXPECT_FALSE(broken.is_right());
  EXPECT_THAT(broken.findings, Contains(HasSubstr("event " + std::to_string(seq))));
}

TEST_F(BillCheckTest, ChecksCorrectionsWithWhatTheyCorrect) {
  model::Invoice wrong = *closing_invoice(log_, "team-3", month_);
  ASSERT_GT(wrong.lines_size(), 2);
  wrong.mutable_lines(1)->set_amount_minor(wrong.lines(1).amount_minor() + 300);
  wrong.set_total_minor(wrong.total_minor() + 300);
  fleet_.close(wrong);
  invoice_ = (*closed_invoices(log_, "team-3", {})).back();
  const BillCheck before = check();
  ASSERT_THAT(before.lines, SizeIs(1));
  EXPECT_EQ(before.billed_minor - before.derived_minor, 300);
  fleet_.close(*correction(log_, invoice_));
  invoice_ = (*closed_invoices(log_, "team-3", {})).back();
  ASSERT_FALSE(invoice_.corrects().empty());
  EXPECT_TRUE(check().is_right()) << ::testing::PrintToString(check().findings);
  EXPECT_FALSE(check_changed([](model::Invoice& copy) { copy.mutable_lines(0)->set_amount_minor(-299); }).is_right());
}

}  // namespace
}  // namespace esaas::store
