// esaas log verify: whether the event log of a data directory is the one that was written.

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include "api/cli/commands.h"
#include "api/config/layout.h"
#include "core/base/proto_json.h"
#include "store/digests/log_verifier.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;

/// Findings that are listed; the rest are counted.
constexpr std::size_t kFindingsShown = 100;

struct VerifyWish {
  std::string data_dir;
  std::vector<std::string> digests;
  std::string public_key;
  std::string checkpoint;
};

Result<json::value> value_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::kInvalidArgument, "cannot read " + path, "digests", "readable");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return parse_json(text);
}

Result<store::VerifyOptions> options_of(const VerifyWish& wish) {
  store::VerifyOptions options;
  for (const std::string& path : wish.digests) {
    ESAAS_TRY(const json::value value, value_of_file(path));
    ESAAS_TRY(const auto digests, store::digests_from_json(value));
    options.digests.insert(options.digests.end(), digests.begin(), digests.end());
  }
  ESAAS_TRY(options.public_key, store::bytes_of_hex(wish.public_key, "public_key"));
  if (!wish.checkpoint.empty()) {
    ESAAS_TRY(options.checkpoint, store::load_checkpoint(wish.checkpoint));
  }
  return options;
}

json::object to_object(const store::Verification& found) {
  json::object object{{"events", found.last_seq},
                      {"read_from", found.first_seq},
                      {"bytes", found.bytes},
                      {"digests", found.digests},
                      {"signed_through", found.signed_through},
                      {"proven_through", found.proven_through},
                      {"intact", found.findings.empty()}};
  auto& findings = object["findings"].emplace_array();
  for (const store::Finding& one : found.findings) {
    if (findings.size() == kFindingsShown) break;
    findings.push_back(json::object{{"kind", store::name_of(one.kind)},
                                    {"first_seq", one.first_seq},
                                    {"last_seq", one.last_seq},
                                    {"detail", one.detail}});
  }
  object["findings_count"] = found.findings.size();
  auto& notes = object["notes"].emplace_array();
  for (const std::string& note : found.notes) notes.push_back(json::value(note));
  return object;
}

void print_text(const store::Verification& found, double seconds) {
  for (const std::string& note : found.notes) std::cout << "note: " << note << "\n";
  if (!found.findings.empty()) {
    std::cout << "NOT the log that was written:\n";
    std::size_t shown = 0;
    for (const store::Finding& one : found.findings) {
      if (shown++ == kFindingsShown) break;
      std::cout << "  " << store::events_text(one.first_seq, one.last_seq) << ": " << store::name_of(one.kind) << ": "
                << one.detail << "\n";
    }
    if (found.findings.size() > kFindingsShown) std::cout << "  and " << found.findings.size() - shown + 1 << " more\n";
    return;
  }
  std::cout << found.last_seq << " events, every hash of the chain is right";
  if (found.first_seq > 1) std::cout << " (read from event " << found.first_seq << " on)";
  std::cout << "; " << found.digests << " digests fit\n";
  if (found.proven_through != 0) {
    std::cout << "up to event " << found.proven_through
              << " it is what was signed by the key that was kept elsewhere\n";
  } else if (found.signed_through != 0) {
    std::cout << "up to event " << found.signed_through
              << " it is signed, by a key that only the log itself vouches for: keep a digest elsewhere\n";
  }
  const double gigabytes = static_cast<double>(found.bytes) / 1e9;
  std::cout << found.bytes << " bytes in " << seconds << " s, " << gigabytes / seconds << " GB/s\n";
}

int run_verify(const VerifyWish& wish, bool as_json) {
  const auto options = options_of(wish);
  if (!options) return print_error(options.error());
  const auto begin = std::chrono::steady_clock::now();
  const auto found = store::verify_log(config::log_directory(wish.data_dir), *options);
  if (!found) return print_error(found.error());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (as_json) {
    std::cout << json::serialize(to_object(*found)) << "\n";
  } else {
    print_text(*found, took.count());
  }
  if (!found->next) return kOperationFailed;
  if (wish.checkpoint.empty()) return kSuccess;
  const auto saved = store::save_checkpoint(*found->next, wish.checkpoint);
  return saved ? static_cast<int>(kSuccess) : print_error(saved.error());
}

}  // namespace

void add_verify_command(CLI::App& log, const Session& session, Action& action) {
  auto wish = std::make_shared<VerifyWish>();
  auto* verify = log.add_subcommand(
      "verify", "Whether the log is as it was written: its chain, its digests, and those that were kept elsewhere");
  verify->add_option("--data-dir", wish->data_dir, "data_dir of the configuration; it is only read")->required();
  verify->add_option("--digests", wish->digests,
                     "Files with digests that were kept elsewhere: of `digest show` or `list`");
  verify->add_option("--public-key", wish->public_key, "Kept elsewhere, in hexadecimal: no other key is trusted");
  verify->add_option("--checkpoint", wish->checkpoint,
                     "Go on from where this file says, and write there how far it is right; keep it elsewhere");
  verify->callback(
      [wish, &session, &action] { action = [wish, &session] { return run_verify(*wish, session.json); }; });
}

}  // namespace esaas::api::cli
