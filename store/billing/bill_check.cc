#include "store/billing/bill_check.h"

#include <google/protobuf/util/message_differencer.h>

#include <map>
#include <tuple>
#include <utility>

#include "core/base/hash.h"
#include "core/billing/money.h"
#include "core/billing/month.h"
#include "store/billing/invoice.h"
#include "store/billing/minor_sums.h"
#include "store/digests/digest.h"
#include "store/digests/digest_view.h"
#include "store/digests/merkle.h"
#include "store/log/past_log.h"
#include "store/views/index_walk.h"

namespace esaas::store {
namespace {

using billing::Month;
using google::protobuf::util::MessageDifferencer;
using LineKey = std::tuple<std::string, std::string, std::string, std::uint32_t>;

std::string event_text(std::uint64_t seq) { return "event " + std::to_string(seq); }

struct Stored {
  std::uint64_t seq = 0;
  model::Invoice invoice;
};

Result<Stored> find_stored(const EventLog& log, const std::string& id) {
  if (const std::uint64_t missing = log.events_to_index(); missing > 0) {
    return fail(ErrorCode::kUnavailable,
                "invoices are being looked for: " + std::to_string(missing) + " events are not indexed yet");
  }
  IndexWalk walk(log, {.kind = IndexKind::kBook, .value = "invoice"});
  for (;;) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) {
      return fail(ErrorCode::kNotFound,
                  "the log, which ends with " + event_text(log.last_seq()) + ", has no invoice " + id);
    }
    if (event->invoice_closed().invoice().id() == id) return Stored{event->seq(), event->invoice_closed().invoice()};
  }
}

/// Damage that is found is what was asked for, and so are figures that nothing can come to; any other error is one.
Result<void> note_damage(Result<void> result, BillCheck& check) {
  const bool is_finding =
      !result && (result.error().code == ErrorCode::kDataLoss || result.error().code == ErrorCode::kResourceExhausted);
  if (!is_finding) return result;
  check.findings.push_back(std::move(result).error().detail);
  return {};
}

Result<void> walk_chain(const EventLog& log, std::uint64_t to_seq) {
  ESAAS_TRY(const auto cursor, log.read(1, {.to_seq = to_seq, .verify_chain = true}));
  for (;;) {
    ESAAS_TRY(const event::Event* event, cursor->next());
    if (event == nullptr) return {};
  }
}

/// The key that was kept elsewhere, or the one that the log names.
Result<void> check_signature(const EventLog& log, std::uint64_t digest_seq, const std::string& public_key,
                             BillCheck& check) {
  ESAAS_TRY(const DigestRecord record, DigestView(log).at(digest_seq));
  const std::string name = "the digest that it names, " + event_text(digest_seq) + ", ";
  if (public_key.empty() && record.public_key.empty()) {
    check.findings.push_back(name + "is signed by a key that the log does not name");
    return {};
  }
  if (const auto holds = verify_signature(record.digest, public_key.empty() ? record.public_key : public_key); !holds) {
    check.findings.push_back(name + "is not what its key signed: " + holds.error().detail);
    return {};
  }
  check.signing_key_id = record.digest.key_id();
  return {};
}

/// The digest that the invoice names is there, signed, and over the records as they are.
Result<void> check_digest(const EventLog& log, std::uint64_t invoice_seq, const std::string& public_key,
                          BillCheck& check) {
  const model::Invoice& invoice = check.invoice;
  if (invoice.digest_seq() == 0) {
    if (!invoice.digest_root().empty()) check.findings.emplace_back("it names a digest's root and no digest");
    if (!public_key.empty()) check.findings.emplace_back("it names no digest, and nothing of it is signed");
    return {};
  }
  const std::string name = "the digest that it names, " + event_text(invoice.digest_seq()) + ", ";
  if (invoice.digest_seq() >= invoice_seq) {
    check.findings.push_back(name + "is not before the invoice in the log");
    return {};
  }
  ESAAS_TRY(const event::Event event, log.read_one(invoice.digest_seq()));
  const event::DigestSigned& digest = event.digest_signed();
  if (!event.has_digest_signed()) {
    check.findings.push_back(name + "is no digest in this log");
    return {};
  }
  ESAAS_CHECK(check_signature(log, invoice.digest_seq(), public_key, check));
  if (digest.root() != invoice.digest_root()) {
    check.findings.push_back(name + "has the root " + to_hex(digest.root()) + " in this log, and " +
                             to_hex(invoice.digest_root()) + " in the invoice");
  }
  if (digest.first_seq() == 0 || digest.through_seq() >= invoice.digest_seq()) {
    check.findings.push_back(name + "is over events that are not before it");
    return {};
  }
  MerkleTree tree;
  for (std::uint64_t seq = digest.first_seq(); seq <= digest.through_seq(); ++seq) {
    ESAAS_TRY(const Hash hash, log.hash_of(seq));
    tree.add(hash);
  }
  if (to_bytes(tree.root()) != digest.root()) {
    check.findings.push_back(name + "is not over events " + std::to_string(digest.first_seq()) + " to " +
                             std::to_string(digest.through_seq()) + " as they are in this log");
  }
  check.is_under_digest = digest.through_seq() >= invoice.last_seq();
  return {};
}

/// Those that it was derived from: all before the end of its month, and none after it.
Result<void> check_range(const EventLog& log, const model::Invoice& invoice, Month month, BillCheck& check) {
  ESAAS_TRY(const event::Event last, log.read_one(invoice.last_seq()));
  if (last.time_at_us() >= to_us(month.end())) {
    check.findings.push_back(event_text(invoice.last_seq()) + ", up to which it is derived, is after its month");
  }
  ESAAS_TRY(const event::Event next, log.read_one(invoice.last_seq() + 1));
  if (next.time_at_us() < to_us(month.end())) {
    check.findings.push_back(event_text(invoice.last_seq() + 1) + " is of its month, and it is derived only up to " +
                             event_text(invoice.last_seq()));
  }
  return {};
}

Result<model::Invoice> derive(const EventLog& log, const model::Invoice& invoice, Month month) {
  ESAAS_TRY(const event::Event last, log.read_one(invoice.last_seq()));
  const PastLog past(log, invoice.last_seq(), last.time_at_us());
  ESAAS_TRY(const billing::PriceBook prices, price_book_at(past, invoice.last_seq()));
  return month_bill(past, prices, invoice.tenant(), month, month.end());
}

std::map<LineKey, const model::InvoiceLine*> by_key(const model::Invoice& invoice, BillCheck& check) {
  std::map<LineKey, const model::InvoiceLine*> lines;
  for (const model::InvoiceLine& line : invoice.lines()) {
    const LineKey key(line.cluster(), line.kind(), line.price_list(), line.factor_permille());
    if (!lines.emplace(key, &line).second) {
      check.findings.push_back("it has two lines for " + line.kind() + " of " + line.cluster() + " at one price");
    }
  }
  return lines;
}

void compare_lines(const model::Invoice& billed, const model::Invoice& derived, BillCheck& check) {
  auto ours = by_key(billed, check);
  const auto theirs = by_key(derived, check);
  for (const auto& [key, line] : theirs) {
    const auto found = ours.find(key);
    ++check.lines_checked;
    if (found != ours.end() && MessageDifferencer::Equals(*found->second, *line)) {
      ours.erase(found);
      continue;
    }
    LineCheck& differs = check.lines.emplace_back();
    differs.derived = *line;
    if (found == ours.end()) continue;
    differs.billed = *found->second;
    ours.erase(found);
  }
  for (const auto& [key, line] : ours) {
    ++check.lines_checked;
    // What corrections have brought to nothing.
    if (line->amount_minor() != 0 || line->quantity() != "0") check.lines.push_back({*line, std::nullopt});
  }
}

Result<std::int64_t> sum_of(const model::Invoice& invoice) {
  std::int64_t sum = 0;
  for (const model::InvoiceLine& line : invoice.lines()) {
    ESAAS_TRY(sum, add_minor(sum, line.amount_minor()));
  }
  return sum;
}

Result<void> compare_heads(const model::Invoice& invoice, const model::Invoice& derived, BillCheck& check) {
  const auto decimal = [&](std::int64_t minor) { return billing::to_decimal(minor, invoice.minor_digits()); };
  ESAAS_TRY(const std::int64_t sum, sum_of(invoice));
  if (sum != invoice.total_minor()) {
    check.findings.push_back("its total is " + decimal(invoice.total_minor()) + ", and its lines sum to " +
                             decimal(sum));
  }
  if (invoice.currency() != derived.currency() || invoice.minor_digits() != derived.minor_digits()) {
    check.findings.push_back("it is in " + invoice.currency() + ", and the price lists in " + derived.currency());
  }
  return {};
}

Result<void> check_derivation(const EventLog& log, BillCheck& check) {
  const model::Invoice& invoice = check.invoice;
  ESAAS_TRY(const Month month, Month::parse(invoice.month()));
  ESAAS_CHECK(check_range(log, invoice, month, check));
  ESAAS_TRY(const model::Invoice derived, derive(log, invoice, month));
  model::Invoice billed = invoice;
  if (!invoice.corrects().empty()) {
    ESAAS_TRY(billed, billed_up_to(log, invoice));
  }
  check.derived_minor = derived.total_minor();
  compare_lines(billed, derived, check);
  ESAAS_TRY(check.billed_minor, sum_of(billed));
  ESAAS_CHECK(compare_heads(invoice, derived, check));
  return {};
}

}  // namespace

Result<BillCheck> check_bill(const EventLog& log, const BillClaim& claim) {
  ESAAS_TRY(const Stored stored, find_stored(log, claim.id));
  BillCheck check;
  check.invoice = claim.copy == nullptr ? stored.invoice : *claim.copy;
  if (stored.invoice.id() != "inv-" + std::to_string(stored.seq)) {
    check.findings.push_back(event_text(stored.seq) + " holds an invoice with another event's id");
  }
  std::string differs;
  MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&differs);
  if (!differencer.Compare(stored.invoice, check.invoice)) {
    check.findings.push_back("it is not the invoice of the log: " + differs);
  }
  ESAAS_CHECK(note_damage(walk_chain(log, stored.seq), check));
  ESAAS_CHECK(note_damage(check_digest(log, stored.seq, claim.public_key, check), check));
  if (check.invoice.last_seq() == 0 || check.invoice.last_seq() >= stored.seq) {
    check.findings.emplace_back("it does not name the events that it comes from");
    return check;
  }
  ESAAS_CHECK(note_damage(check_derivation(log, check), check));
  return check;
}

}  // namespace esaas::store
