// esaas digest ..., esaas event proof

#include <boost/json/serialize.hpp>

#include <fstream>
#include <iostream>
#include <memory>

#include "api/cli/commands.h"
#include "core/base/hash.h"
#include "core/base/proto_json.h"
#include "core/events/event_kind.h"
#include "store/digests/digest_record.h"
#include "store/digests/proof.h"
#include "store/log/record_codec.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;

/// What goes into a file is JSON whether it is asked for or not.
int print_json(const Result<json::object>& answer) {
  if (!answer) return print_error(answer.error());
  std::cout << json::serialize(*answer) << "\n";
  return kSuccess;
}

int sign_now(const Session& session) {
  ChangeOptions none;
  const auto answer = send_change(session, none, "POST", "/v1/digests", {});
  if (!answer || session.json) return print_json(answer);
  std::cout << "digest " << cell(*answer, "seq") << " is over events " << cell(*answer, "first_seq") << " to "
            << cell(*answer, "through_seq") << "; keep it elsewhere: esaas digest show " << cell(*answer, "seq")
            << "\n";
  return kSuccess;
}

Result<store::Proof> proof_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::kInvalidArgument, "cannot read " + path, "file", "readable");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ESAAS_TRY(auto value, parse_json(text));
  if (!value.is_object()) return fail(ErrorCode::kInvalidArgument, path + " holds no JSON object", "file", "object");
  return store::proof_from_json(std::move(value.get_object()));
}

int run_check(const Session& session, const std::string& path, const std::string& key_hex) {
  const auto proof = proof_of_file(path);
  if (!proof) return print_error(proof.error());
  const auto key = store::bytes_of_hex(key_hex, "public_key");
  if (!key) return print_error(key.error());
  const auto checked = store::check_proof(*proof, *key);
  if (!checked) {
    print_error(checked.error());
    return kOperationFailed;
  }
  const auto& digest = proof->under.digest;
  if (session.json) {
    std::cout << json::serialize(json::object{{"seq", proof->seq}, {"proven", true}, {"digest", proof->under.seq}})
              << "\n";
    return kSuccess;
  }
  event::Event event;
  const bool is_shown = !proof->record.empty() && store::decode_record(proof->record, proof->seq, event);
  std::cout << "event " << proof->seq << (is_shown ? " (" + std::string(event::kind_of(event)) + ")" : std::string())
            << " was in the log when key " << digest.key_id() << " signed it up to event " << digest.through_seq()
            << " at " << to_rfc3339(from_us(digest.signed_at_us())) << "\n";
  return kSuccess;
}

struct DigestOptions {
  std::uint64_t seq = 0;
  std::size_t limit = 100;
  std::string file;
  std::string public_key;
};

}  // namespace

void add_digest_commands(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<DigestOptions>();
  auto* digest =
      app.add_subcommand("digest", "Signatures over the log: keep them elsewhere, and no later change stays hidden");
  digest->require_subcommand(1);
  auto* list = digest->add_subcommand("list", "All digests, oldest first");
  add_limit(*list, options->limit);
  list->callback([options, &session, &action] {
    action = [options, &session] {
      return session.print_list("/v1/digests", options->limit,
                                {{"DIGEST", "seq"},
                                 {"FROM", "first_seq"},
                                 {"TO", "through_seq"},
                                 {"SIGNED", "signed_at"},
                                 {"KEY", "key_id"},
                                 {"ROOT", "root"}});
    };
  });
  auto* show = digest->add_subcommand("show", "One digest as JSON, to be kept elsewhere");
  show->add_option("seq", options->seq, "The seq of its event")->required();
  show->callback([options, &session, &action] {
    action = [options, &session] { return print_json(session.get("/v1/digests/" + std::to_string(options->seq))); };
  });
  auto* sign = digest->add_subcommand("sign", "Sign the log now");
  sign->callback([&session, &action] { action = [&session] { return sign_now(session); }; });
  auto* check = digest->add_subcommand("check-proof", "Check what `esaas event proof` printed; no server, no log");
  check->add_option("file", options->file, "The proof")->required();
  check
      ->add_option("--public-key", options->public_key,
                   "Of the key that signed, in hexadecimal, from where you keep it")
      ->required();
  check->callback([options, &session, &action] {
    action = [options, &session] { return run_check(session, options->file, options->public_key); };
  });
  auto* event = app.add_subcommand("event", "One event of the log");
  event->require_subcommand(1);
  auto* proof = event->add_subcommand("proof", "That it is under a signed digest, as JSON that verifies by itself");
  proof->add_option("seq", options->seq, "Which event")->required();
  proof->callback([options, &session, &action] {
    action = [options, &session] {
      return print_json(session.get("/v1/events/" + std::to_string(options->seq) + "/proof"));
    };
  });
}

}  // namespace esaas::api::cli
