// esaas bill verify: an invoice derived again from a data directory on which no server runs, or from exports of the log
// alone.

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>

#include "api/cli/commands.h"
#include "api/cli/exported_log.h"
#include "api/config/layout.h"
#include "core/base/proto_json.h"
#include "core/billing/money.h"
#include "store/billing/bill_check.h"
#include "store/digests/digest_record.h"
#include "store/log/rocksdb_event_log.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;
using store::BillCheck;
using store::LineCheck;

struct VerifyOptions {
  std::string invoice, data_dir, copy, public_key;
  std::vector<std::string> exports;
};

/// As the server shows one: with amounts as decimals beside the exact integers.
Result<model::Invoice> invoice_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::kInvalidArgument, "cannot read " + path, "copy", "readable");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ESAAS_TRY(auto value, parse_json(text));
  if (auto* object = value.if_object()) {
    object->erase("total");
    if (auto* lines = object->if_contains("lines"); lines != nullptr && lines->is_array()) {
      for (auto& line : lines->get_array()) {
        if (line.is_object()) line.get_object().erase("amount");
      }
    }
  }
  model::Invoice invoice;
  ESAAS_CHECK(from_json(value, invoice));
  return invoice;
}

/// A log of an older program gets its index of invoices while it is open.
Result<void> wait_for_index(const store::EventLog& log) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(10);
  while (log.events_to_index() > 0) {
    if (std::chrono::steady_clock::now() > end) {
      return fail(ErrorCode::kDeadlineExceeded, "the log was not indexed within ten minutes");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return {};
}

Result<BillCheck> verify(const store::EventLog& log, const VerifyOptions& options) {
  std::optional<model::Invoice> copy;
  if (!options.copy.empty()) {
    ESAAS_TRY(copy, invoice_of_file(options.copy));
  }
  store::BillClaim claim;
  claim.id = options.invoice.empty() && copy ? copy->id() : options.invoice;
  if (claim.id.empty())
    return fail(ErrorCode::kInvalidArgument, "invoice: name one, or a copy of one", "invoice", "required");
  if (copy) claim.copy = &*copy;
  ESAAS_TRY(claim.public_key, store::bytes_of_hex(options.public_key, "public_key"));
  ESAAS_CHECK(wait_for_index(log));
  return store::check_bill(log, claim);
}

Result<BillCheck> verify(const VerifyOptions& options) {
  if (!options.exports.empty()) {
    const std::vector<std::filesystem::path> files(options.exports.begin(), options.exports.end());
    ESAAS_TRY(const ExportedLog exported, ExportedLog::open(files));
    return verify(exported.log(), options);
  }
  ESAAS_TRY(const auto log,
            store::open_rocksdb_log(
                {.directory = config::log_directory(options.data_dir), .create_if_missing = false, .env = nullptr}));
  return verify(*log, options);
}

json::object to_json(const LineCheck& line) {
  json::object object;
  if (line.billed) object["billed"] = esaas::to_json(*line.billed);
  if (line.derived) object["derived"] = esaas::to_json(*line.derived);
  return object;
}

json::object to_json(const BillCheck& check) {
  const auto digits = check.invoice.minor_digits();
  json::array differences;
  for (const LineCheck& line : check.lines) differences.push_back(to_json(line));
  json::array findings;
  for (const std::string& finding : check.findings) findings.emplace_back(finding);
  return {{"invoice", check.invoice.id()},
          {"right", check.is_right()},
          {"billed", billing::to_decimal(check.billed_minor, digits)},
          {"derived", billing::to_decimal(check.derived_minor, digits)},
          {"through_seq", check.invoice.last_seq()},
          {"lines_checked", check.lines_checked},
          {"under_digest", check.is_under_digest},
          {"signed_by", check.signing_key_id},
          {"differences", std::move(differences)},
          {"findings", std::move(findings)}};
}

std::string figures_of(const std::optional<model::InvoiceLine>& line, std::uint32_t digits) {
  if (!line) return "no such line";
  return billing::to_decimal(line->amount_minor(), digits) + " (" + line->quantity() + " " + line->unit() + " at " +
         std::to_string(line->price_nanos()) + " x " + std::to_string(line->factor_permille()) + ", events " +
         std::to_string(line->first_seq()) + " to " + std::to_string(line->last_seq()) + ")";
}

void print_digest(const BillCheck& check, bool is_key_kept) {
  const model::Invoice& invoice = check.invoice;
  if (invoice.digest_seq() == 0) {
    std::cout << "it names no digest: who wrote the log could have written another one\n";
    return;
  }
  std::cout << "the digest that it names, event " << invoice.digest_seq() << ", is over "
            << (check.is_under_digest ? "all that it comes from"
                                      : "a part of what it comes from only: `esaas log verify` checks the later ones")
            << "\n";
  if (check.signing_key_id.empty()) return;
  std::cout << "that digest is signed by key " << check.signing_key_id
            << (is_key_kept ? ", which is the one that was kept elsewhere"
                            : ", which only the log itself vouches for: --public-key names the right one")
            << "\n";
}

void print(const BillCheck& check, bool is_key_kept) {
  const model::Invoice& invoice = check.invoice;
  const auto decimal = [&](std::int64_t minor) { return billing::to_decimal(minor, invoice.minor_digits()); };
  std::cout << invoice.id() << " of " << invoice.tenant() << ", " << invoice.month();
  if (check.is_right()) {
    std::cout << ", is what events 1 to " << invoice.last_seq() << " come to: " << decimal(check.derived_minor) << " "
              << invoice.currency() << " in " << check.lines_checked << " lines\n";
  } else {
    std::cout << ", is NOT what the log comes to: billed are " << decimal(check.billed_minor) << ", derived "
              << decimal(check.derived_minor) << " " << invoice.currency() << "\n";
  }
  for (const LineCheck& line : check.lines) {
    const model::InvoiceLine& either = line.billed ? *line.billed : *line.derived;
    std::cout << "  " << either.kind() << " of " << either.cluster() << " by "
              << (either.price_list().empty() ? "no price list" : either.price_list()) << ":\n    billed  "
              << figures_of(line.billed, invoice.minor_digits()) << "\n    derived "
              << figures_of(line.derived, invoice.minor_digits()) << "\n";
  }
  for (const std::string& finding : check.findings) std::cout << "  " << finding << "\n";
  print_digest(check, is_key_kept);
}

int run(const VerifyOptions& options, bool as_json) {
  const auto check = verify(options);
  if (!check) return print_error(check.error());
  if (as_json) {
    std::cout << json::serialize(to_json(*check)) << "\n";
  } else {
    print(*check, !options.public_key.empty());
  }
  return check->is_right() ? kSuccess : static_cast<int>(kOperationFailed);
}

}  // namespace

void add_bill_verify(CLI::App& bill, const Session& session, Action& action) {
  auto options = std::make_shared<VerifyOptions>();
  auto* command = bill.add_subcommand(
      "verify", "Derive an invoice again from the log alone, and compare it line by line; exit code 1: it differs");
  command->add_option("invoice,--invoice", options->invoice, "Such as inv-1234; with --copy its own id when absent");
  auto* source = command->add_option_group("log", "Where the log is");
  source->add_option("--data-dir", options->data_dir, "The data directory, or a copy of it; no server may run on it");
  source->add_option(
      "--log-export", options->exports,
      "Files of `esaas log export` instead, from event 1 to the invoice's, which follow each other; they "
      "are unpacked below TMPDIR");
  source->require_option(1);
  command->add_option("--copy", options->copy,
                      "The invoice as somebody has it, a file of JSON as GET /v1/invoices/{invoice} answers it");
  command->add_option("--public-key", options->public_key,
                      "Kept elsewhere, in hexadecimal: the digest that the invoice names has to be signed by it");
  command->callback(
      [options, &session, &action] { action = [options, &session] { return run(*options, session.json); }; });
}

}  // namespace esaas::api::cli
