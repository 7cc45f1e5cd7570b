#include "store/digests/proof.h"

#include <boost/json/array.hpp>

#include "core/base/time.h"
#include "core/events/event_kind.h"
#include "store/digests/digest.h"
#include "store/digests/digest_view.h"
#include "store/digests/merkle.h"
#include "store/digests/record_hashes.h"
#include "store/log/record_codec.h"

namespace esaas::store {
namespace {

namespace json = boost::json;

std::unexpected<Error> no_proof(const std::string& why) {
  return fail(ErrorCode::kDataLoss, "This proves nothing: " + why);
}

std::unexpected<Error> wrong_field(const std::string& name) {
  return fail(ErrorCode::kInvalidArgument, name + ": is missing, or not what it has to be", name, "proof");
}

Result<std::string> take_hex(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return wrong_field(name);
  return bytes_of_hex(value->get_string(), name);
}

/// The stored bytes of an event that was read: of an older schema they are not to be had again, and then left out.
Result<std::string> record_of(const event::Event& event, const Hash& hash) {
  std::string record;
  ESAAS_CHECK(encode_record(event, record));
  // Who has been given a token is in it, and with it the hash by which it is known: that is shown to nobody.
  if (event.has_token_issued() || blake2b_256(record) != hash) record.clear();
  return record;
}

}  // namespace

Result<Proof> prove(const EventLog& log, std::uint64_t seq) {
  Proof proof{.seq = seq, .record = {}, .path = {}, .under = {}};
  ESAAS_TRY(const event::Event event, log.read_one(seq));
  ESAAS_TRY(proof.record_hash, log.hash_of(seq));
  ESAAS_TRY(proof.record, record_of(event, proof.record_hash));
  ESAAS_TRY(proof.under, DigestView(log).over(seq));
  const event::DigestSigned& digest = proof.under.digest;
  InclusionPath path(seq - digest.first_seq(), digest.through_seq() - digest.first_seq() + 1);
  const auto take = [&](const Hash& record) { path.add(record); };
  ESAAS_CHECK(for_each_record_hash(log, digest.first_seq(), digest.through_seq(), take));
  proof.path = path.path();
  return proof;
}

json::object to_json(const Proof& proof) {
  json::object object{{"seq", proof.seq}};
  event::Event event;
  if (!proof.record.empty() && decode_record(proof.record, proof.seq, event)) {
    object["kind"] = event::kind_of(event);
    object["time_at"] = to_rfc3339(from_us(event.time_at_us()));
  }
  object["record_hash"] = to_hex(to_bytes(proof.record_hash));
  if (!proof.record.empty()) object["record"] = to_hex(proof.record);
  json::array path;
  for (const Hash& hash : proof.path) path.push_back(json::value(to_hex(to_bytes(hash))));
  object["path"] = std::move(path);
  object["digest"] = to_json(proof.under);
  return object;
}

Result<Proof> proof_from_json(json::object object) {
  Proof proof;
  const json::value* seq = object.if_contains("seq");
  boost::system::error_code failed;
  if (seq == nullptr) return wrong_field("seq");
  proof.seq = seq->to_number<std::uint64_t>(failed);
  if (failed) return wrong_field("seq");
  ESAAS_TRY(const std::string hash, take_hex(object, "record_hash"));
  const auto record_hash = to_hash(hash);
  if (!record_hash) return wrong_field("record_hash");
  proof.record_hash = *record_hash;
  if (object.contains("record")) {
    ESAAS_TRY(proof.record, take_hex(object, "record"));
  }
  const json::value* path = object.if_contains("path");
  if (path == nullptr || !path->is_array()) return wrong_field("path");
  for (const json::value& item : path->get_array()) {
    if (!item.is_string()) return wrong_field("path");
    ESAAS_TRY(const std::string bytes, bytes_of_hex(item.get_string(), "path"));
    const auto sibling = to_hash(bytes);
    if (!sibling) return wrong_field("path");
    proof.path.push_back(*sibling);
  }
  const json::value* digest = object.if_contains("digest");
  if (digest == nullptr || !digest->is_object()) return wrong_field("digest");
  ESAAS_TRY(proof.under, digest_from_json(digest->get_object()));
  return proof;
}

Result<void> check_proof(const Proof& proof, std::string_view public_key) {
  const event::DigestSigned& digest = proof.under.digest;
  ESAAS_CHECK(verify_signature(digest, public_key));
  if (proof.seq < digest.first_seq() || proof.seq > digest.through_seq()) {
    return no_proof("the digest is not over event " + std::to_string(proof.seq));
  }
  if (!proof.record.empty()) {
    if (blake2b_256(proof.record) != proof.record_hash) return no_proof("the record has another hash");
    event::Event event;
    ESAAS_CHECK(decode_record(proof.record, proof.seq, event));
  }
  const std::uint64_t size = digest.through_seq() - digest.first_seq() + 1;
  const Hash root = root_of_path(proof.record_hash, proof.seq - digest.first_seq(), size, proof.path);
  if (to_bytes(root) != digest.root())
    return no_proof("the path does not lead from the record to the root that is signed");
  return {};
}

}  // namespace esaas::store
